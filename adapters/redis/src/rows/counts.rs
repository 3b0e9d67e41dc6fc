//! How the rows fare.

use std::sync::atomic::{AtomicU64, Ordering};

/// How a store of rows fares, since it was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct RowCounts {
    /// Questions that Redis answered, each in one round trip.
    pub round_trips: u64,
    /// Questions that it did not answer, or answered with an error.
    pub failures: u64,
    /// Bytes of rows that were written, their names included.
    pub bytes: u64,
}

/// Counts while they are counted.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    round_trips: AtomicU64,
    failures: AtomicU64,
    bytes: AtomicU64,
}

impl Counters {
    pub(crate) fn answered(&self, is_ok: bool) {
        let counter = if is_ok {
            &self.round_trips
        } else {
            &self.failures
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn wrote(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn read(&self) -> RowCounts {
        RowCounts {
            round_trips: self.round_trips.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}
