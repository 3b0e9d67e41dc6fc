//! Leaving what the cache has of a shard to the process that runs it next, and finding it there.

mod finding;
mod import;
mod leaving;
mod packing;
mod store;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

use headcount_core::cache::SnapshotId;
use headcount_core::cache::memory::RestoredRows;
use headcount_core::{Position, Shard, ShardId};

use crate::Runtime;
use crate::shard_cell::ShardCell;
use crate::shared::Shared;
use crate::snapshots::{EVERY, SnapshotFloors, Snapshots};
use crate::state::FileHead;

pub(crate) use store::AnyShardSnapshots;

/// How long the store may take for one call.
const DEADLINE: Duration = Duration::from_secs(5);

/// Where the processes of a bot leave snapshots of their shards.
pub(crate) struct LeftSnapshots {
    store: Arc<dyn AnyShardSnapshots>,
    /// How often they are written.
    every: Duration,
    /// Of the stores that they are read into.
    seed: u64,
    /// Whether a shard goes on from what is there.
    is_read: bool,
    /// The shards that have begun here, as they did last.
    tenures: Mutex<BTreeMap<ShardId, Arc<SnapshotTenure>>>,
}

/// The snapshots of a shard as long as it runs here.
struct SnapshotTenure {
    shard: ShardId,
    epoch: u64,
    /// Whether there is one of an owner before.
    has_earlier: bool,
    /// Up to where those have it that its next owner may go on from.
    floors: SnapshotFloors,
    /// How many were begun.
    begun: AtomicU64,
    /// How many were left.
    left: AtomicU64,
}

impl SnapshotTenure {
    /// Whether the first one is worth to be left now: there is none, and the shard has its guilds.
    fn is_first_due(&self, shared: &Shared) -> bool {
        let has_finished = |cell: &ShardCell| cell.read(Shard::readiness).finished;
        let cell = shared.fleet.cell(self.shard);
        let is_first = !self.has_earlier && self.begun.load(Ordering::Relaxed) == 0;
        is_first && cell.is_some_and(|cell| has_finished(cell))
    }

    /// The next one, which no other has the name of.
    fn next(&self) -> SnapshotId {
        SnapshotId {
            shard: self.shard,
            epoch: self.epoch,
            number: self.begun.fetch_add(1, Ordering::Relaxed),
        }
    }

    /// Begins one of what `look` says.
    fn begin(&self, look: impl FnOnce() -> FileHead) -> FileHead {
        let generation = self.left.load(Ordering::Relaxed) + 1;
        self.floors.begin(generation, look)
    }

    /// The last one is in the store, and the one before it is not.
    fn written(&self) {
        let generation = self.left.fetch_add(1, Ordering::Relaxed) + 1;
        self.floors.written(generation);
    }
}

impl LeftSnapshots {
    /// They are written by this plan, each 30 s if it says nothing.
    pub(crate) fn new(
        store: Arc<dyn AnyShardSnapshots>,
        plan: Snapshots,
        seed: u64,
        is_read: bool,
    ) -> Self {
        let every = match plan {
            Snapshots::Every(every) => every,
            Snapshots::AtEnd | Snapshots::Off => EVERY,
        };
        Self {
            store,
            every,
            seed,
            is_read,
            tenures: Mutex::default(),
        }
    }

    const fn plan(&self) -> Snapshots {
        Snapshots::Every(self.every)
    }

    /// For how long one can be gone on from.
    fn lasts(&self) -> Duration {
        self.plan().longest_replay()
    }

    fn tenures(&self) -> MutexGuard<'_, BTreeMap<ShardId, Arc<SnapshotTenure>>> {
        self.tenures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the snapshot says of itself in which these rows were.
    pub(crate) fn head_of(&self, rows: &RestoredRows) -> FileHead {
        FileHead::of(rows, self.plan())
    }

    /// A shard has begun here in this epoch, and goes on from this snapshot if one was found.
    pub(crate) fn begin(&self, shard: ShardId, epoch: u64, found: Option<FileHead>) {
        let heads: Vec<_> = found.map(|head| (0, head)).into_iter().collect();
        let tenure = SnapshotTenure {
            shard,
            epoch,
            has_earlier: !heads.is_empty(),
            floors: SnapshotFloors::new(&heads),
            begun: AtomicU64::new(0),
            left: AtomicU64::new(0),
        };
        self.tenures().insert(shard, Arc::new(tenure));
    }

    /// What was in the cache of a shard is going.
    pub(crate) fn end(&self, shard: ShardId) {
        self.tenures().remove(&shard);
    }

    /// Whether the cache still has what it had of the shard when this tenure began, and more.
    fn lasts_still(&self, shared: &Shared, tenure: &Arc<SnapshotTenure>) -> bool {
        let shard = tenure.shard;
        let is_same = |found: &Arc<SnapshotTenure>| Arc::ptr_eq(found, tenure);
        let runs = || shared.fleet.cell(shard).is_some_and(|cell| cell.runs());
        self.tenures().get(&shard).is_some_and(is_same) && runs() && shared.may_run(shard)
    }

    /// How far heartbeats may go where so much is acknowledged: the shard's next owner may go on
    /// from a snapshot that has no more.
    pub(crate) fn limit(&self, acknowledged: Position) -> Position {
        match self.tenures().get(&acknowledged.shard) {
            Some(tenure) => tenure.floors.limit(acknowledged, SystemTime::now()),
            None => acknowledged,
        }
    }
}

/// Lets others run for some times as long as what began then took.
async fn rest<R: Runtime>(runtime: &R, begun: Instant, times: u32) {
    let took = runtime.now().saturating_duration_since(begun);
    runtime.timer(took.saturating_mul(times)).await;
}
