//! Leaving snapshots of the shards that run here.

use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use headcount_core::cache::{SnapshotId, WholeSnapshot};

use super::packing::{PIECE, pack};
use super::store::{SnapshotCause, in_time};
use super::{LeftSnapshots, SnapshotTenure, rest};
use crate::Runtime;
use crate::panics::caught_in;
use crate::shared::Shared;
use crate::state::{FileHead, RowsWriter};

/// After a piece was copied and packed others run for so many times as long.
const RESTS: u32 = 9;

/// How often it is looked whether the bot has ended.
const LOOK: Duration = Duration::from_secs(1);

/// A snapshot of more pieces, of 4 GiB, is too long however well it is packed.
const MOST_PIECES: u32 = 1 << 14;

/// Why a snapshot was not left.
enum NotLeft {
    /// There is nothing to leave, or not here any more.
    Over,
    Failed(SnapshotCause),
}

impl<E: Into<SnapshotCause>> From<E> for NotLeft {
    fn from(cause: E) -> Self {
        Self::Failed(cause.into())
    }
}

/// A snapshot has more bytes than its store takes.
#[derive(Debug)]
struct TooLong(u64);

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "it is longer than {} bytes", self.0)
    }
}

impl Error for TooLong {}

/// A snapshot on its way to the store.
struct LeavingSnapshot {
    id: SnapshotId,
    /// How many pieces are in the store, or on their way there.
    pieces: u32,
    bytes: u64,
}

impl LeftSnapshots {
    /// Leaves snapshots until the bot has ended: of each shard at its interval, and the first one
    /// of a shard that has none as soon as it has finished chunking.
    pub(crate) async fn keep_leaving<R: Runtime>(runtime: R, shared: Arc<Shared>) {
        let Some(left) = &shared.left_snapshots else {
            return;
        };
        let mut last = runtime.now();
        while !shared.fleet.has_ended() {
            runtime.timer(left.every.min(LOOK)).await;
            let is_time = runtime.now().saturating_duration_since(last) >= left.every;
            if is_time {
                last = runtime.now();
            }
            let round = left.leave_due(&runtime, &shared, is_time);
            if let Err(panicked) = caught_in(round).await {
                tracing::error!(error = %panicked, "the shards' snapshots were not written");
            }
        }
    }

    /// Leaves a snapshot of each shard that runs here, or of those alone whose first one is due,
    /// one after the other. Of those that fail the first is named.
    async fn leave_due<R: Runtime>(&self, runtime: &R, shared: &Shared, all: bool) {
        let tenures: Vec<_> = self.tenures().values().cloned().collect();
        let due = |tenure: &&Arc<SnapshotTenure>| all || tenure.is_first_due(shared);
        let tenures: Vec<_> = tenures.iter().filter(due).cloned().collect();
        let (mut failures, mut first) = (0_u64, None);
        for tenure in tenures {
            if let Err(NotLeft::Failed(error)) = self.leave(runtime, shared, &tenure).await {
                shared.snapshots.note(None, Duration::ZERO);
                failures += 1;
                first.get_or_insert((error, tenure.shard));
            }
        }
        if let Some((error, shard)) = first {
            tracing::warn!(failures, %shard, %error, "a shard's snapshot was not kept");
        }
    }

    /// Leaves a snapshot of one shard, which takes the place of the one before.
    async fn leave<R: Runtime>(
        &self,
        runtime: &R,
        shared: &Shared,
        tenure: &Arc<SnapshotTenure>,
    ) -> Result<(), NotLeft> {
        if !self.lasts_still(shared, tenure) {
            return Err(NotLeft::Over);
        }
        let head = tenure.begin(|| {
            let cell = shared.fleet.cell(tenure.shard);
            let applied = cell.and_then(|cell| cell.applied());
            FileHead::now(self.plan(), applied.into_iter().collect())
        });
        if head.positions.is_empty() {
            return Err(NotLeft::Over);
        }
        shared.cache.reach(&head.positions);
        let mut rows = RowsWriter::of_shard(&shared.cache, tenure.shard, head.taken);
        let mut leaving = LeavingSnapshot {
            id: tenure.next(),
            pieces: 0,
            bytes: 0,
        };
        let put = self.put(runtime, shared, tenure, (&mut rows, &mut leaving));
        if let Err(why) = put.await {
            // What stays behind is gone once it has lasted.
            let _ = in_time(runtime, self.store.discard(leaving.id, leaving.pieces)).await;
            return Err(why);
        }
        let whole = WholeSnapshot {
            id: leaving.id,
            pieces: leaving.pieces,
        };
        // From here on it may be the last one, whatever is heard of it.
        match in_time(runtime, self.store.complete(whole, self.lasts())).await? {
            true => {
                tenure.written();
                let hold = rows.longest_hold();
                shared.snapshots.note(Some(leaving.bytes), hold);
                Ok(())
            }
            false => {
                let _ = in_time(runtime, self.store.discard(whole.id, whole.pieces)).await;
                Err(NotLeft::Over)
            }
        }
    }

    /// Puts all pieces of a snapshot into the store, as they are copied out of the cache.
    async fn put<R: Runtime>(
        &self,
        runtime: &R,
        shared: &Shared,
        tenure: &Arc<SnapshotTenure>,
        (rows, leaving): (&mut RowsWriter, &mut LeavingSnapshot),
    ) -> Result<(), NotLeft> {
        let mut copied = Vec::new();
        loop {
            let begun = runtime.now();
            let goes_on = rows.write(&shared.cache, &mut copied);
            rest(runtime, begun, RESTS).await;
            let ready = match goes_on {
                true => copied.len() / PIECE * PIECE,
                false => copied.len(),
            };
            for piece in copied[..ready].chunks(PIECE) {
                self.put_piece(runtime, leaving, piece).await?;
                if !self.lasts_still(shared, tenure) {
                    return Err(NotLeft::Over);
                }
            }
            copied.drain(..ready);
            if !goes_on {
                return Ok(());
            }
        }
    }

    async fn put_piece<R: Runtime>(
        &self,
        runtime: &R,
        leaving: &mut LeavingSnapshot,
        piece: &[u8],
    ) -> Result<(), NotLeft> {
        let begun = runtime.now();
        let packed = pack(piece)?;
        rest(runtime, begun, RESTS).await;
        leaving.bytes += packed.len() as u64;
        let longest = self.store.longest();
        if leaving.bytes > longest || leaving.pieces >= MOST_PIECES {
            return Err(TooLong(longest).into());
        }
        let number = leaving.pieces;
        leaving.pieces += 1;
        let put = self
            .store
            .put_piece(leaving.id, number, packed, self.lasts());
        Ok(in_time(runtime, put).await?)
    }
}
