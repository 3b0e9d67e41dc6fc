#![doc = include_str!("metrics.md")]

#[cfg(feature = "chat")]
mod chat;
#[cfg(test)]
mod cost;
#[cfg(feature = "metrics")]
mod facade;
mod gate_waits;
mod lag;
mod lag_sampling;
mod lease_counts;
mod sample;
mod sampling;
mod snapshot_counts;
mod state_failures;
mod store_writes;
mod table;
mod traffic;

use std::time::Duration;

use headcount_core::cache::Kind;
use headcount_core::counts::ShardCounts;
use headcount_core::tracker::MisreadCounts;

use crate::handle::ShardState;

#[cfg(feature = "chat")]
pub use chat::ChatMetrics;
#[cfg(feature = "metrics")]
pub(crate) use facade::{Published, publish_last, spawn_publisher};
#[cfg(all(feature = "metrics", feature = "chat"))]
pub(crate) use facade::{publish_last_of_chat, spawn_chat_publisher};
pub(crate) use gate_waits::{GateCounts, GateWaits};
pub(crate) use lag::LagCounters;
pub use lag::{EventLag, LagHistogram};
pub(crate) use lag_sampling::LagSampling;
pub(crate) use lease_counts::LeaseCounters;
pub use lease_counts::LeaseCounts;
pub use sample::{Sample, SampleValue};
pub(crate) use sampling::{Sampling, timed};
pub use snapshot_counts::SnapshotCounts;
pub use state_failures::StateFailures;
pub(crate) use state_failures::{StateFailureCounters, StateWrite};
pub(crate) use store_writes::StoreCounters;
pub use store_writes::StoreCounts;
pub use table::{Metric, MetricKind};
pub use traffic::Traffic;
pub(crate) use traffic::TrafficCounters;

/// What a bot has done so far and how it stands, as of one call of
/// [`Handle::metrics`](crate::Handle::metrics). Counters count from the bot's start.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Metrics {
    /// Each shard that this bot runs, in ascending order.
    pub shards: Vec<ShardMetrics>,
    /// The counts of all shards together.
    pub total: ShardCounts,
    /// Places in payloads that were not understood, over all shards.
    pub misreads: MisreadCounts,
    /// Time from the receipt of a payload to the consumer's taking of an event that followed from
    /// it.
    pub lag: LagHistogram,
    /// Events that wait for the consumer, those that wait for a store before included.
    pub waiting_events: usize,
    /// Their bytes, as [`Builder::event_buffer_bytes`](crate::Builder::event_buffer_bytes) counts
    /// them.
    pub waiting_bytes: usize,
    /// Identifies left for the day.
    pub identifies_left: u32,
    /// Shards that wait for an identify.
    pub gate_waiting: usize,
    /// Identifies that were granted.
    pub gate_granted: u64,
    /// How long their shards had waited for them, in all.
    pub gate_wait: Duration,
    /// What the cache in memory has of each kind.
    pub rows: Vec<RowMetrics>,
    /// Changes handed to stores of your own.
    pub stores: StoreCounts,
    /// Snapshots of the cache in memory.
    pub snapshots: SnapshotCounts,
    /// What could not be written to the state folder.
    pub state_failures: StateFailures,
    /// Leases, of a bot in several processes.
    pub leases: LeaseCounts,
}

/// One shard's part of [`Metrics`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ShardMetrics {
    /// Where it stands.
    pub state: ShardState,
    /// What it has taken in and given out.
    pub counts: ShardCounts,
    /// What went over its connections.
    pub traffic: Traffic,
}

/// What the cache in memory has of one kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowMetrics {
    /// The kind.
    pub kind: Kind,
    /// How many rows.
    pub rows: usize,
    /// Their bytes with their indexes and spare room.
    pub bytes: usize,
}
