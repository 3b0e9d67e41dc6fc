//! What the shards' loops and the handles share.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use headcount_core::fleet::{Fleet, IdentifyBudget};
use headcount_core::session::OnStop;
use headcount_core::setup::Restored;
use headcount_core::{Instant, ShardId};

use crate::app_changes::AppChanges;
use crate::cache::Cache;
use crate::clock::Clock;
use crate::coordination::SharedLeases;
use crate::delivery::BacklogGauge;
use crate::fleet::SharedFleet;
use crate::listeners::Listeners;
use crate::metrics::{EventLag, LagCounters, StateFailureCounters};
use crate::record::Recorder;
use crate::shard_cell::ShardCell;
use crate::shard_snapshots::LeftSnapshots;
use crate::sleep::Sleep;
use crate::snapshots::SnapshotCounters;
use crate::state::IdentifyLog;
use crate::stores::Stores;

/// One bot's clock, fleet and cache.
pub(crate) struct Shared {
    pub(crate) clock: Clock,
    /// Shards of the whole bot, those of other processes included.
    pub(crate) total: NonZeroU32,
    /// The gateway's base address.
    pub(crate) base: Box<str>,
    /// Whether that has TLS, or whoever named it was asked over TLS.
    pub(crate) secure_base: bool,
    pub(crate) fleet: SharedFleet,
    /// The leases of this process, if the bot runs in several.
    pub(crate) leases: Option<Arc<SharedLeases>>,
    pub(crate) cache: Cache,
    /// What of it is an earlier process's.
    pub(crate) restored: Option<Restored>,
    /// Where the other kinds are kept.
    pub(crate) stores: Stores,
    /// Where the shards' rows are left to other processes, if they are.
    pub(crate) left_snapshots: Option<LeftSnapshots>,
    /// How writing the cache down fares.
    pub(crate) snapshots: SnapshotCounters,
    /// What could not be written to the state folder.
    pub(crate) state_failures: Arc<StateFailureCounters>,
    /// What writes down when shards identify, if there is a state folder.
    pub(crate) identify_log: Option<IdentifyLog>,
    /// Changes that the application makes.
    pub(crate) app_changes: AppChanges,
    /// Whether events carry what they displaced in the cache.
    pub(crate) old_values: bool,
    /// Who listens beside the consumer.
    pub(crate) listeners: Arc<Listeners>,
    pub(crate) sleep: Sleep,
    /// How long events take to the consumer.
    pub(crate) lag: LagCounters,
    /// What waits for it.
    pub(crate) backlog: BacklogGauge,
    /// What the recorder of metrics has been handed.
    #[cfg(feature = "metrics")]
    pub(crate) published: crate::metrics::Published,
    /// What records what happens to the shards.
    pub(crate) recorder: Option<Recorder>,
    /// Whether the state of a shard that has ended could not be written down.
    pub(crate) unsaved: AtomicBool,
}

impl Shared {
    /// An event of this shard, or of the whole bot, has been taken, and counts for so many.
    pub(crate) fn note_lag(&self, shard: Option<ShardId>, event: EventLag, weight: u32) {
        self.lag.note(event.lag, weight);
        if let Some(cell) = shard.and_then(|shard| self.fleet.cell(shard)) {
            cell.note_lag(event);
        }
    }

    /// Whether this process may run a shard now.
    pub(crate) fn may_run(&self, id: ShardId) -> bool {
        self.leases.as_ref().is_none_or(|it| it.may_run(id))
    }

    /// Asks a shard that has just begun to stop, if its lease is over by now.
    pub(crate) fn stop_without_lease(&self, id: ShardId, cell: &ShardCell) {
        if !self.may_run(id) {
            cell.stop(OnStop::Resume);
        }
    }

    /// A shard is about to identify: the next process will know.
    pub(crate) fn note_identify(&self, now: Instant, id: ShardId) {
        if let Some(log) = &self.identify_log {
            let IdentifyBudget { left, resets, .. } = self.fleet.read(Fleet::identify_budget);
            log.note(id, left, resets.map(|at| at.since(now)));
        }
    }
}
