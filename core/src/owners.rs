//! Which process holds which shard.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::process_id::ProcessId;
use crate::rng::Rng;
use crate::shard_id::ShardId;

/// The processes that live, and what they run, as one of them sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    /// The processes that live.
    pub live: BTreeSet<ProcessId>,
    /// Each shard, by number, and the process that holds it; `None` if nobody does.
    pub shards: Vec<(ShardId, Option<ProcessId>)>,
}

impl Owners {
    /// Who is to have a shard, if the shards are spread: the same in every process that sees the
    /// same ones live. `None` if none lives.
    #[must_use]
    pub fn first_for(&self, shard: ShardId) -> Option<ProcessId> {
        let weight = |process: &&ProcessId| {
            let mixed = Rng::new(process.get()).next_u64() ^ u64::from(shard.number());
            (Rng::new(mixed).next_u64(), **process)
        };
        self.live.iter().max_by_key(weight).copied()
    }

    /// Whose owner is gone, or that has none.
    fn is_free(&self, holder: Option<ProcessId>) -> bool {
        holder.is_none_or(|holder| !self.live.contains(&holder))
    }

    /// The shard that moves next: the lowest of those that another process is to have, once every
    /// shard has an owner.
    pub(crate) fn moves(&self) -> Option<ShardId> {
        if self.shards.iter().any(|(_, holder)| self.is_free(*holder)) {
            return None;
        }
        let mut misplaced = self
            .shards
            .iter()
            .filter(|(shard, holder)| self.first_for(*shard) != *holder);
        misplaced.next().map(|(shard, _)| *shard)
    }
}
