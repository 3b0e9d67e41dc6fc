//! Guilds whose changes are on their way into stores, and those whose store has failed.

use core::time::Duration;

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::event::{GuildStale, SetupEvent};
use super::machine::Setup;
use super::stage::{Outcome, Stage};
use crate::Instant;
use crate::id::GuildId;

/// A point in the order of a guild's changes: all that came before it are to be stored.
///
/// It comes in [`Action::Confirm`](crate::Action::Confirm), and goes back in
/// [`Input::Stored`](crate::Input::Stored).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct Barrier {
    guild: GuildId,
    number: u64,
}

impl Barrier {
    /// The guild whose changes are meant.
    #[must_use]
    pub const fn guild(self) -> GuildId {
        self.guild
    }

    /// How many points its shard had named before, this one included.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.number
    }
}

/// What is known of the host's stores.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Storing {
    /// How long the host's word is waited for; `None` if it gives none.
    patience: Option<Duration>,
    last: u64,
    waits: BTreeMap<GuildId, (Barrier, Instant)>,
    deadlines: BTreeSet<(Instant, GuildId)>,
    /// Guilds of which a change was not stored since they came.
    failed: BTreeSet<GuildId>,
    /// Whether what comes has come to an earlier process.
    repeats: bool,
}

impl Storing {
    pub(crate) const fn new(patience: Option<Duration>) -> Self {
        Self {
            patience,
            last: 0,
            waits: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            failed: BTreeSet::new(),
            repeats: false,
        }
    }

    /// A guild waits for its changes to be stored; `None` if nobody will say so.
    pub(crate) fn wait(&mut self, now: Instant, guild: GuildId) -> Option<Barrier> {
        let until = now.after(self.patience?);
        self.stop_waiting(guild);
        self.last = self.last.saturating_add(1);
        let barrier = Barrier {
            guild,
            number: self.last,
        };
        self.waits.insert(guild, (barrier, until));
        self.deadlines.insert((until, guild));
        Some(barrier)
    }

    /// A guild waits no longer.
    pub(crate) fn stop_waiting(&mut self, guild: GuildId) {
        if let Some((_, until)) = self.waits.remove(&guild) {
            self.deadlines.remove(&(until, guild));
        }
    }

    /// Whether a guild waits for this very word.
    pub(crate) fn is_awaited(&self, barrier: Barrier) -> bool {
        let awaited = self.waits.get(&barrier.guild);
        awaited.is_some_and(|&(awaited, _)| awaited == barrier)
    }

    /// Until when a guild waits.
    pub(crate) fn deadline_of(&self, guild: GuildId) -> Option<Instant> {
        self.waits.get(&guild).map(|&(_, until)| until)
    }

    /// When the next guild has waited for too long.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(until, _)| until)
    }

    /// A guild that has waited for too long.
    pub(crate) fn overdue(&self, now: Instant) -> Option<GuildId> {
        let &(until, guild) = self.deadlines.first()?;
        (until <= now).then_some(guild)
    }

    /// A guild that waits, whichever.
    pub(crate) fn any(&self) -> Option<GuildId> {
        self.waits.keys().next().copied()
    }

    /// A change of the guild was not stored; whether that is the first since it came.
    pub(crate) fn fail(&mut self, guild: GuildId) -> bool {
        self.failed.insert(guild)
    }

    /// The guilds of which a change was not stored since they came.
    pub(crate) fn failed(&self) -> impl Iterator<Item = GuildId> {
        self.failed.iter().copied()
    }

    pub(crate) fn has_failed(&self, guild: GuildId) -> bool {
        self.failed.contains(&guild)
    }

    /// The guild has come anew, or has gone: what its store has missed counts no more, unless that
    /// may have been behind this, and is passed over when it comes again.
    pub(crate) fn forget(&mut self, guild: GuildId) {
        self.stop_waiting(guild);
        if !self.repeats {
            self.failed.remove(&guild);
        }
    }

    /// Every guild comes anew.
    pub(crate) fn clear(&mut self) {
        self.waits.clear();
        self.deadlines.clear();
        self.failed.clear();
    }
}

impl Setup {
    /// What comes now has come to an earlier process, whose stores may have it, or is new to all.
    pub(crate) const fn set_repeats(&mut self, repeats: bool) {
        self.storing.repeats = repeats;
    }

    /// The guild's changes up to here are stored, or reported as failed. A report that nobody
    /// waits for is ignored.
    pub(crate) fn stored(&mut self, now: Instant, barrier: Barrier, out: &mut Vec<SetupEvent>) {
        if self.storing.is_awaited(barrier) {
            self.leave_storing(now, barrier.guild, out);
            self.conclude(out);
        }
    }

    /// A change of the guild was not stored. Until it comes anew it is not complete. A shard that
    /// has ended emits nothing more.
    pub(crate) fn store_failed(&mut self, guild: GuildId, out: &mut Vec<SetupEvent>) {
        let standing = self.registry.get(guild).filter(|_| !self.is_halted());
        let Some(mut standing) = standing else {
            return;
        };
        match &mut standing.stage {
            // Its data is to come anew in any case.
            Stage::Expected | Stage::Missed | Stage::Unavailable => {}
            Stage::Syncing { .. }
            | Stage::Requested { .. }
            | Stage::Receiving { .. }
            | Stage::Storing { .. } => {
                if self.storing.fail(guild) {
                    out.push(SetupEvent::StoreFailed(guild));
                }
            }
            Stage::Ready { outcome, .. } => {
                if self.storing.fail(guild) {
                    *outcome = Outcome::StoreFailed;
                    self.registry.put(guild, standing);
                    self.go_stale(guild, out);
                }
            }
        }
        self.conclude(out);
    }

    /// A store has failed a guild that was reported as set up.
    fn go_stale(&mut self, guild: GuildId, out: &mut Vec<SetupEvent>) {
        let emitted = self.tally.is_emitted();
        let (was_complete, presences_were_complete) = match emitted {
            true => self.tally.fail(guild),
            false => (false, false),
        };
        self.tally.settle(guild, &Outcome::StoreFailed);
        self.presences.fail(guild);
        out.push(SetupEvent::StoreFailed(guild));
        out.push(SetupEvent::GuildStale(GuildStale {
            shard: self.shard,
            guild,
            was_complete,
            presences_were_complete,
        }));
    }

    /// The host's word will not come: the guild goes on as if its store had failed.
    pub(super) fn give_up_storing(
        &mut self,
        now: Instant,
        guild: GuildId,
        out: &mut Vec<SetupEvent>,
    ) {
        if self.storing.fail(guild) {
            out.push(SetupEvent::StoreFailed(guild));
        }
        self.leave_storing(now, guild, out);
    }

    fn leave_storing(&mut self, now: Instant, guild: GuildId, out: &mut Vec<SetupEvent>) {
        self.storing.stop_waiting(guild);
        let Some(standing) = self.registry.take(guild) else {
            return;
        };
        match standing.stage {
            Stage::Storing {
                origin,
                request,
                outcome,
                members,
            } => self.set_up(now, guild, origin, (outcome, members), request, out),
            Stage::Expected
            | Stage::Syncing { .. }
            | Stage::Requested { .. }
            | Stage::Receiving { .. }
            | Stage::Ready { .. }
            | Stage::Missed
            | Stage::Unavailable => self.registry.put(guild, standing),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::from_millis(millis)
    }

    #[test]
    fn only_the_last_word_that_a_guild_waits_for_counts() {
        let mut storing = Storing::new(Some(Duration::from_millis(10)));
        let guild = GuildId::new(1).unwrap();
        let first = storing.wait(at(0), guild).unwrap();
        assert_eq!(first.guild(), guild);
        let second = storing.wait(at(5), guild).unwrap();
        assert!(!storing.is_awaited(first) && storing.is_awaited(second));
        assert_eq!(storing.overdue(at(14)), None);
        assert_eq!(storing.overdue(at(15)), Some(guild));
        storing.forget(guild);
        assert!(!storing.is_awaited(second));
        assert_eq!((storing.deadline(), storing.any()), (None, None));
    }

    #[test]
    fn without_a_word_nobody_waits() {
        let mut storing = Storing::new(None);
        assert_eq!(storing.wait(at(0), GuildId::new(1).unwrap()), None);
    }
}
