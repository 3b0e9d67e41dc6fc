//! Beginning shards: each has a task of its own once it may connect, and not before.

use std::sync::Arc;
use std::time::SystemTime;

use headcount_core::{Instant, ShardId};
use tracing::Instrument;

use crate::delivery::Delivery;
use crate::drive::Drive;
use crate::keeper::Keeper;
use crate::shared::Shared;
use crate::snapshots::{SnapshotFloors, SnapshotTask};
use crate::state::StateFolder;
use crate::{Runtime, SocketOptions};

/// What shards need to begin.
pub(crate) struct Launch<R> {
    pub(crate) runtime: R,
    pub(crate) options: SocketOptions,
    pub(crate) shared: Arc<Shared>,
    /// Where sessions are kept for the next process, if they are. It is free again before the
    /// bot's events end.
    pub(crate) state: Option<StateFolder>,
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
        let clock = self.shared.clock;
        let epoch = clock.wall_time(Instant::ZERO);
        let epoch = epoch.unwrap_or(SystemTime::UNIX_EPOCH);
        let journal = self.state.as_ref()?.journal(id, epoch);
        let floors = self.floors.clone();
        Some(Keeper::new(journal, self.runtime.clone(), clock, floors))
    }

    /// Gives a shard its task.
    pub(crate) fn begin(&self, id: ShardId) {
        let span = tracing::info_span!(
            "shard",
            number = id.number(),
            total = id.total(),
            session = tracing::field::Empty
        );
        if let Some(drive) = self.drive(id) {
            self.runtime.spawn(drive.run().instrument(span));
        }
    }

    /// Makes a shard that has ended begin again, with the session that it kept.
    pub(crate) fn start(&self, id: ShardId) {
        let Some(cell) = self.shared.fleet.cell(id) else {
            return;
        };
        let session = cell.session();
        match cell.start(session) {
            Ok(()) => self.begin(id),
            Err(error) => {
                tracing::error!(%error, "shard {id} cannot begin again");
                self.shared.fleet.ended();
            }
        }
    }

    /// Lets a shard that was asked to stop end, without a task: it has no connection.
    pub(crate) async fn end(&self, id: ShardId) {
        if let Some(drive) = self.drive(id) {
            drive.run().await;
        }
    }
}
