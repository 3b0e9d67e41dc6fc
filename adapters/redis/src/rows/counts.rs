//! How the rows fare.

use std::sync::atomic::{AtomicU64, Ordering};

use headcount_core::cache::StoreTraffic;

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

    pub(crate) fn read(&self) -> StoreTraffic {
        StoreTraffic {
            round_trips: self.round_trips.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            bytes: self.bytes.load(Ordering::Relaxed),
        }
    }
}
