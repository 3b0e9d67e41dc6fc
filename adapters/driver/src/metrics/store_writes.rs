//! How stores of the application's fare.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headcount_core::cache::StoreTraffic;

/// Changes that were handed to stores of your own so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoreCounts {
    /// Changes that ended, well or not; one for each store that has a part in a change.
    pub writes: u64,
    /// Those of them that failed for good, those included that were not tried since the store had
    /// not answered before.
    pub failures: u64,
    /// Attempts after a first one that failed.
    pub retries: u64,
    /// The time that they took, pauses between attempts included.
    pub time: Duration,
    /// What went between the stores and their servers, as far as they say so
    /// ([`AsyncStore::traffic`](headcount_core::cache::AsyncStore::traffic)).
    pub traffic: StoreTraffic,
}

impl StoreCounts {
    /// Adds what a store says.
    pub(crate) const fn add(&mut self, traffic: StoreTraffic) {
        let all = &mut self.traffic;
        all.round_trips = all.round_trips.saturating_add(traffic.round_trips);
        all.failures = all.failures.saturating_add(traffic.failures);
        all.bytes = all.bytes.saturating_add(traffic.bytes);
    }

    /// Questions of the stores to their servers, by whether they were answered.
    pub(crate) const fn questions(&self) -> [(&'static str, u64); 2] {
        [
            ("answered", self.traffic.round_trips),
            ("failed", self.traffic.failures),
        ]
    }
}

/// The same while it is counted.
#[derive(Debug, Default)]
pub(crate) struct StoreCounters {
    writes: AtomicU64,
    failures: AtomicU64,
    retries: AtomicU64,
    nanos: AtomicU64,
}

impl StoreCounters {
    /// A change has ended after this time.
    pub(crate) fn ended(&self, well: bool, time: Duration) {
        self.writes.fetch_add(1, Ordering::Relaxed);
        self.failures.fetch_add(u64::from(!well), Ordering::Relaxed);
        let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// A change is tried once more.
    pub(crate) fn tried_again(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    /// As of now.
    pub(crate) fn read(&self) -> StoreCounts {
        StoreCounts {
            writes: self.writes.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            time: Duration::from_nanos(self.nanos.load(Ordering::Relaxed)),
            traffic: StoreTraffic::default(),
        }
    }
}
