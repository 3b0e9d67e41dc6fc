//! How a bot in several processes fares.

use std::sync::atomic::{AtomicU64, Ordering};

use headcount_core::fleet::lease::LeaseEnd;

/// The leases of this process so far; all zero for a bot that runs in one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct LeaseCounts {
    /// Shards that it holds now.
    pub held: usize,
    /// Processes that live now, as far as it knows.
    pub live: usize,
    /// Leases that could not be renewed in time.
    pub expired: u64,
    /// Those that another process had taken.
    pub taken: u64,
    /// Those that were given back.
    pub yielded: u64,
    /// Questions to the table that were answered.
    pub answers: u64,
    /// Those that were not.
    pub failures: u64,
}

impl LeaseCounts {
    /// Shards that had to be stopped, by why.
    pub(crate) const fn ends(&self) -> [(&'static str, u64); 3] {
        [
            ("expired", self.expired),
            ("taken", self.taken),
            ("yielded", self.yielded),
        ]
    }

    /// Questions to the table, by whether they were answered.
    pub(crate) const fn questions(&self) -> [(&'static str, u64); 2] {
        [("answered", self.answers), ("failed", self.failures)]
    }
}

/// The same while it is counted.
#[derive(Debug, Default)]
pub(crate) struct LeaseCounters {
    expired: AtomicU64,
    taken: AtomicU64,
    yielded: AtomicU64,
    answers: AtomicU64,
    failures: AtomicU64,
}

impl LeaseCounters {
    /// A shard has to be stopped.
    pub(crate) fn ended(&self, why: LeaseEnd) {
        let counter = match why {
            LeaseEnd::Expired => &self.expired,
            LeaseEnd::Taken(_) => &self.taken,
            LeaseEnd::Yielded => &self.yielded,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// The table has answered, or not.
    pub(crate) fn answered(&self, is_answered: bool) {
        let counter = match is_answered {
            true => &self.answers,
            false => &self.failures,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// As of now, with so many shards and processes.
    pub(crate) fn read(&self, held: usize, live: usize) -> LeaseCounts {
        LeaseCounts {
            held,
            live,
            expired: self.expired.load(Ordering::Relaxed),
            taken: self.taken.load(Ordering::Relaxed),
            yielded: self.yielded.load(Ordering::Relaxed),
            answers: self.answers.load(Ordering::Relaxed),
            failures: self.failures.load(Ordering::Relaxed),
        }
    }
}
