//! The rows of a snapshot, on their way from and to the core's form of them.

use std::time::{Duration, Instant};

use headcount_core::ShardId;
use headcount_core::cache::MemoryStore;
use headcount_core::cache::memory::snapshot::SnapshotWriter;

use crate::cache::Cache;

/// So many bytes are encoded at a time, and a little more.
const PART: usize = 1 << 20;

/// Hands out the rows of the cache piece by piece.
pub(crate) struct RowsWriter {
    writer: SnapshotWriter,
    /// Whether there is more to be copied.
    goes_on: bool,
    /// Whether more has been copied than is written.
    has_more: bool,
    /// The longest time for which the cache was held.
    hold: Duration,
    /// The time for which it was held last.
    last_hold: Duration,
}

impl RowsWriter {
    /// Begins with all that the cache has; `taken` is in milliseconds since 1970.
    pub(crate) fn new(cache: &Cache, taken: u64) -> Self {
        Self::begin(cache, |store| store.snapshot(taken))
    }

    /// The same of one shard.
    pub(crate) fn of_shard(cache: &Cache, shard: ShardId, taken: u64) -> Self {
        Self::begin(cache, |store| store.shard_snapshot(shard, taken))
    }

    fn begin(cache: &Cache, begin: impl FnOnce(&MemoryStore) -> SnapshotWriter) -> Self {
        let (writer, hold) = cache.read(|store| timed(|| begin(store)));
        Self {
            writer,
            goes_on: true,
            has_more: false,
            hold,
            last_hold: hold,
        }
    }

    /// The same in a form that other versions read too.
    pub(crate) fn portable(cache: &Cache, taken: u64) -> Self {
        let packed = Self::new(cache, taken);
        Self {
            writer: packed.writer.portable(),
            ..packed
        }
    }

    /// Appends the next piece; `false` if that was the last. The cache is held for what is copied,
    /// and not while it is encoded.
    pub(crate) fn write(&mut self, cache: &Cache, to: &mut Vec<u8>) -> bool {
        self.last_hold = Duration::ZERO;
        if !self.has_more {
            let (goes_on, hold) = cache.read(|store| timed(|| self.writer.copy(store)));
            self.goes_on = goes_on;
            self.hold = self.hold.max(hold);
            self.last_hold = hold;
        }
        self.has_more = self.writer.write_some(to, PART);
        self.goes_on || self.has_more
    }

    pub(crate) const fn longest_hold(&self) -> Duration {
        self.hold
    }

    pub(crate) const fn last_hold(&self) -> Duration {
        self.last_hold
    }
}

fn timed<T>(call: impl FnOnce() -> T) -> (T, Duration) {
    let begun = Instant::now();
    let result = call();
    (result, begun.elapsed())
}
