//! Shards that wait to identify, where others than the bot's own fleet let them in.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use headcount_core::fleet::Fleet;
use headcount_core::{Instant, ShardId};

/// Who waits, and who was let in.
#[derive(Debug, Default)]
pub(crate) struct GateWaits(Mutex<Waits>);

#[derive(Debug, Default)]
struct Waits {
    since: BTreeMap<ShardId, Instant>,
    counts: GateCounts,
}

/// Shards at a gate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct GateCounts {
    /// Those that wait.
    pub(crate) waiting: usize,
    /// Those that were let in.
    pub(crate) granted: u64,
    /// How long these had waited in all.
    pub(crate) wait: Duration,
}

impl GateCounts {
    /// Those at the gate of a fleet.
    pub(crate) fn of(fleet: &Fleet) -> Self {
        let (granted, wait) = fleet.granted();
        Self {
            waiting: fleet.readiness().waiting,
            granted,
            wait,
        }
    }
}

impl GateWaits {
    fn lock(&self) -> MutexGuard<'_, Waits> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A shard wants to be let in, if it does not wait already.
    pub(crate) fn want(&self, now: Instant, shard: ShardId) {
        self.lock().since.entry(shard).or_insert(now);
    }

    /// It is let in.
    pub(crate) fn grant(&self, now: Instant, shard: ShardId) {
        let mut waits = self.lock();
        if let Some(since) = waits.since.remove(&shard) {
            waits.counts.granted += 1;
            waits.counts.wait += now.since(since);
        }
    }

    /// It does not wait any longer.
    pub(crate) fn give_up(&self, shard: ShardId) {
        self.lock().since.remove(&shard);
    }

    pub(crate) fn read(&self) -> GateCounts {
        let waits = self.lock();
        GateCounts {
            waiting: waits.since.len(),
            ..waits.counts
        }
    }
}
