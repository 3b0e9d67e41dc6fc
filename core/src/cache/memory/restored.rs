//! What the next process has to know of rows that an earlier one received.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::ShardId;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::sessions::Sessions;
use crate::cache::memory::{GuildState, MemoryStore};
use crate::cache::{GuildStatus, Kinds, Lack};
use crate::id::GuildId;
use crate::positions::Position;

/// What a store that was [restored](MemoryStore::import) has of one shard's guilds, for the shard
/// that goes on with the session ([`Shard::with_rows`](crate::Shard::with_rows)).
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct RestoredRows {
    position: Position,
    taken: u64,
    guilds: BTreeMap<GuildId, RestoredGuild>,
    /// Whether guilds that are not here have no rows at all, rather than come in what is replayed.
    #[cfg_attr(feature = "checkpoint", serde(default))]
    others_are_cold: bool,
}

/// How whole a guild is that was restored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct RestoredGuild {
    pub(crate) lack: Option<Lack>,
    pub(crate) presences_lack: Option<Lack>,
    /// The guild's own count of members, if it is known.
    pub(crate) expected: Option<u64>,
    /// The members that are there.
    pub(crate) received: u64,
    /// Up to which dispatch of the session they have the guild.
    pub(crate) reached: u64,
    /// Whether a store has missed a change of it since it came.
    pub(crate) has_failed: bool,
    /// The kinds of which the rows are there that the guild itself lists, as far as they are kept.
    pub(crate) kinds: Kinds,
}

impl RestoredGuild {
    /// One of which nothing is known.
    const HANDED_OVER: Self = Self {
        lack: Some(Lack::HandedOver),
        presences_lack: Some(Lack::HandedOver),
        expected: None,
        received: 0,
        reached: 0,
        has_failed: false,
        kinds: Kinds::empty(),
    };
}

impl RestoredRows {
    /// None yet of a session that goes on from this position, where no store but others has any
    /// ([`with_members`](Self::with_members)). They are looked at now, at `taken`.
    #[must_use]
    pub const fn elsewhere(position: Position, taken: u64) -> Self {
        Self {
            position,
            taken,
            guilds: BTreeMap::new(),
            others_are_cold: true,
        }
    }

    /// Adds what another store, which keeps these kinds, has of the session's guilds: what it knows
    /// of each, and how many members are there. Guilds that it has as of another session count for
    /// nothing.
    #[must_use]
    pub fn with_members(
        mut self,
        kinds: Kinds,
        guilds: impl IntoIterator<Item = (GuildState, u64)>,
    ) -> Self {
        for (state, received) in guilds {
            let own = |at: &Position| {
                (at.shard, at.session) == (self.position.shard, self.position.session)
            };
            let Some(Position { sequence, .. }) = state.position().filter(own) else {
                continue;
            };
            let known = match self.guilds.get_mut(&state.id()) {
                Some(known) => known,
                None if self.others_are_cold => self
                    .guilds
                    .entry(state.id())
                    .or_insert(RestoredGuild::HANDED_OVER),
                None => continue,
            };
            known.lack = state.status().lack(state.lack());
            known.expected = state.member_count();
            known.received = received;
            known.reached = known.reached.max(sequence);
            known.has_failed |= state.status() == GuildStatus::Stale;
            known.kinds |= listed_kinds(state.status()) & kinds;
        }
        self
    }

    /// Whether guilds that are not here may come in what is replayed.
    pub(crate) const fn others_may_come(&self) -> bool {
        !self.others_are_cold
    }

    /// Up to where the rows have the session's dispatches.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.position
    }

    /// When they were written down, in milliseconds since 1970.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// Of how many guilds there are rows.
    #[must_use]
    pub fn guild_count(&self) -> usize {
        self.guilds.len()
    }

    /// The same where other stores keep these kinds: how whole they are there is not known.
    #[must_use]
    pub fn kept_elsewhere(mut self, kinds: Kinds) -> Self {
        for guild in self.guilds.values_mut() {
            if kinds.contains(Kinds::MEMBERS) {
                guild.lack = Some(Lack::HandedOver);
                guild.received = 0;
            }
            if kinds.intersects(Kinds::MEMBERS | Kinds::PRESENCES) {
                guild.presences_lack = Some(Lack::HandedOver);
            }
        }
        self
    }

    pub(crate) fn get(&self, guild: GuildId) -> Option<&RestoredGuild> {
        self.guilds.get(&guild)
    }

    pub(crate) fn guilds(&self) -> impl Iterator<Item = (GuildId, &RestoredGuild)> {
        self.guilds.iter().map(|(guild, rows)| (*guild, rows))
    }
}

/// Of which kinds a store has what a guild of this status listed, as far as it keeps them.
const fn listed_kinds(status: GuildStatus) -> Kinds {
    match status {
        GuildStatus::Available | GuildStatus::Stale => Kinds::all(),
        GuildStatus::HandedOver | GuildStatus::Pending | GuildStatus::Outage => Kinds::empty(),
    }
}

impl MemoryStore {
    /// The last dispatch of a shard that the rows include; `None` if there is none, or none that
    /// said which it was.
    #[must_use]
    pub fn applied_position(&self, shard: ShardId) -> Option<Position> {
        self.progress.of_shard(shard)
    }

    /// Every dispatch up to this position is applied, also those that changed nothing here. Nothing
    /// if the rows include more, or are of another session.
    pub fn reach(&mut self, position: Position) {
        self.progress.reach(position);
    }

    /// What there is of a shard's guilds, in a store that was restored from what was written down
    /// at `taken`, in milliseconds since 1970; `None` if no
    /// [position](Self::applied_position) is known.
    #[must_use]
    pub fn restored_rows(&self, shard: ShardId, taken: u64) -> Option<RestoredRows> {
        let position = self.applied_position(shard)?;
        let own = self.guilds.iter().filter(|rows| shard.serves(rows.id));
        let reached = |guild| {
            let at = self.progress.of_guild(guild, Some(shard.total()));
            let at = at.filter(|at| at.session == position.session);
            at.map_or(position.sequence, |at| at.sequence)
        };
        let guilds = own.filter_map(|rows| Some((rows.id, rows.restored(reached(rows.id))?)));
        Some(RestoredRows {
            position,
            taken,
            guilds: guilds.collect(),
            others_are_cold: false,
        })
    }

    /// Sorts out what was restored, before any shard goes on with it: guilds that `keeps` denies
    /// go, and so do the positions that no shard goes on from. The guilds of their shards stay, and
    /// lack members and presences as [stale](Lack::Stale) until they are delivered anew, or asked
    /// for anew; their presences go, and so does what no guild lists, messages above all. What lies
    /// in no guild goes unless the shard that it comes to goes on.
    pub fn inherit(&mut self, goes_on: impl Fn(Position) -> bool, keeps: impl Fn(GuildId) -> bool) {
        self.progress.retain(goes_on);
        self.pending.retain(|guild| keeps(*guild));
        self.leave_sessions();
        let totals = self.positions().map(|at| at.shard.total());
        let totals: BTreeSet<NonZeroU32> = totals.filter_map(NonZeroU32::new).collect();
        let all: Vec<GuildId> = self.guilds.iter().map(|rows| rows.id).collect();
        let mut outdated = Vec::new();
        for guild in all {
            let mut shards = totals.iter().map(|total| ShardId::of_guild(guild, *total));
            if !keeps(guild) {
                self.remove_guild(guild);
            } else if !shards.any(|shard| self.progress.of_shard(shard).is_some()) {
                self.reweighed(guild, GuildRows::leave_session);
                outdated.push(guild);
            }
        }
        self.settle_without_presences(&outdated);
        for guild in outdated {
            self.within(guild, |rows, _| rows.outdate());
        }
    }

    /// Forgets what only sessions can speak for that go on.
    fn leave_sessions(&mut self) {
        if !self.positions().any(|at| at.shard.number() == 0) {
            self.private_channels.clear(&mut self.shared);
        }
        let total = self.sessions.total();
        if !self.positions().any(|at| Some(at.shard.total()) == total) {
            // Another number of shards may go on, and no session of theirs said so here.
            self.sessions = Sessions::default();
        }
    }
}

impl GuildRows {
    /// How whole the guild is that has been reached so far; `None` if it was not there.
    fn restored(&self, reached: u64) -> Option<RestoredGuild> {
        match self.status {
            GuildStatus::Available | GuildStatus::HandedOver | GuildStatus::Stale => {
                Some(RestoredGuild {
                    lack: self.lack,
                    presences_lack: self.presences_lack,
                    expected: self.member_count,
                    received: self.members.len() as u64,
                    reached,
                    has_failed: self.status == GuildStatus::Stale,
                    kinds: listed_kinds(self.status),
                })
            }
            GuildStatus::Pending | GuildStatus::Outage => None,
        }
    }
}
