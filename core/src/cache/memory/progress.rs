//! Which dispatches the rows include.

use alloc::collections::BTreeMap;

use crate::ShardId;
use crate::cache::memory::MemoryStore;
use crate::cache::{GuildStatus, Mutation, Op};
use crate::id::GuildId;
use crate::positions::Position;

/// Which dispatches the rows include: of each shard all up to one, and of guilds that were read
/// back, which had been written out one after another, those up to a later one.
#[derive(Debug, Default)]
pub(super) struct Progress {
    last: BTreeMap<ShardId, Position>,
    /// Guilds that include more than their shard's last dispatch, until that has reached them.
    ahead: BTreeMap<GuildId, Position>,
    /// The furthest of those, by shard.
    furthest: BTreeMap<ShardId, Position>,
}

/// How a mutation meets the rows that are here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meeting {
    /// They do not include it.
    New,
    /// Those of its guild include it, and those of others need not.
    InGuild,
    /// All include it.
    Everywhere,
}

/// Whether one that is at `has` includes a dispatch.
fn includes(has: Option<&Position>, dispatch: Position) -> bool {
    has.is_some_and(|has| has.session == dispatch.session && dispatch.sequence <= has.sequence)
}

impl Progress {
    /// A mutation comes.
    pub(super) fn meet(&mut self, mutation: &Mutation<'_>) -> Meeting {
        for op in mutation.ops() {
            if let Op::NewSession(session) = op {
                // It counts anew, even if its own number could not be read.
                self.last.remove(&session.shard);
            }
        }
        let Some(origin) = mutation.origin() else {
            return Meeting::New;
        };
        if includes(self.last.get(&origin.shard), origin) {
            return Meeting::Everywhere;
        }
        self.last.insert(origin.shard, origin);
        let in_guild = self.is_ahead(mutation.guild(), origin);
        self.catch_up(origin);
        if in_guild {
            Meeting::InGuild
        } else {
            Meeting::New
        }
    }

    fn is_ahead(&mut self, guild: Option<GuildId>, origin: Position) -> bool {
        let Some(guild) = guild else {
            return false;
        };
        let Some(ahead) = self.ahead.get(&guild) else {
            return false;
        };
        let is_ahead = ahead.shard == origin.shard && includes(Some(ahead), origin);
        if !is_ahead {
            self.ahead.remove(&guild);
        }
        is_ahead
    }

    /// Forgets the guilds of a shard that has reached the furthest of them.
    fn catch_up(&mut self, origin: Position) {
        let Some(&furthest) = self.furthest.get(&origin.shard) else {
            return;
        };
        if furthest.session != origin.session || furthest.sequence <= origin.sequence {
            self.furthest.remove(&origin.shard);
            self.ahead.retain(|_, ahead| ahead.shard != origin.shard);
        }
    }

    /// The last dispatch of a shard that all rows include.
    pub(super) fn of_shard(&self, shard: ShardId) -> Option<Position> {
        self.last.get(&shard).copied()
    }

    /// All dispatches up to this one are applied, if the rows are of the same session.
    pub(super) fn reach(&mut self, position: Position) {
        let last = self.last.entry(position.shard).or_insert(position);
        if last.session == position.session {
            last.sequence = last.sequence.max(position.sequence);
        }
        let reached = *last;
        self.catch_up(reached);
    }

    /// Forgets the positions from which nobody goes on.
    pub(super) fn retain(&mut self, goes_on: impl Fn(Position) -> bool) {
        self.last.retain(|_, position| goes_on(*position));
        let last = &self.last;
        self.ahead
            .retain(|_, ahead| last.contains_key(&ahead.shard));
        self.furthest.retain(|shard, _| last.contains_key(shard));
    }

    /// The last dispatch of each shard that all rows include.
    pub(super) fn positions(&self) -> impl Iterator<Item = Position> {
        self.last.values().copied()
    }

    /// The last dispatch that a guild's rows include; `total` is the bot's number of shards.
    pub(super) fn of_guild(&self, guild: GuildId, total: Option<u32>) -> Option<Position> {
        let ahead = self.ahead.get(&guild).copied();
        let ahead = ahead.filter(|&ahead| !includes(self.last.get(&ahead.shard), ahead));
        if ahead.is_some() {
            return ahead;
        }
        let total = total.and_then(core::num::NonZeroU32::new);
        if let Some(total) = total {
            return self.last.get(&ShardId::of_guild(guild, total)).copied();
        }
        self.last
            .values()
            .find(|last| last.shard.serves(guild))
            .copied()
    }

    /// Goes on from these positions.
    pub(super) fn set_positions(&mut self, positions: impl IntoIterator<Item = Position>) {
        let positions = positions.into_iter();
        self.last = positions.map(|last| (last.shard, last)).collect();
    }

    /// A guild's rows are read back that include all dispatches up to this one.
    pub(super) fn set_guild(&mut self, guild: GuildId, position: Option<Position>) {
        self.ahead.remove(&guild);
        let Some(position) = position else {
            return;
        };
        if includes(self.last.get(&position.shard), position) {
            return;
        }
        self.ahead.insert(guild, position);
        let furthest = self.furthest.entry(position.shard).or_insert(position);
        if furthest.session != position.session || furthest.sequence < position.sequence {
            *furthest = position;
        }
    }
}

impl MemoryStore {
    /// The last dispatch of each shard that all rows include, by shard. A guild's rows may include
    /// more, for as long as what came after a
    /// [snapshot](crate::cache::memory::snapshot::SnapshotWriter) began comes again.
    pub fn positions(&self) -> impl Iterator<Item = Position> {
        self.progress.positions()
    }

    /// The guild's rows include a dispatch already. The users of others need not, and may be older
    /// until all have come again: whoever says something newer of a user comes later, and what a
    /// dispatch says of one can be said twice.
    pub(super) fn pass_over(&mut self, mutation: &Mutation<'_>) {
        let guild = mutation.guild();
        for op in mutation.ops() {
            if let (Op::SetStatus(GuildStatus::Available), Some(guild)) = (op, guild) {
                self.sessions.delivered(guild);
            }
            self.shared.learn(op);
        }
    }
}
