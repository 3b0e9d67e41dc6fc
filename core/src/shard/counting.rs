//! What a shard has done so far.

use crate::counts::ShardCounts;
use crate::shard::Shard;
use crate::tracker::MisreadCounts;

impl Shard {
    /// What the shard has taken in and given out since it was made.
    #[must_use]
    pub const fn counts(&self) -> &ShardCounts {
        &self.counts
    }

    /// How many payloads were not understood whole so far.
    #[must_use]
    pub const fn misunderstood(&self) -> u64 {
        self.tracker.misunderstood()
    }

    /// Which kinds of places were not understood, and how often.
    #[must_use]
    pub const fn misreads(&self) -> &MisreadCounts {
        self.tracker.misreads()
    }
}
