//! Which shard has something to do, and when.

use alloc::collections::{BTreeMap, BTreeSet};

use crate::shard_id::ShardId;
use crate::time::Instant;

#[derive(Clone, Debug, Default)]
pub(super) struct Agenda {
    times: BTreeMap<ShardId, Instant>,
    order: BTreeSet<(Instant, ShardId)>,
}

impl Agenda {
    /// The shard has something to do at that time, and not before.
    pub(super) fn set(&mut self, shard: ShardId, at: Instant) {
        if let Some(before) = self.times.insert(shard, at) {
            self.order.remove(&(before, shard));
        }
        self.order.insert((at, shard));
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.order.first().map(|(at, _)| *at)
    }

    /// Takes out the first shard that has something to do by now.
    pub(super) fn pop(&mut self, now: Instant) -> Option<ShardId> {
        let first = *self.order.first()?;
        if first.0 > now {
            return None;
        }
        self.order.remove(&first);
        self.times.remove(&first.1);
        Some(first.1)
    }
}
