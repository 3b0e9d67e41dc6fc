//! A place for snapshots of shards, whatever it is made of.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use headcount_core::ShardId;
use headcount_core::cache::{ShardSnapshots, SnapshotId, WholeSnapshot};

use super::DEADLINE;
use crate::Runtime;
use crate::deadline::within;
use crate::panics::caught_in;

/// Why nothing was kept or found.
pub(super) type SnapshotCause = Box<dyn Error + Send + Sync>;

type SnapshotAnswer<'a, T> = BoxFuture<'a, Result<T, SnapshotCause>>;

/// A place for snapshots whose errors have lost their type.
pub(crate) trait AnyShardSnapshots: Send + Sync {
    fn longest(&self) -> u64;

    fn claim(
        &self,
        shard: ShardId,
        epoch: u64,
        lasts: Duration,
    ) -> SnapshotAnswer<'_, Option<WholeSnapshot>>;

    fn piece(&self, id: SnapshotId, piece: u32) -> SnapshotAnswer<'_, Option<Vec<u8>>>;

    fn put_piece(
        &self,
        id: SnapshotId,
        piece: u32,
        bytes: Vec<u8>,
        lasts: Duration,
    ) -> SnapshotAnswer<'_, ()>;

    fn complete(&self, snapshot: WholeSnapshot, lasts: Duration) -> SnapshotAnswer<'_, bool>;

    fn discard(&self, id: SnapshotId, pieces: u32) -> SnapshotAnswer<'_, ()>;
}

impl<S> AnyShardSnapshots for S
where
    S: ShardSnapshots + Send + Sync,
    S::Error: Send + Sync + 'static,
{
    fn longest(&self) -> u64 {
        ShardSnapshots::longest(self)
    }

    fn claim(
        &self,
        shard: ShardId,
        epoch: u64,
        lasts: Duration,
    ) -> SnapshotAnswer<'_, Option<WholeSnapshot>> {
        answer(async move { ShardSnapshots::claim(self, shard, epoch, lasts).await })
    }

    fn piece(&self, id: SnapshotId, piece: u32) -> SnapshotAnswer<'_, Option<Vec<u8>>> {
        answer(async move { ShardSnapshots::piece(self, id, piece).await })
    }

    fn put_piece(
        &self,
        id: SnapshotId,
        piece: u32,
        bytes: Vec<u8>,
        lasts: Duration,
    ) -> SnapshotAnswer<'_, ()> {
        answer(async move { ShardSnapshots::put_piece(self, id, piece, bytes, lasts).await })
    }

    fn complete(&self, snapshot: WholeSnapshot, lasts: Duration) -> SnapshotAnswer<'_, bool> {
        answer(async move { ShardSnapshots::complete(self, snapshot, lasts).await })
    }

    fn discard(&self, id: SnapshotId, pieces: u32) -> SnapshotAnswer<'_, ()> {
        answer(async move { ShardSnapshots::discard(self, id, pieces).await })
    }
}

/// An answer; a panic is an error like any other.
fn answer<'a, T, E>(work: impl Future<Output = Result<T, E>> + Send + 'a) -> SnapshotAnswer<'a, T>
where
    T: Send + 'a,
    E: Error + Send + Sync + 'static,
{
    let work = caught_in(work);
    work.map(|done| done?.map_err(SnapshotCause::from)).boxed()
}

/// What the store says, if it says so in time.
pub(super) async fn in_time<R: Runtime, T>(
    runtime: &R,
    call: SnapshotAnswer<'_, T>,
) -> Result<T, SnapshotCause> {
    let answer = within(runtime, DEADLINE, call).await;
    answer.unwrap_or_else(|| Err("the store gave no answer in time".into()))
}
