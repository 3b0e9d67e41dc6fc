//! Where snapshots of single shards lie between processes.

use alloc::vec::Vec;
use core::error::Error;
use core::future::Future;
use core::time::Duration;

use crate::shard_id::ShardId;

/// Which snapshot of a shard: no two have the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnapshotId {
    /// The shard.
    pub shard: ShardId,
    /// The number of the epoch in which its owner began: higher with each owner.
    pub epoch: u64,
    /// Counts up with each snapshot of one owner.
    pub number: u64,
}

/// A snapshot of which all pieces are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WholeSnapshot {
    /// Which one.
    pub id: SnapshotId,
    /// How many pieces it has, numbered from zero on: 16,384 at most.
    pub pieces: u32,
}

/// Where the owner of a shard leaves what its cache has of it, in pieces, for the process that runs
/// the shard next.
///
/// Pieces are bytes: whoever keeps them need not understand them, and may lose them at any time. A
/// snapshot counts once it is [complete](Self::complete), in the place of the one before. Every
/// call may be dropped at any await, which counts as a failure.
pub trait ShardSnapshots {
    /// What can go wrong.
    type Error: Error;

    /// How many bytes a snapshot may have, all pieces together; one that has more is left out.
    /// Default 256 MiB.
    fn longest(&self) -> u64 {
        256 << 20
    }

    /// Names the shard's last whole snapshot, for an owner that begins in this epoch: from now on,
    /// and for `lasts`, no owner of an earlier one completes another.
    ///
    /// # Errors
    /// Whatever befalls the store.
    fn claim(
        &self,
        shard: ShardId,
        epoch: u64,
        lasts: Duration,
    ) -> impl Future<Output = Result<Option<WholeSnapshot>, Self::Error>> + Send;

    /// Reads a piece; `None` if it is not there any more.
    ///
    /// # Errors
    /// Whatever befalls the store.
    fn piece(
        &self,
        id: SnapshotId,
        piece: u32,
    ) -> impl Future<Output = Result<Option<Vec<u8>>, Self::Error>> + Send;

    /// Keeps a piece of a snapshot that is not complete yet, at most 257 KiB, for `lasts` at least.
    ///
    /// # Errors
    /// Whatever befalls the store.
    fn put_piece(
        &self,
        id: SnapshotId,
        piece: u32,
        bytes: Vec<u8>,
        lasts: Duration,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;

    /// All pieces were put: this is the shard's last snapshot for `lasts`, and the one before may
    /// go. Whether it is; not if an owner of a later epoch has begun.
    ///
    /// # Errors
    /// Whatever befalls the store; then either of the two is there.
    fn complete(
        &self,
        snapshot: WholeSnapshot,
        lasts: Duration,
    ) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// A snapshot of which so many pieces were put will not be complete: they may go.
    ///
    /// # Errors
    /// Whatever befalls the store.
    fn discard(
        &self,
        id: SnapshotId,
        pieces: u32,
    ) -> impl Future<Output = Result<(), Self::Error>> + Send;
}
