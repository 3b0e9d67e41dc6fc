//! Beginning shards: each has a task of its own once it may connect, and not before.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use headcount_core::cache::memory::RestoredRows;
use headcount_core::session::Halt;
use headcount_core::{RequestError, ShardId};
use tracing::Instrument;

use crate::delivery::Delivery;
use crate::drive::Drive;
use crate::inherited_rows::with_stored_members;
use crate::keeper::Keeper;
use crate::shard_cell::ShardCell;
use crate::shard_tenure::ShardTenure;
use crate::shared::Shared;
use crate::snapshots::{SnapshotFloors, SnapshotTask};
use crate::state::{StateFolder, millis};
use crate::{Runtime, SocketOptions};

/// What shards need to begin.
pub(crate) struct Launch<R> {
    pub(crate) runtime: R,
    pub(crate) options: SocketOptions,
    pub(crate) shared: Arc<Shared>,
    /// Where sessions are kept for the next process, if they are. It is free again before the
    /// bot's events end.
    pub(crate) state: Option<StateFolder>,
    /// Time between two requests for all members of one guild.
    pub(crate) gate: Duration,
    pub(crate) delivery: Delivery,
    /// Up to where snapshots have the sessions, if there are any.
    pub(crate) floors: Option<Arc<SnapshotFloors>>,
    /// What writes them.
    pub(crate) snapshots: Option<SnapshotTask>,
}

impl<R: Runtime> Launch<R> {
    fn drive(&self, id: ShardId) -> Option<Drive<R>> {
        Drive::new(
            self.runtime.clone(),
            Arc::clone(&self.shared),
            id,
            self.options.clone(),
            self.delivery.another(),
            self.keeper(id),
        )
    }

    fn keeper(&self, id: ShardId) -> Option<Keeper<R>> {
        let state = self.state.as_ref()?;
        let files = (state.journal(id), state.request_log(id, self.gate));
        let clock = self.shared.clock;
        let floors = self.floors.clone();
        Some(Keeper::new(files, self.runtime.clone(), clock, floors))
    }

    /// Gives a shard its task.
    pub(crate) fn begin(&self, id: ShardId) {
        if let Some(drive) = self.drive(id) {
            self.runtime.spawn(drive.run().instrument(span(id)));
        }
    }

    /// Makes a shard that has ended begin again, with the session that it kept and the rows that
    /// are here, or in the store of its members.
    pub(crate) fn start(&self, id: ShardId) {
        let Some(cell) = self.shared.fleet.cell(id) else {
            return;
        };
        let (tenure, rows) = match self.shared.leases {
            None => (ShardTenure::of(cell.session()), self.rows(cell)),
            // Another process may have had it meanwhile.
            Some(_) => {
                if let Some(left) = &self.shared.left_snapshots {
                    left.end(id);
                }
                self.shared.cache.forget_shard(id);
                (cell.begin_tenure(), None)
            }
        };
        let Some(drive) = self.drive(id) else {
            return;
        };
        let (runtime, shared) = (self.runtime.clone(), Arc::clone(&self.shared));
        let cell = Arc::clone(cell);
        let begin = async move {
            if let Err(error) = begin_again(&runtime, &shared, (id, &cell), (tenure, rows)).await {
                tracing::error!(%error, "shard {id} cannot begin again");
                drop(drive);
                shared.fleet.ended();
                return;
            }
            shared.stop_without_lease(id, &cell);
            drive.run().await;
        };
        self.runtime.spawn(begin.instrument(span(id)));
    }

    /// What the cache in memory has of a shard that has ended. All that a shard was sent is applied
    /// there, unless it ended in the midst of that.
    fn rows(&self, cell: &ShardCell) -> Option<RestoredRows> {
        let Shared { cache, stores, .. } = &*self.shared;
        if cache.kinds().is_empty() {
            return None;
        }
        let (position, halt) = cell.read(|shard| (shard.position(), shard.halt()));
        let at = position?;
        if halt != Some(Halt::Crashed) {
            cache.reach(&[at]);
        }
        let rows = cache.read(|store| store.restored_rows(at.shard, millis(SystemTime::now())));
        rows.map(|rows| rows.kept_elsewhere(stores.kinds()))
    }

    /// Lets a shard that was asked to stop end, without a task: it has no connection.
    pub(crate) async fn end(&self, id: ShardId) {
        if let Some(drive) = self.drive(id) {
            drive.run().await;
        }
    }
}

/// Makes a shard begin again: with the rows of its session that are here or that its last owner
/// left, and with what a store of its members has.
async fn begin_again<R: Runtime>(
    runtime: &R,
    shared: &Shared,
    (id, cell): (ShardId, &ShardCell),
    (tenure, here): (ShardTenure, Option<RestoredRows>),
) -> Result<(), RequestError> {
    let left = shared.left_snapshots.as_ref();
    let found = match left {
        Some(left) => left.find(runtime, (shared, cell), &tenure).await,
        None => None,
    };
    let head = left.and_then(|left| Some(left.head_of(found.as_ref()?)));
    let epoch = tenure.epoch;
    let rows = match &tenure.session {
        Some(session) => match shared.stores.guilds(runtime, session).await {
            stored if stored.guilds.is_empty() => found.or(here),
            stored => Some(with_stored_members(session, found.or(here), stored)),
        },
        None => None,
    };
    if shared.leases.is_some() {
        shared.stores.begin(id, epoch);
    }
    // Whoever asks how far heartbeats may go once it has begun is told.
    if let Some(left) = left {
        left.begin(id, epoch, head);
    }
    let now = shared.clock.now(runtime);
    let started = cell.start(now, tenure, rows.as_ref());
    match (left, &started) {
        (Some(_), Ok(())) => cell.note_applied(),
        (Some(left), Err(_)) => left.end(id),
        (None, _) => {}
    }
    started
}

fn span(id: ShardId) -> tracing::Span {
    tracing::info_span!(
        "shard",
        number = id.number(),
        total = id.total(),
        session = tracing::field::Empty
    )
}
