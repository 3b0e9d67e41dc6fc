//! The guilds of a session, for the process that goes on with it.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::stage::{Origin, Stage};
use crate::cache::memory::RestoredRows;
use crate::cache::memory::restored::RestoredGuild;
use crate::cache::tombstones::Tombstone;
use crate::id::GuildId;

/// Which guilds a session has; a resume does not list them again.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KnownGuilds {
    /// Set up. Ascending, as the others.
    pub(crate) arrived: Vec<GuildId>,
    /// Listed by READY; their data may be among what is replayed.
    pub(crate) expected: Vec<GuildId>,
    /// In an outage, or never came.
    pub(crate) away: Vec<GuildId>,
    /// Their data has come, and what they wait for has not: members above all.
    #[serde(default)]
    pub(crate) unfinished: Vec<(GuildId, Origin)>,
    /// Those of which a store has missed a change since they came, wherever they stand.
    #[serde(default)]
    pub(crate) failed: Vec<GuildId>,
    /// Those that may not be asked for all their members yet, and for how long, in milliseconds.
    #[serde(default)]
    pub(crate) gates: Vec<(GuildId, u64)>,
    /// What the session has removed from them, the oldest first; setup itself knows of none.
    #[serde(default)]
    pub(crate) removed: Vec<Tombstone>,
    /// The last dispatch that had come, acknowledged or not: stores may have all up to there, and
    /// pass over what comes again.
    #[serde(default)]
    pub(crate) seen: u64,
}

/// What stores of an earlier process have of a session's guilds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoredBefore {
    /// Guilds of which one has missed a change.
    pub(crate) failed: BTreeSet<GuildId>,
    /// Up to which dispatch they may have the session.
    pub(crate) seen: u64,
}

/// Where a guild stands, as far as another process has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum KnownStage {
    Expected,
    Unfinished(Origin),
    Arrived,
    Away,
}

impl KnownStage {
    pub(super) const fn of(stage: &Stage) -> Self {
        match stage {
            Stage::Expected => Self::Expected,
            Stage::Missed | Stage::Unavailable => Self::Away,
            Stage::Syncing { origin, .. }
            | Stage::Requested { origin, .. }
            | Stage::Receiving { origin, .. }
            | Stage::Storing { origin, .. } => Self::Unfinished(*origin),
            Stage::Ready { .. } => Self::Arrived,
        }
    }
}

impl KnownGuilds {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        let lists = [self.arrived.len(), self.expected.len(), self.away.len()];
        lists
            .into_iter()
            .fold(self.unfinished.len(), usize::saturating_add)
    }

    /// Those that have come, whether their setup has ended or not.
    pub(crate) fn present(&self) -> impl Iterator<Item = GuildId> {
        let unfinished = self.unfinished.iter().map(|(guild, _)| *guild);
        self.arrived.iter().copied().chain(unfinished)
    }

    /// All of them.
    pub(crate) fn all(&self) -> impl Iterator<Item = GuildId> {
        let others = self.expected.iter().chain(&self.away);
        self.present().chain(others.copied())
    }

    /// What stores have of the guilds. Rows that are newer than this know better which guilds have
    /// come anew, or failed, since.
    pub(crate) fn stored(&self, rows: Option<&RestoredRows>) -> StoredBefore {
        let is_newer = |row: &RestoredGuild| row.reached > self.seen;
        let row_of = |guild: &GuildId| rows?.get(*guild).filter(|row| is_newer(row));
        let is_failed = |guild: &GuildId| row_of(guild).is_none_or(|row| row.has_failed);
        let mut failed: BTreeSet<GuildId> = self.failed.iter().copied().filter(is_failed).collect();
        let mut seen = self.seen;
        for (guild, row) in rows.into_iter().flat_map(RestoredRows::guilds) {
            if is_newer(row) && row.has_failed {
                failed.insert(guild);
            }
            seen = seen.max(row.reached);
        }
        StoredBefore { failed, seen }
    }

    pub(super) fn put(&mut self, guild: GuildId, place: KnownStage) {
        match place {
            KnownStage::Expected => self.expected.push(guild),
            KnownStage::Unfinished(origin) => self.unfinished.push((guild, origin)),
            KnownStage::Arrived => self.arrived.push(guild),
            KnownStage::Away => self.away.push(guild),
        }
    }
}

/// Guilds that were handed over, until the session is resumed.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct HandedOver {
    /// As the session lists them: a recording, which has other ids, follows the same order.
    order: Vec<GuildId>,
    /// How each came into the setup that its process did not finish; `None` if it did.
    origins: BTreeMap<GuildId, Option<Origin>>,
}

impl HandedOver {
    pub(super) fn insert(&mut self, guild: GuildId, unfinished: Option<Origin>) {
        self.order.push(guild);
        self.origins.insert(guild, unfinished);
    }

    /// How a guild came into the setup that its process did not finish; `None` if it is not here.
    pub(super) fn get(&self, guild: GuildId) -> Option<Option<Origin>> {
        self.origins.get(&guild).copied()
    }

    pub(super) fn remove(&mut self, guild: GuildId) -> Option<Option<Origin>> {
        self.origins.remove(&guild)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (GuildId, Option<Origin>)> {
        let origin = |guild: &GuildId| Some((*guild, self.get(*guild)?));
        self.order.iter().filter_map(origin)
    }
}
