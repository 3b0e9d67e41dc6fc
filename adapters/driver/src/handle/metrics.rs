//! The bot as numbers.

use headcount_core::cache::Kind;
use headcount_core::counts::ShardCounts;
use headcount_core::fleet::Fleet;
use headcount_core::tracker::MisreadCounts;
use headcount_core::{Shard, ShardId};

use super::{Handle, ShardState};
use crate::metrics::{Metrics, RowMetrics, ShardMetrics};
use crate::shard_cell::ShardCell;

impl Handle {
    /// What the bot has done so far and how it stands, as plain numbers; the
    /// [`metrics`](crate::metrics) page lists them.
    ///
    /// Each shard is read at a time of its own, under its lock. The work grows with the number of
    /// shards, not with that of guilds and rows.
    ///
    /// # Panics
    /// Inside of [`Handle::cache`] and of a predicate.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// let metrics = handle.metrics();
    /// println!("{} events wait", metrics.waiting_events);
    /// println!("{} dispatches in all", metrics.total.dispatches.total());
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn metrics(&self) -> Metrics {
        let (fleet, mut misreads) = (&self.shared.fleet, MisreadCounts::default());
        let each = fleet.cells().iter().map(|(id, cell)| {
            let (state, counts) = cell.read(|shard| {
                misreads.add(shard.misreads());
                (ShardState::of(*id, cell, shard), shard.counts().clone())
            });
            let traffic = cell.traffic.read();
            ShardMetrics {
                state,
                counts,
                traffic,
            }
        });
        let shards: Vec<ShardMetrics> = each.collect();
        let mut total = ShardCounts::default();
        shards.iter().for_each(|it| total.add(&it.counts));
        let look = |fleet: &Fleet| (fleet.identifies_left(), fleet.readiness(), fleet.granted());
        let (identifies_left, readiness, (gate_granted, gate_wait)) = fleet.read(look);
        let waiting = self.shared.backlog.read();
        Metrics {
            shards,
            total,
            misreads,
            lag: self.shared.lag.read(),
            waiting_events: waiting.events,
            waiting_bytes: waiting.bytes,
            identifies_left,
            gate_waiting: readiness.waiting,
            gate_granted,
            gate_wait,
            rows: self.rows(),
            stores: self.shared.stores.counters().read(),
            snapshots: self.shared.snapshots.read(),
            state_failures: self.shared.state_failures.read(),
        }
    }

    /// What the cache in memory has of each kind, in the order of [`Kind::ALL`].
    ///
    /// # Panics
    /// Inside of [`Handle::cache`] and of a predicate.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// for row in handle.rows() {
    ///     println!("{:?}: {} rows in {} bytes", row.kind, row.rows, row.bytes);
    /// }
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn rows(&self) -> Vec<RowMetrics> {
        self.shared.cache.read(|store| {
            let of = |&kind: &Kind| RowMetrics {
                kind,
                rows: store.rows(kind),
                bytes: store.bytes(kind),
            };
            Kind::ALL.iter().map(of).collect()
        })
    }
}

impl ShardState {
    /// The state of a shard that has been locked.
    pub(super) fn of(id: ShardId, cell: &ShardCell, shard: &Shard) -> Self {
        Self {
            id,
            phase: shard.phase(),
            connection: shard.connection(),
            halt: shard.halt(),
            latency: shard.latency(),
            failures: shard.failures(),
            misunderstood: shard.misunderstood(),
            unacknowledged: cell.acknowledgements.outstanding(),
            readiness: shard.readiness(),
        }
    }
}
