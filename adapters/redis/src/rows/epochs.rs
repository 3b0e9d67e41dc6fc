//! Under which leases the shards of this process run.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headcount_core::ShardId;
use headcount_core::id::GuildId;

/// The epoch of the lease with which each shard has begun here last, of a bot in several
/// processes.
#[derive(Debug, Default)]
pub(crate) struct ShardEpochs(Mutex<Begun>);

#[derive(Debug, Default)]
struct Begun {
    epochs: BTreeMap<ShardId, u64>,
    /// Of how many shards the bot was; one number as a rule.
    totals: BTreeSet<NonZeroU32>,
}

impl ShardEpochs {
    fn lock(&self) -> MutexGuard<'_, Begun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin(&self, shard: ShardId, epoch: u64) {
        let mut begun = self.lock();
        begun.epochs.insert(shard, epoch);
        begun.totals.extend(NonZeroU32::new(shard.total()));
    }

    /// The epoch of a shard; `None` if it runs without leases.
    pub(crate) fn of_shard(&self, shard: ShardId) -> Option<u64> {
        self.lock().epochs.get(&shard).copied()
    }

    /// The epoch of the shard that serves a guild.
    pub(crate) fn of_guild(&self, guild: GuildId) -> Option<u64> {
        let begun = self.lock();
        let shards = begun.totals.iter();
        let shards = shards.map(|total| ShardId::of_guild(guild, *total));
        shards
            .filter_map(|shard| begun.epochs.get(&shard).copied())
            .max()
    }
}
