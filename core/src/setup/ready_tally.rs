//! Who holds up readiness, and how each guild of READY ended.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::stage::Outcome;
use crate::id::GuildId;

/// How many guilds of READY ended in each way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutcomeCounts {
    /// All members have come.
    pub complete: usize,
    /// Some chunks are missing.
    pub incomplete: usize,
    /// Some members could not be read.
    pub unread: usize,
    /// Nobody asked for those that the guild does not list.
    pub not_asked: usize,
    /// Without the members intent.
    pub no_intent: usize,
    /// Handed over by an earlier process without their rows, or without all of them.
    pub handed_over: usize,
    /// A store failed.
    pub store_failed: usize,
    /// Nothing came.
    pub missed: usize,
    /// In an outage.
    pub unavailable: usize,
    /// Left or deleted.
    pub removed: usize,
    /// Refused by the server.
    pub refused: usize,
}

impl OutcomeCounts {
    /// Each outcome by its [label](Outcome::label), with how many guilds ended so.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, usize)> {
        let Self {
            complete,
            incomplete,
            unread,
            not_asked,
            no_intent,
            handed_over,
            store_failed,
            missed,
            unavailable,
            removed,
            refused,
        } = self;
        [
            ("complete", complete),
            ("incomplete", incomplete),
            ("unread", unread),
            ("not_asked", not_asked),
            ("no_intent", no_intent),
            ("handed_over", handed_over),
            ("store_failed", store_failed),
            ("missed", missed),
            ("unavailable", unavailable),
            ("removed", removed),
            ("refused", refused),
        ]
        .into_iter()
    }

    /// How many guilds have ended in any way.
    #[must_use]
    pub fn total(self) -> usize {
        self.iter().map(|(_, guilds)| guilds).sum()
    }

    /// How many guilds have ended in any other way than complete.
    #[must_use]
    pub fn others(self) -> usize {
        self.total().saturating_sub(self.complete)
    }
}

/// Where the state of a READY stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
enum TallyState {
    /// No READY has come.
    #[default]
    None,
    /// Its guilds are being settled.
    Open,
    /// Its summary has been emitted; nothing changes any more, unless a store fails.
    Emitted,
}

/// The guilds of the last READY: each is in exactly one of these sets.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct ReadyTally {
    state: TallyState,
    holding: BTreeSet<GuildId>,
    complete: BTreeSet<GuildId>,
    incomplete: BTreeMap<GuildId, Vec<u32>>,
    unread: BTreeMap<GuildId, u64>,
    not_asked: BTreeSet<GuildId>,
    no_intent: BTreeSet<GuildId>,
    handed_over: BTreeSet<GuildId>,
    store_failed: BTreeSet<GuildId>,
    missed: BTreeSet<GuildId>,
    unavailable: BTreeSet<GuildId>,
    removed: BTreeSet<GuildId>,
    refused: BTreeSet<GuildId>,
    with_presences: BTreeSet<GuildId>,
}

/// The guilds of a READY by outcome, each list ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Summary {
    pub(crate) complete: usize,
    pub(crate) incomplete: Vec<(GuildId, Vec<u32>)>,
    pub(crate) unread: Vec<(GuildId, u64)>,
    pub(crate) not_asked: Vec<GuildId>,
    pub(crate) no_intent: Vec<GuildId>,
    pub(crate) handed_over: Vec<GuildId>,
    pub(crate) store_failed: Vec<GuildId>,
    pub(crate) missed: Vec<GuildId>,
    pub(crate) unavailable: Vec<GuildId>,
    pub(crate) removed: Vec<GuildId>,
    pub(crate) refused: Vec<GuildId>,
}

impl ReadyTally {
    /// Opens the state of a new READY; what is left of the last one is dropped.
    pub(crate) fn open(guilds: BTreeSet<GuildId>) -> Self {
        Self {
            state: TallyState::Open,
            holding: guilds,
            ..Self::default()
        }
    }

    /// Notes how a guild ended, or ended anew. Nothing for guilds that READY did not list, and
    /// nothing once the summary is emitted.
    pub(crate) fn settle(&mut self, guild: GuildId, outcome: &Outcome) {
        if self.state != TallyState::Open || !self.remove(guild) {
            return;
        }
        match outcome {
            Outcome::Complete => drop(self.complete.insert(guild)),
            Outcome::Incomplete { missing } => {
                self.incomplete.insert(guild, missing.clone());
            }
            Outcome::Unread { members } => {
                self.unread.insert(guild, *members);
            }
            Outcome::NotAsked => drop(self.not_asked.insert(guild)),
            Outcome::NoIntent => drop(self.no_intent.insert(guild)),
            Outcome::HandedOver => drop(self.handed_over.insert(guild)),
            Outcome::StoreFailed => drop(self.store_failed.insert(guild)),
            Outcome::Missed => drop(self.missed.insert(guild)),
            Outcome::Unavailable => drop(self.unavailable.insert(guild)),
            Outcome::Removed => drop(self.removed.insert(guild)),
            Outcome::Refused => drop(self.refused.insert(guild)),
        }
    }

    fn remove(&mut self, guild: GuildId) -> bool {
        self.holding.remove(&guild)
            || self.complete.remove(&guild)
            || self.incomplete.remove(&guild).is_some()
            || self.unread.remove(&guild).is_some()
            || self.not_asked.remove(&guild)
            || self.no_intent.remove(&guild)
            || self.handed_over.remove(&guild)
            || self.store_failed.remove(&guild)
            || self.missed.remove(&guild)
            || self.unavailable.remove(&guild)
            || self.removed.remove(&guild)
            || self.refused.remove(&guild)
    }

    /// Notes that the summary counts a guild as complete in presences too.
    pub(crate) fn note_presences(&mut self, guild: GuildId) {
        self.with_presences.insert(guild);
    }

    /// A store has failed a guild after the summary was emitted: whether it was complete there, in
    /// members and in presences.
    pub(crate) fn fail(&mut self, guild: GuildId) -> (bool, bool) {
        let was_complete = self.complete.remove(&guild);
        if was_complete {
            self.store_failed.insert(guild);
        }
        (was_complete, self.with_presences.remove(&guild))
    }

    /// How many guilds are without an outcome. Constant time.
    pub(crate) fn pending(&self) -> usize {
        self.holding.len()
    }

    /// The guilds without an outcome, ascending.
    pub(crate) fn holding(&self) -> impl Iterator<Item = GuildId> + '_ {
        self.holding.iter().copied()
    }

    /// Whether the summary of the last READY has been emitted.
    pub(crate) fn is_emitted(&self) -> bool {
        self.state == TallyState::Emitted
    }

    /// The summary, once, when no guild is without an outcome.
    pub(crate) fn close(&mut self) -> Option<Summary> {
        if self.state != TallyState::Open || !self.holding.is_empty() {
            return None;
        }
        self.state = TallyState::Emitted;
        let list = |set: &BTreeSet<GuildId>| set.iter().copied().collect();
        let incomplete = self.incomplete.iter();
        Some(Summary {
            complete: self.complete.len(),
            incomplete: incomplete
                .map(|(id, missing)| (*id, missing.clone()))
                .collect(),
            unread: self.unread.iter().map(|(id, rows)| (*id, *rows)).collect(),
            not_asked: list(&self.not_asked),
            no_intent: list(&self.no_intent),
            handed_over: list(&self.handed_over),
            store_failed: list(&self.store_failed),
            missed: list(&self.missed),
            unavailable: list(&self.unavailable),
            removed: list(&self.removed),
            refused: list(&self.refused),
        })
    }

    /// The guilds of the last READY that have an outcome, ascending within each.
    pub(crate) fn settled(&self) -> impl Iterator<Item = GuildId> {
        let rows = self.incomplete.keys().chain(self.unread.keys());
        let sets = [
            &self.complete,
            &self.not_asked,
            &self.no_intent,
            &self.handed_over,
            &self.store_failed,
            &self.missed,
            &self.unavailable,
            &self.removed,
            &self.refused,
        ];
        rows.chain(sets.into_iter().flatten()).copied()
    }

    /// How many guilds ended in each way. Constant time.
    pub(crate) fn counts(&self) -> OutcomeCounts {
        OutcomeCounts {
            complete: self.complete.len(),
            incomplete: self.incomplete.len(),
            unread: self.unread.len(),
            not_asked: self.not_asked.len(),
            no_intent: self.no_intent.len(),
            handed_over: self.handed_over.len(),
            store_failed: self.store_failed.len(),
            missed: self.missed.len(),
            unavailable: self.unavailable.len(),
            removed: self.removed.len(),
            refused: self.refused.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guild(number: u64) -> GuildId {
        GuildId::new(number).unwrap()
    }

    fn outcomes() -> [Outcome; 11] {
        [
            Outcome::Complete,
            Outcome::Incomplete {
                missing: [3].into(),
            },
            Outcome::Unread { members: 2 },
            Outcome::NotAsked,
            Outcome::NoIntent,
            Outcome::HandedOver,
            Outcome::StoreFailed,
            Outcome::Missed,
            Outcome::Unavailable,
            Outcome::Removed,
            Outcome::Refused,
        ]
    }

    #[test]
    fn each_guild_has_one_outcome_the_last() {
        for first in outcomes() {
            for last in outcomes() {
                let mut tally = ReadyTally::open([guild(1), guild(2)].into());
                tally.settle(guild(1), &first);
                assert_eq!((tally.pending(), tally.close()), (1, None));
                tally.settle(guild(1), &last);
                assert_eq!(tally.counts().total(), 1);
                tally.settle(guild(2), &last);
                tally.settle(guild(3), &last);
                let counts = tally.counts();
                assert_eq!(counts.total(), 2);
                assert!(tally.close().is_some() && tally.is_emitted());
                tally.settle(guild(1), &Outcome::Complete);
                assert_eq!(tally.counts(), counts);
                assert_eq!(tally.close(), None);
            }
        }
    }

    #[test]
    fn nothing_is_emitted_before_ready_and_no_guilds_are_emitted_at_once() {
        assert_eq!(ReadyTally::default().close(), None);
        let mut tally = ReadyTally::open(BTreeSet::new());
        assert_eq!(tally.close(), Some(Summary::default()));
    }
}
