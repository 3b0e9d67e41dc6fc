//! The time from receipt to consumer, in buckets.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use headcount_core::Instant;

/// The upper bounds of the buckets, in nanoseconds; above the last is one more.
const BOUNDS: [u64; 13] = [
    100_000,
    1_000_000,
    5_000_000,
    10_000_000,
    25_000_000,
    50_000_000,
    100_000_000,
    250_000_000,
    500_000_000,
    1_000_000_000,
    5_000_000_000,
    10_000_000_000,
    60_000_000_000,
];

/// How many buckets there are.
const BUCKETS: usize = BOUNDS.len() + 1;

/// How many events took how long from receipt to consumer. Of each shard the first 1,024 are
/// timed, then one of sixteen and the first one in each second, which count for those before them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LagHistogram {
    buckets: [u64; BUCKETS],
    nanos: u64,
}

impl LagHistogram {
    /// The highest bound.
    #[cfg(feature = "metrics")]
    pub(super) const LONGEST: Duration = Duration::from_secs(60);

    /// The buckets, in ascending order: the upper bound, which belongs to it, and how many events
    /// are in this bucket and in none below. The last has no bound.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = BOUNDS.iter().copied().map(Duration::from_nanos);
        let bounds = bounds.map(Some).chain([None]);
        bounds.zip(self.buckets)
    }

    /// How many events there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// The times of all events together.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        Duration::from_nanos(self.nanos)
    }
}

/// How long one event took from receipt to consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventLag {
    /// When the consumer took it.
    pub taken: Instant,
    /// The time from its receipt.
    pub lag: Duration,
}

/// The same while it is counted. The consumer alone counts.
#[derive(Debug, Default)]
pub(crate) struct LagCounters {
    buckets: [AtomicU64; BUCKETS],
    nanos: AtomicU64,
}

impl LagCounters {
    /// An event has taken so long, and as many as it counts for.
    #[inline]
    pub(crate) fn note(&self, lag: Duration, weight: u32) {
        let nanos = u64::try_from(lag.as_nanos()).unwrap_or(u64::MAX);
        let weight = u64::from(weight);
        // Most are in one of the first.
        let at = BOUNDS.iter().position(|bound| nanos <= *bound);
        let bucket = &self.buckets[at.unwrap_or(BOUNDS.len())];
        bucket.fetch_add(weight, Ordering::Relaxed);
        let nanos = nanos.saturating_mul(weight);
        self.nanos.fetch_add(nanos, Ordering::Relaxed);
    }

    /// As of now.
    pub(crate) fn read(&self) -> LagHistogram {
        LagHistogram {
            buckets: self.buckets.each_ref().map(|it| it.load(Ordering::Relaxed)),
            nanos: self.nanos.load(Ordering::Relaxed),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let counters = LagCounters::default();
        for nanos in [0, 100_000, 100_001, 60_000_000_000, 60_000_000_001] {
            counters.note(Duration::from_nanos(nanos), 1);
        }
        let lag = counters.read();
        let all: Vec<_> = lag.buckets().filter(|(_, count)| *count > 0).collect();
        let bound = |micros| Some(Duration::from_micros(micros));
        let wanted = [
            (bound(100), 2),
            (bound(1_000), 1),
            (bound(60_000_000), 1),
            (None, 1),
        ];
        assert_eq!(all, wanted);
        assert_eq!((lag.count(), lag.sum().as_micros()), (5, 120_000_200));
        assert_eq!(lag.buckets().count(), BUCKETS);
    }

    #[test]
    fn one_that_counts_for_many_is_as_many() {
        let counters = LagCounters::default();
        counters.note(Duration::from_millis(3), 16);
        let lag = counters.read();
        assert_eq!((lag.count(), lag.sum().as_millis()), (16, 48));
    }
}
