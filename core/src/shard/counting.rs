//! What a shard has done so far.

use crate::counts::ShardCounts;
use crate::shard::Shard;

impl Shard {
    /// What the shard has taken in and given out since it was made.
    #[must_use]
    pub const fn counts(&self) -> &ShardCounts {
        &self.counts
    }
}
