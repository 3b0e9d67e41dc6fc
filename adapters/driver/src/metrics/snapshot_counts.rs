//! How writing the cache down fares.

use std::time::Duration;

/// Snapshots of the cache in memory so far: of all of it to the state folder, or of each shard to
/// whoever runs it next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SnapshotCounts {
    /// Those that are kept.
    pub written: u64,
    /// Those that could not be written.
    pub failures: u64,
    /// How many bytes the last one has.
    pub bytes: u64,
    /// The longest time for which the last one held the cache.
    pub longest_hold: Duration,
    /// Shards of an earlier owner that went on from the one that it left.
    pub used: u64,
    /// Those for which it had left none.
    pub missing: u64,
    /// Those for which it had left one that was not used.
    pub unused: u64,
}

impl SnapshotCounts {
    /// Shards that were taken over, by what their earlier owner had left.
    pub(crate) const fn takeovers(&self) -> [(&'static str, u64); 3] {
        [
            ("used", self.used),
            ("missing", self.missing),
            ("unused", self.unused),
        ]
    }
}
