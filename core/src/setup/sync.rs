//! Guild sync of client accounts: which guilds wait for it, in batches.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use super::arrival::Arrival;
use super::config::SyncConfig;
use crate::Instant;
use crate::id::GuildId;

/// The most guilds that the old protocol takes in one message.
const MOST: usize = 50;

#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
enum SyncPhase {
    /// Waits to be named in a batch, since then.
    Waiting(Instant),
    /// Named; failed at that time.
    Sent(Instant),
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
struct Sync {
    arrival: Arrival,
    /// How often it was named, and how often that led to nothing but silence.
    sends: u32,
    silences: u32,
    phase: SyncPhase,
}

/// The guilds that wait for their sync.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Syncs {
    guilds: BTreeMap<GuildId, Sync>,
    waiting: BTreeSet<(Instant, GuildId)>,
    sent: BTreeSet<(Instant, GuildId)>,
}

impl Syncs {
    /// Adds a guild that has come.
    pub(crate) fn add(&mut self, now: Instant, arrival: Arrival) {
        let guild = arrival.guild;
        self.forget(guild);
        let phase = SyncPhase::Waiting(now);
        self.waiting.insert((now, guild));
        let sync = Sync {
            arrival,
            sends: 0,
            silences: 0,
            phase,
        };
        self.guilds.insert(guild, sync);
    }

    /// Takes a guild out: its sync has come, failed, or is no longer wanted.
    pub(crate) fn forget(&mut self, guild: GuildId) -> Option<Arrival> {
        let sync = self.guilds.remove(&guild)?;
        self.unlist(guild, sync.phase);
        Some(sync.arrival)
    }

    fn unlist(&mut self, guild: GuildId, phase: SyncPhase) {
        match phase {
            SyncPhase::Waiting(since) => self.waiting.remove(&(since, guild)),
            SyncPhase::Sent(until) => self.sent.remove(&(until, guild)),
        };
    }

    fn set_phase(&mut self, guild: GuildId, phase: SyncPhase) {
        let Some(sync) = self.guilds.get_mut(&guild) else {
            return;
        };
        let before = core::mem::replace(&mut sync.phase, phase);
        self.unlist(guild, before);
        match phase {
            SyncPhase::Waiting(since) => self.waiting.insert((since, guild)),
            SyncPhase::Sent(until) => self.sent.insert((until, guild)),
        };
    }

    /// When a batch should go out: at once if it is full or no more guilds are expected.
    pub(crate) fn sendable_at(&self, config: &SyncConfig, more: bool) -> Option<Instant> {
        let &(since, _) = self.waiting.first()?;
        let full = self.waiting.len() >= config.batch.clamp(1, MOST);
        Some(if full || !more {
            since
        } else {
            since.after(config.gather)
        })
    }

    /// The next batch, marked as sent; empty while there is none to send.
    pub(crate) fn next_batch(
        &mut self,
        now: Instant,
        config: &SyncConfig,
        more: bool,
    ) -> Vec<GuildId> {
        if self.sendable_at(config, more).is_none_or(|at| at > now) {
            return Vec::new();
        }
        let size = config.batch.clamp(1, MOST);
        let first = self.waiting.iter().take(size);
        let batch: Vec<GuildId> = first.map(|&(_, guild)| guild).collect();
        for &guild in &batch {
            if let Some(sync) = self.guilds.get_mut(&guild) {
                sync.sends = sync.sends.saturating_add(1);
            }
            self.set_phase(guild, SyncPhase::Sent(now.after(config.silence)));
        }
        batch
    }

    /// When the next sync fails.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.sent.first().map(|&(until, _)| until)
    }

    /// When this guild's sync fails; `None` when it has not been sent.
    pub(crate) fn deadline_of(&self, guild: GuildId) -> Option<Instant> {
        match self.guilds.get(&guild)?.phase {
            SyncPhase::Waiting(_) => None,
            SyncPhase::Sent(until) => Some(until),
        }
    }

    /// Syncs that have failed wait again; returns a guild that has failed too often.
    pub(crate) fn timeout(&mut self, now: Instant, config: &SyncConfig) -> Option<GuildId> {
        while let Some(&(until, guild)) = self.sent.first() {
            if until > now {
                return None;
            }
            let spent = self.guilds.get_mut(&guild).is_none_or(|sync| {
                sync.silences = sync.silences.saturating_add(1);
                sync.silences >= config.attempts || sync.sends >= config.sends
            });
            if spent {
                return Some(guild);
            }
            self.set_phase(guild, SyncPhase::Waiting(now));
        }
        None
    }

    /// For so long no answer was read.
    pub(crate) fn unread(&mut self, missed: Duration) {
        let sent: Vec<(Instant, GuildId)> = self.sent.iter().copied().collect();
        for (until, guild) in sent {
            self.set_phase(guild, SyncPhase::Sent(until.after(missed)));
        }
    }

    /// The connection is lost: what was sent is to be sent again. Returns a guild that has been
    /// sent too often: this is to be called again until there is none.
    pub(crate) fn connection_lost(&mut self, config: &SyncConfig) -> Option<GuildId> {
        while let Some(&(until, guild)) = self.sent.first() {
            let sends = self.guilds.get(&guild).map_or(0, |sync| sync.sends);
            if sends >= config.sends {
                return Some(guild);
            }
            self.set_phase(guild, SyncPhase::Waiting(until));
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chunk::Listed;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    fn filled(count: u64) -> Syncs {
        let mut syncs = Syncs::default();
        for number in 1..=count {
            let arrival = Arrival {
                guild: GuildId::new(number).unwrap(),
                members: Some(5),
                listed: Listed::NOTHING,
                large: true,
                is_asked: false,
            };
            syncs.add(at(0), arrival);
        }
        syncs
    }

    #[test]
    fn batches_gather_and_hold_at_most_fifty() {
        let config = SyncConfig {
            batch: 500,
            ..SyncConfig::default()
        };
        let mut syncs = filled(120);
        assert_eq!(syncs.next_batch(at(0), &config, true).len(), 50);
        assert_eq!(syncs.next_batch(at(0), &config, true).len(), 50);
        assert_eq!(syncs.next_batch(at(499), &config, true).len(), 0);
        assert_eq!(syncs.next_batch(at(499), &config, false).len(), 20);
        assert_eq!(syncs.next_batch(at(9_000), &config, false).len(), 0);
    }

    #[test]
    fn silence_is_retried_and_then_given_up() {
        let config = SyncConfig::default();
        let mut syncs = filled(1);
        assert_eq!(syncs.next_batch(at(0), &config, false).len(), 1);
        assert_eq!(syncs.timeout(at(9_999), &config), None);
        assert_eq!(syncs.timeout(at(10_000), &config), None);
        assert_eq!(syncs.next_batch(at(10_000), &config, false).len(), 1);
        let guild = GuildId::new(1).unwrap();
        assert_eq!(syncs.timeout(at(20_000), &config), Some(guild));
        assert!(syncs.forget(guild).is_some());
        assert_eq!(
            (syncs.timeout(at(20_000), &config), syncs.deadline()),
            (None, None)
        );
    }

    #[test]
    fn time_in_which_nothing_is_read_does_not_count() {
        let config = SyncConfig {
            attempts: 1,
            ..SyncConfig::default()
        };
        let mut syncs = filled(2);
        assert_eq!(syncs.next_batch(at(0), &config, false).len(), 2);
        syncs.unread(Duration::from_secs(10));
        assert_eq!(syncs.timeout(at(10_000), &config), None);
        assert_eq!(syncs.deadline(), Some(at(20_000)));
        syncs.unread(Duration::ZERO);
        assert!(syncs.timeout(at(20_000), &config).is_some());
    }

    #[test]
    fn a_sync_that_is_cut_short_too_often_is_given_up() {
        let config = SyncConfig::default();
        let (guild, mut now) = (GuildId::new(1).unwrap(), at(0));
        let mut syncs = filled(1);
        for _ in 1..config.sends {
            assert_eq!(syncs.next_batch(now, &config, false).len(), 1);
            assert_eq!(syncs.connection_lost(&config), None);
            now = now.after(config.silence);
        }
        assert_eq!(syncs.next_batch(now, &config, false).len(), 1);
        assert_eq!(syncs.connection_lost(&config), Some(guild));
        assert!(syncs.forget(guild).is_some());
        assert_eq!(syncs.connection_lost(&config), None);
    }

    #[test]
    fn a_guild_that_comes_again_waits_anew() {
        let config = SyncConfig::default();
        let mut syncs = filled(1);
        assert_eq!(syncs.next_batch(at(0), &config, false).len(), 1);
        let guild = GuildId::new(1).unwrap();
        let arrival = syncs.guilds.get(&guild).unwrap().arrival;
        syncs.add(at(5), arrival);
        assert_eq!(syncs.deadline(), None, "nothing is under way");
        syncs.add(at(7), arrival);
        assert_eq!(syncs.sendable_at(&config, false), Some(at(7)));
    }
}
