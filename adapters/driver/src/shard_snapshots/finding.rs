//! Finding the snapshot that the last owner of a shard has left.

use std::error::Error;
use std::fmt;
use std::time::{Duration, SystemTime};

use headcount_core::cache::memory::RestoredRows;
use headcount_core::cache::memory::snapshot::SnapshotReader;
use headcount_core::cache::{MemoryStore, WholeSnapshot};
use headcount_core::{Position, Session};

use super::import::Import;
use super::packing::unpack;
use super::store::{SnapshotCause, in_time};
use super::{LeftSnapshots, rest};
use crate::Runtime;
use crate::deadline::within;
use crate::panics::caught_in;
use crate::shard_cell::ShardCell;
use crate::shard_tenure::ShardTenure;
use crate::shared::Shared;
use crate::state::millis;

/// How long a shard waits for the rows that were left: its session does not last.
const PATIENCE: Duration = Duration::from_secs(20);

/// After a piece was read or put back others run for so many times as long.
const RESTS: u32 = 1;

/// Why a snapshot that is there is not gone on from.
#[derive(Debug, PartialEq, Eq)]
enum UnusableSnapshot {
    /// This piece is not there any more.
    Torn(u32),
    /// It is not to be read, or the shard is not to begin here any more.
    Over,
    TooLong,
    TooOld,
    OtherSession,
    /// The service may have been told that events after it are dealt with.
    Behind,
    TookTooLong,
}

impl fmt::Display for UnusableSnapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn(piece) => write!(f, "its piece {piece} is missing"),
            Self::Over => f.write_str("it is not wanted any more"),
            Self::TooLong => f.write_str("it is longer than those that are left here"),
            Self::TooOld => f.write_str("it is too old to go on from"),
            Self::OtherSession => f.write_str("it is of another session"),
            Self::Behind => f.write_str("the session cannot be resumed from so far back"),
            Self::TookTooLong => f.write_str("reading it took too long"),
        }
    }
}

impl Error for UnusableSnapshot {}

fn is_over(error: &SnapshotCause) -> bool {
    error.downcast_ref() == Some(&UnusableSnapshot::Over)
}

impl LeftSnapshots {
    /// Puts the rows of the session that a shard resumes into the cache, as the last owner left
    /// them; `None` if it left none, or none that can be used, which is a warning.
    pub(crate) async fn find<R: Runtime>(
        &self,
        runtime: &R,
        (shared, cell): (&Shared, &ShardCell),
        tenure: &ShardTenure,
    ) -> Option<RestoredRows> {
        let session = tenure.session.as_ref()?;
        let look = caught_in(self.look(runtime, (shared, cell), (tenure, session)));
        let found = match within(runtime, PATIENCE, look).await {
            Some(Ok(found)) => found,
            Some(Err(panicked)) => Err(panicked.into()),
            None => Err(UnusableSnapshot::TookTooLong.into()),
        };
        let (store, rows) = match found {
            Ok(Some(found)) => found,
            Ok(None) => {
                shared.snapshots.taken_over(|counts| counts.missing += 1);
                return None;
            }
            Err(error) if is_over(&error) => return None,
            Err(error) => {
                shared.snapshots.taken_over(|counts| counts.unused += 1);
                tracing::warn!(shard = %session.shard(), %error, "a shard's snapshot is not used");
                return None;
            }
        };
        let mut import = Import::new(&shared.cache);
        for piece in store.export() {
            let begun = runtime.now();
            import.take(piece);
            rest(runtime, begun, RESTS).await;
        }
        import.finish();
        shared.snapshots.taken_over(|counts| counts.used += 1);
        Some(rows.kept_elsewhere(shared.stores.kinds()))
    }

    /// The last owner's snapshot in a store of its own, if there is one.
    async fn look<R: Runtime>(
        &self,
        runtime: &R,
        (shared, cell): (&Shared, &ShardCell),
        (tenure, session): (&ShardTenure, &Session),
    ) -> Result<Option<(MemoryStore, RestoredRows)>, SnapshotCause> {
        let claim = self
            .store
            .claim(session.shard(), tenure.epoch, self.lasts());
        let whole = in_time(runtime, claim).await?;
        if !self.is_read {
            return Err(UnusableSnapshot::Over.into());
        }
        let Some(whole) = whole else {
            return Ok(None);
        };
        let (store, taken) = self.read(runtime, (shared, cell), whole).await?;
        let at = store.applied_position(session.shard());
        self.suits(tenure, session, (at, taken))?;
        let rows = store.restored_rows(session.shard(), taken);
        Ok(rows.map(|rows| (store, rows)))
    }

    /// Whether a session can go on from what was taken then and there.
    fn suits(
        &self,
        tenure: &ShardTenure,
        session: &Session,
        (at, taken): (Option<Position>, u64),
    ) -> Result<(), UnusableSnapshot> {
        let digest = session.digest();
        let at = at.filter(|at| at.session == digest);
        let at = at.ok_or(UnusableSnapshot::OtherSession)?;
        let age = millis(SystemTime::now()).saturating_sub(taken);
        if Duration::from_millis(age) > self.lasts() {
            return Err(UnusableSnapshot::TooOld);
        }
        let resumable_from = tenure.resumable_from.unwrap_or(session.sequence());
        match at.sequence < resumable_from {
            true => Err(UnusableSnapshot::Behind),
            false => Ok(()),
        }
    }

    /// Reads a snapshot, and says when it was taken.
    async fn read<R: Runtime>(
        &self,
        runtime: &R,
        (shared, cell): (&Shared, &ShardCell),
        whole: WholeSnapshot,
    ) -> Result<(MemoryStore, u64), SnapshotCause> {
        let empty = shared.cache.empty(self.seed);
        let mut reader = SnapshotReader::new(empty).at(millis(SystemTime::now()));
        let mut bytes = 0_u64;
        for number in 0..whole.pieces {
            if cell.is_to_stop() || !shared.may_run(cell.id()) {
                return Err(UnusableSnapshot::Over.into());
            }
            let piece = in_time(runtime, self.store.piece(whole.id, number)).await?;
            let piece = piece.ok_or(UnusableSnapshot::Torn(number))?;
            bytes += piece.len() as u64;
            if bytes > self.store.longest() {
                return Err(UnusableSnapshot::TooLong.into());
            }
            let begun = runtime.now();
            reader.push(&unpack(&piece)?)?;
            rest(runtime, begun, RESTS).await;
        }
        let (store, head) = reader.finish()?;
        Ok((store, head.taken()))
    }
}
