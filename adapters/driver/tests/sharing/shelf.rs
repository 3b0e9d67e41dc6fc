//! Snapshots in memory, which outlive the processes that leave them.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use headcount_driver::core::ShardId;
use headcount_driver::core::cache::{ShardSnapshots, SnapshotId, WholeSnapshot};

/// What becomes of what is put there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Puts {
    #[default]
    Kept,
    Refused,
    /// It is kept, and nobody hears of it.
    Unanswered,
}

#[derive(Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<Shelved>>);

#[derive(Default)]
pub(crate) struct Shelved {
    pub(crate) puts: Puts,
    /// Whether nobody is told what is there.
    pub(crate) is_closed: bool,
    /// The highest epoch in which an owner has begun.
    claimed: u64,
    pub(crate) last: Option<WholeSnapshot>,
    pub(crate) pieces: BTreeMap<(SnapshotId, u32), Vec<u8>>,
}

impl Shelf {
    pub(crate) fn lock(&self) -> MutexGuard<'_, Shelved> {
        self.0.lock().expect("no panic")
    }

    /// Changes the only piece.
    pub(crate) fn change(&self, change: impl FnOnce(&mut Vec<u8>)) {
        let mut shelved = self.lock();
        let piece = shelved.pieces.values_mut().next();
        change(piece.expect("it is there"));
    }
}

impl ShardSnapshots for Shelf {
    type Error = io::Error;

    async fn claim(
        &self,
        _: ShardId,
        epoch: u64,
        _: Duration,
    ) -> io::Result<Option<WholeSnapshot>> {
        let mut shelved = self.lock();
        if shelved.is_closed {
            return Err(io::ErrorKind::NotConnected.into());
        }
        assert!(epoch > shelved.claimed, "{epoch}");
        shelved.claimed = epoch;
        Ok(shelved.last)
    }

    async fn piece(&self, id: SnapshotId, piece: u32) -> io::Result<Option<Vec<u8>>> {
        Ok(self.lock().pieces.get(&(id, piece)).cloned())
    }

    async fn put_piece(
        &self,
        id: SnapshotId,
        piece: u32,
        bytes: Vec<u8>,
        _: Duration,
    ) -> io::Result<()> {
        let puts = self.lock().puts;
        if puts == Puts::Refused {
            return Err(io::ErrorKind::StorageFull.into());
        }
        let before = self.lock().pieces.insert((id, piece), bytes);
        assert_eq!(before, None, "no two have the same name");
        if puts == Puts::Unanswered {
            std::future::pending::<()>().await;
        }
        Ok(())
    }

    async fn complete(&self, snapshot: WholeSnapshot, _: Duration) -> io::Result<bool> {
        let mut shelved = self.lock();
        if shelved.claimed > snapshot.id.epoch {
            return Ok(false);
        }
        shelved.last = Some(snapshot);
        shelved.pieces.retain(|(id, _), _| *id == snapshot.id);
        Ok(true)
    }

    async fn discard(&self, id: SnapshotId, pieces: u32) -> io::Result<()> {
        let mut shelved = self.lock();
        (0..pieces).for_each(|piece| drop(shelved.pieces.remove(&(id, piece))));
        Ok(())
    }
}
