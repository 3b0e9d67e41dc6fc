//! Whether the presences of a guild's members are complete, beside its members.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::stage::Outcome;
use crate::cache::Lack;
use crate::chunk::{ChunkRequestFinished, Listed, RequestId};
use crate::id::GuildId;

/// Whether the presences of a guild's members are complete when it is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PresencesOutcome {
    /// Presences are not cached, so nobody keeps account of them.
    NotCached,
    /// All of them have come; whoever has none is offline.
    Complete,
    /// They are not complete.
    Lacking(Lack),
}

/// The presences of the guilds of READY.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PresencesSummary {
    /// How many guilds are complete, presences and members.
    pub complete: usize,
    /// Guilds that are set up and lack presences, and why; ascending.
    pub lacking: Vec<(GuildId, Lack)>,
}

/// What is known of the presences of each guild that has come.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct PresenceStates {
    cached: bool,
    /// Whether the gateway reports presences at all.
    hears: bool,
    /// Answers to earlier requests make nobody complete: some presences were not kept.
    whole_from: RequestId,
    guilds: BTreeMap<GuildId, Option<Lack>>,
}

impl PresenceStates {
    pub(crate) const fn new(cached: bool, hears: bool) -> Self {
        Self {
            cached,
            hears,
            whole_from: RequestId::new(0),
            guilds: BTreeMap::new(),
        }
    }

    /// Whether they are cached from now on. What has come before they were is not there.
    pub(crate) fn set_cached(&mut self, cached: bool, next: RequestId) {
        if cached && !self.cached {
            self.not_kept(next);
            for lack in self.guilds.values_mut() {
                lack.get_or_insert(Lack::NotAsked);
            }
        }
        self.cached = cached;
    }

    /// Some of what has come was not kept, answers under way included: what is asked for from
    /// `next` on will be.
    pub(crate) const fn not_kept(&mut self, next: RequestId) {
        self.whole_from = next;
    }

    /// A guild has come, and lists presences or not; `members` is what it lacks of members.
    pub(crate) fn arrived(&mut self, guild: GuildId, members: Option<Lack>, listed: Listed) {
        let listed = match listed.presences_unread {
            Some(0) => None,
            Some(unread) => Some(Lack::Unread(unread)),
            None => Some(Lack::NotAsked),
        };
        let intent = (!self.hears).then_some(Lack::NoIntent);
        self.guilds.insert(guild, intent.or(members).or(listed));
    }

    /// A guild is restored with what it lacked.
    pub(crate) fn restored(&mut self, guild: GuildId, lack: Option<Lack>) {
        let intent = (!self.hears).then_some(Lack::NoIntent);
        // Whoever waited for the answer is gone.
        let lack = lack.map(|lack| match lack {
            Lack::Loading => Lack::Unanswered,
            Lack::NotAsked
            | Lack::Unanswered
            | Lack::Unread(_)
            | Lack::NoIntent
            | Lack::HandedOver
            | Lack::Limited
            | Lack::Stale
            | Lack::StoreFailed => lack,
        });
        self.guilds.insert(guild, intent.or(lack));
    }

    /// They are asked for. Says whether that is an event.
    pub(crate) fn asked(&mut self, guild: GuildId) -> bool {
        self.set(guild, Some(Lack::Loading))
    }

    /// A request for everyone has ended, and left the guild with `members`. Says whether that is
    /// events.
    pub(crate) fn answered(&mut self, end: &ChunkRequestFinished, members: &Outcome) -> bool {
        let kept = end.request.is_some_and(|id| id >= self.whole_from);
        let lack = match end.presences {
            None if !kept => Some(Lack::NotAsked),
            None => members.lack(),
            lack @ Some(_) => lack,
        };
        self.set(end.guild, lack)
    }

    /// Where they are complete, events keep them so; what a store has lost does not come again.
    fn set(&mut self, guild: GuildId, lack: Option<Lack>) -> bool {
        match self.guilds.get_mut(&guild) {
            Some(old)
                if self.hears
                    && *old != Some(Lack::StoreFailed)
                    && (old.is_some() || lack.is_none()) =>
            {
                *old = lack;
                true
            }
            Some(_) | None => false,
        }
    }

    /// A store has failed the guild.
    pub(crate) fn fail(&mut self, guild: GuildId) {
        if let Some(lack) = self.guilds.get_mut(&guild) {
            *lack = Some(Lack::StoreFailed);
        }
    }

    pub(crate) fn forget(&mut self, guild: GuildId) {
        self.guilds.remove(&guild);
    }

    pub(crate) fn clear(&mut self) {
        self.guilds.clear();
    }

    /// Why a guild lacks presences; `None` if it does not. One that has not come lacks all.
    pub(crate) fn lack(&self, guild: GuildId) -> Option<Lack> {
        self.guilds
            .get(&guild)
            .copied()
            .unwrap_or(Some(Lack::Stale))
    }

    pub(crate) fn outcome(&self, guild: GuildId) -> PresencesOutcome {
        if !self.cached {
            return PresencesOutcome::NotCached;
        }
        match self.lack(guild) {
            None => PresencesOutcome::Complete,
            Some(lack) => PresencesOutcome::Lacking(lack),
        }
    }

    /// The account of these guilds, all of which are set up; `None` while they are not cached.
    pub(crate) fn summary(
        &self,
        guilds: impl Iterator<Item = GuildId>,
    ) -> Option<PresencesSummary> {
        let mut summary = PresencesSummary::default();
        for guild in guilds {
            match self.lack(guild) {
                None => summary.complete = summary.complete.saturating_add(1),
                Some(lack) => summary.lacking.push((guild, lack)),
            }
        }
        summary.lacking.sort_unstable();
        self.cached.then_some(summary)
    }
}
