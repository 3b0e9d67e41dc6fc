//! The bot as numbers.

use headcount_core::cache::Kind;
use headcount_core::counts::ShardCounts;
use headcount_core::fleet::lease::ProcessId;
use headcount_core::setup::Readiness;
use headcount_core::tracker::MisreadCounts;
use headcount_core::{ConnectionStanding, Instant, Shard, ShardId};

use super::{Handle, ShardOwner, ShardState};
use crate::metrics::{GateCounts, LagHistogram, LeaseCounts, Metrics, RowMetrics, ShardMetrics};
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
        let owners = self.owners();
        let (fleet, mut misreads) = (&self.shared.fleet, MisreadCounts::default());
        let each = fleet.cells().iter().map(|(id, cell)| {
            let (state, counts) = cell.read(|shard| {
                misreads.add(shard.misreads());
                let owner = self.owner_of(*id, owners.as_ref());
                (
                    ShardState::of(*id, owner, (cell, shard)),
                    shard.counts().clone(),
                )
            });
            let traffic = cell.traffic.read();
            ShardMetrics {
                state: self.in_line(state),
                counts,
                traffic,
            }
        });
        let shards: Vec<ShardMetrics> = each.collect();
        let mut total = ShardCounts::default();
        shards.iter().for_each(|it| total.add(&it.counts));
        let gate = fleet.pacer().counts();
        let gate = gate.unwrap_or_else(|| fleet.read(GateCounts::of));
        let waiting = self.shared.backlog.read();
        Metrics {
            shards,
            total,
            misreads,
            lag: self.shared.lag.read(),
            waiting_events: waiting.events,
            waiting_bytes: waiting.bytes,
            identifies_left: self.identify_budget().left,
            gate_waiting: gate.waiting,
            gate_granted: gate.granted,
            gate_wait: gate.wait,
            rows: self.rows(),
            stores: self.shared.stores.counts(),
            snapshots: self.shared.snapshots.read(),
            state_failures: self.shared.state_failures.read(),
            leases: self.leases(),
        }
    }

    /// How long events took from their receipt to the consumer, from the bot's start on: a part of
    /// [`metrics`](Self::metrics) that takes no lock.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// println!("{} events were taken", handle.lag().count());
    /// # }
    /// ```
    #[must_use]
    pub fn lag(&self) -> LagHistogram {
        self.shared.lag.read()
    }

    /// How many events wait for the consumer, of all shards.
    ///
    /// ```
    /// # use headcount_driver::Handle;
    /// # fn ask(handle: &Handle) {
    /// println!("{} events wait", handle.waiting_events());
    /// # }
    /// ```
    #[must_use]
    pub fn waiting_events(&self) -> usize {
        self.shared.backlog.read().events
    }

    /// When that was received which the event follows from that the consumer takes next; `None` if
    /// none waits. Who has taken nothing for long is late, though no lag says so.
    ///
    /// ```
    /// # use headcount_driver::{Handle, core::Instant};
    /// # fn ask(handle: &Handle, now: Instant) {
    /// println!("it waits for {:?}", handle.waiting_since().map(|since| now.since(since)));
    /// # }
    /// ```
    #[must_use]
    pub fn waiting_since(&self) -> Option<Instant> {
        self.shared.backlog.read().since
    }

    fn leases(&self) -> LeaseCounts {
        let (Some(leases), Some(owners)) = (&self.shared.leases, self.owners()) else {
            return LeaseCounts::default();
        };
        let here = |holder: &Option<ProcessId>| *holder == Some(leases.me());
        let held = owners.shards.iter().filter(|(_, it)| here(it)).count();
        leases.counters().read(held, owners.live.len())
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
    pub(super) fn of(id: ShardId, owner: ShardOwner, (cell, shard): (&ShardCell, &Shard)) -> Self {
        let state = Self {
            id,
            owner,
            phase: shard.phase(),
            connection: shard.connection(),
            halt: shard.halt(),
            latency: shard.latency(),
            failures: shard.failures(),
            misunderstood: shard.misunderstood(),
            unacknowledged: cell.acknowledgements.outstanding(),
            lag: cell.lag(),
            readiness: shard.readiness(),
        };
        match state.is_here() {
            true => state,
            // What it had when it ended here, another process may have now.
            false => state.without_tenure(),
        }
    }

    /// The same without what belongs to a tenure that is over.
    pub(super) fn without_tenure(self) -> Self {
        Self {
            connection: ConnectionStanding {
                waits_for: None,
                session_since: None,
                sends_left: None,
                ..self.connection
            },
            latency: None,
            failures: 0,
            unacknowledged: 0,
            lag: None,
            readiness: Readiness::default(),
            ..self
        }
    }
}
