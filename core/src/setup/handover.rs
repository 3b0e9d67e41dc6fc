//! A session's guilds on their way from one process to the next.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::num::NonZeroUsize;
use core::time::Duration;

use super::arrival::Arrival;
use super::event::{Restored, SetupEvent};
use super::known::{HandedOver, KnownGuilds, KnownStage};
use super::machine::Setup;
use super::ready_tally::ReadyTally;
use super::stage::{Origin, Outcome, Stage};
use crate::Instant;
use crate::cache::memory::RestoredRows;
use crate::cache::memory::restored::RestoredGuild;
use crate::cache::{Kinds, Lack};
use crate::chunk::Listed;
use crate::id::GuildId;

/// Where the guilds of a session stand.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(super) struct KnownStages {
    stages: BTreeMap<GuildId, KnownStage>,
    /// Those of which a store has missed a change since they came.
    failed: Vec<GuildId>,
}

impl Setup {
    /// Where a guild stands; `None` when it is not known.
    pub(crate) fn known_stage(&self, guild: GuildId) -> Option<KnownStage> {
        let standing = self.registry.get(guild)?;
        match self.handed_over.get(guild).flatten() {
            Some(origin) if self.is_handed_over(guild) => Some(KnownStage::Unfinished(origin)),
            Some(_) | None => Some(KnownStage::of(&standing.stage)),
        }
    }

    /// How a guild came into the setup that an earlier process did not finish. Reported once: it
    /// is in the setup of this process now.
    pub(super) fn take_unfinished(&mut self, guild: GuildId) -> Option<Origin> {
        self.handed_over.remove(guild).flatten()
    }

    /// Where every guild stands.
    pub(super) fn known_stages(&self) -> KnownStages {
        KnownStages {
            stages: self.stages(),
            failed: self
                .storing
                .failed()
                .filter(|guild| self.registry.contains(*guild))
                .collect(),
        }
    }

    fn stages(&self) -> BTreeMap<GuildId, KnownStage> {
        let guilds = self.registry.guilds();
        let mut stages: BTreeMap<GuildId, KnownStage> = guilds
            .filter_map(|guild| Some((guild, KnownStage::of(&self.registry.get(guild)?.stage))))
            .collect();
        // A session that was never resumed here is handed on as it came.
        for (guild, unfinished) in self.handed_over.iter() {
            if let Some(origin) = unfinished.filter(|_| self.is_handed_over(guild)) {
                stages.insert(guild, KnownStage::Unfinished(origin));
            }
        }
        stages
    }

    /// The guilds that are known.
    pub(crate) fn guilds(&self) -> impl Iterator<Item = GuildId> {
        self.registry.guilds()
    }

    /// The guilds as they were before these changes, which come newest first.
    pub(crate) fn known(
        &self,
        now: Instant,
        undone: impl Iterator<Item = (GuildId, Option<KnownStage>)>,
    ) -> KnownGuilds {
        let at_halt = self.at_halt.as_ref();
        let known_stages = at_halt.cloned().unwrap_or_else(|| self.known_stages());
        let KnownStages { mut stages, failed } = known_stages;
        for (guild, before) in undone {
            match before {
                Some(stage) => drop(stages.insert(guild, stage)),
                None => drop(stages.remove(&guild)),
            }
        }
        let mut known = KnownGuilds {
            failed,
            gates: self.gates(now),
            ..KnownGuilds::default()
        };
        for (guild, stage) in stages {
            known.put(guild, stage);
        }
        known
    }

    /// Takes over the guilds of a session that another process began, so that one that comes
    /// again is not mistaken for one that the bot was added to. Of rows that are not among `rows`
    /// nothing is known here. They hold up readiness until the session is resumed.
    pub(crate) fn restore(
        &mut self,
        now: Instant,
        known: &KnownGuilds,
        failed: &BTreeSet<GuildId>,
        rows: Option<RestoredRows>,
    ) {
        self.rows = rows;
        self.requests.restore_gates(now, &known.gates);
        for guild in failed {
            self.storing.fail(*guild);
        }
        let finished = known.arrived.iter().map(|guild| (*guild, None));
        let unfinished = known.unfinished.iter();
        let unfinished = unfinished.map(|(guild, origin)| (*guild, Some(*origin)));
        let lacking = known.present().filter(|guild| self.lacks_rows(*guild));
        self.lacking_rows = lacking.collect();
        for (guild, unfinished) in finished.chain(unfinished) {
            self.handed_over.insert(guild, unfinished);
            let outcome = self.outcome_handed_over(guild);
            let lack = self.members_handed_over(guild).lack();
            let stage = Stage::Ready {
                origin: unfinished.unwrap_or(Origin::Initial),
                outcome,
                members: self.arrival_handed_over(guild).member_count(),
            };
            if self.place_handed_over(now, guild, stage) {
                match self.row_of(guild) {
                    Some(row) => {
                        let failed = self.storing.has_failed(guild);
                        let failed = failed.then_some(Lack::StoreFailed);
                        let lack = failed.or(row.presences_lack).or(lack);
                        self.presences.restored(guild, lack);
                    }
                    None => self.presences.arrived(guild, lack, Listed::NOTHING),
                }
            } else {
                self.handed_over.remove(guild);
            }
        }
        let lists = [
            (&known.expected, Stage::Expected),
            (&known.away, Stage::Unavailable),
        ];
        for (guilds, stage) in lists {
            for guild in guilds {
                self.place_handed_over(now, *guild, stage.clone());
            }
        }
        let all: BTreeSet<GuildId> = self.registry.guilds().collect();
        self.tally = ReadyTally::open(all);
        for guild in &known.away {
            self.tally.settle(*guild, &Outcome::Unavailable);
        }
    }

    /// A guild was asked for all its members so long ago, elsewhere.
    pub(crate) fn asked_before(&mut self, now: Instant, guild: GuildId, ago: Duration) {
        self.requests.asked_before(now, guild, ago);
    }

    /// The guilds that may not be asked yet, and for how long, in milliseconds.
    pub(crate) fn gates(&self, now: Instant) -> Vec<(GuildId, u64)> {
        self.requests.gates(now)
    }

    /// Asks no guild too soon that another setup of the shard has asked.
    pub(crate) fn keep_gates(&mut self, now: Instant, before: &Self) {
        self.requests.restore_gates(now, &before.gates(now));
    }

    fn place_handed_over(&mut self, now: Instant, guild: GuildId, stage: Stage) -> bool {
        let fits = self.registry.len() < self.config.guilds;
        if fits {
            self.place(now, guild, stage);
        }
        fits
    }

    /// The session is resumed: guilds of which nothing came in the replay are asked for their
    /// members, or end as their rows are here, or as handed over.
    pub(super) fn take_over(&mut self, now: Instant, out: &mut Vec<SetupEvent>) {
        for (guild, unfinished) in self.handed_over.clone().iter() {
            if !self.is_handed_over(guild) {
                continue;
            }
            let arrival = self.arrival_handed_over(guild);
            let origin = unfinished.unwrap_or(Origin::Returned);
            let members = self.members_handed_over(guild);
            let asks = may_be_asked(&members, &arrival) && self.asks(&arrival, origin);
            if !asks {
                self.count_restored(guild);
            }
            let goes_on = asks && !self.is_halted();
            if unfinished.is_some() && members == Outcome::Complete && !goes_on {
                let end = (members, arrival.member_count());
                self.finish_guild(now, guild, origin, end, None, out);
            } else if unfinished.is_some() || asks {
                self.ask_or_finish(now, arrival, origin, members, out);
            } else {
                let outcome = self.with_rows(guild, members);
                self.tally.settle(guild, &outcome);
            }
        }
        self.handed_over = HandedOver::default();
        self.rows = None;
    }

    /// Whether rows are to be here that the guild listed in an earlier process, and are not.
    fn lacks_rows(&self, guild: GuildId) -> bool {
        let there = self.row_of(guild).map_or(Kinds::empty(), |row| row.kinds);
        !there.contains(self.listed_kinds)
    }

    /// What is known of a guild of which nothing has come since it was handed over.
    fn outcome_handed_over(&self, guild: GuildId) -> Outcome {
        self.with_rows(guild, self.members_handed_over(guild))
    }

    /// What is known of its members.
    fn members_handed_over(&self, guild: GuildId) -> Outcome {
        if self.storing.has_failed(guild) {
            return Outcome::StoreFailed;
        }
        match self.row_of(guild).map(|row| row.lack) {
            Some(None) => Outcome::Complete,
            Some(Some(Lack::Unread(members))) => Outcome::Unread { members },
            Some(Some(Lack::NotAsked)) => Outcome::NotAsked,
            Some(Some(Lack::NoIntent)) => Outcome::NoIntent,
            // Whoever waited for the answer is gone.
            Some(Some(Lack::Loading | Lack::Unanswered)) => Outcome::Incomplete {
                missing: Vec::new(),
            },
            Some(Some(Lack::StoreFailed)) => Outcome::StoreFailed,
            Some(Some(Lack::Limited)) if self.has_had_all(guild) => Outcome::Complete,
            None | Some(Some(Lack::HandedOver | Lack::Limited | Lack::Stale)) => {
                Outcome::HandedOver
            }
        }
    }

    /// Whether all members of a guild have come of which a policy did not let all stay: where it
    /// would be asked for them, its process did so before it was done with it.
    fn has_had_all(&self, guild: GuildId) -> bool {
        let is_finished = self.handed_over.get(guild) == Some(None);
        is_finished && self.asks(&self.arrival_handed_over(guild), Origin::Returned)
    }

    fn row_of(&self, guild: GuildId) -> Option<&RestoredGuild> {
        self.rows.as_ref()?.get(guild)
    }

    /// What there is of a guild, as if it came with that.
    fn arrival_handed_over(&self, guild: GuildId) -> Arrival {
        let row = self.row_of(guild);
        let members = row.and_then(|row| row.expected);
        let listed = Listed {
            members: row.map_or(0, |row| row.received),
            ..Listed::NOTHING
        };
        Arrival {
            guild,
            members,
            listed,
            large: false,
            is_asked: self.is_asked(guild),
        }
    }

    /// Whether it was asked for all its members, and its process ended before the answer did.
    fn is_asked(&self, guild: GuildId) -> bool {
        let is_unfinished = matches!(self.handed_over.get(guild), Some(Some(_)));
        let unanswered = |lack| matches!(lack, Some(Lack::Loading | Lack::Unanswered));
        let row = self.row_of(guild).filter(|_| is_unfinished);
        row.is_some_and(|row| unanswered(row.lack) || unanswered(row.presences_lack))
    }

    /// The summary counts the guild by rows of an earlier process.
    fn count_restored(&mut self, guild: GuildId) {
        let taken = self.rows.as_ref().map(RestoredRows::taken);
        if let Some(taken) = taken.filter(|_| self.row_of(guild).is_some()) {
            let one = Restored {
                guilds: NonZeroUsize::MIN,
                taken,
            };
            self.restored = Some(self.restored.map_or(one, |before| before.and(one)));
        }
    }

    /// Whether nothing has come of the guild since it was handed over.
    fn is_handed_over(&self, guild: GuildId) -> bool {
        let standing = self.registry.get(guild);
        standing.is_some_and(|standing| match standing.stage {
            Stage::Ready { outcome, .. } => {
                outcome == Outcome::StoreFailed || outcome == self.outcome_handed_over(guild)
            }
            Stage::Expected
            | Stage::Syncing { .. }
            | Stage::Requested { .. }
            | Stage::Receiving { .. }
            | Stage::Storing { .. }
            | Stage::Missed
            | Stage::Unavailable => false,
        })
    }
}

/// Whether a guild that ends so may be asked for all its members. One that has them may lack
/// presences, for which it was asked.
const fn may_be_asked(members: &Outcome, arrival: &Arrival) -> bool {
    match members {
        Outcome::HandedOver | Outcome::NotAsked | Outcome::Incomplete { .. } => true,
        Outcome::Complete => arrival.is_asked,
        Outcome::Unread { .. }
        | Outcome::NoIntent
        | Outcome::StoreFailed
        | Outcome::Missed
        | Outcome::Unavailable
        | Outcome::Removed
        | Outcome::Refused => false,
    }
}
