//! Events of a whole bot, over all its shards.

use alloc::vec::Vec;

use crate::setup::Restored;
use crate::shard_id::ShardId;

/// Every expected shard has finished chunking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FinishedChunking {
    /// Guilds whose members are known completely.
    pub complete: usize,
    /// Guilds that ended in any other way, or of which a member could not be read.
    pub others: usize,
    /// The same of presences, which are asked for apart; `None` where they are not cached.
    pub presences: Option<PresencesCounts>,
    /// Which guilds are counted by rows of an earlier process, and since when these are there;
    /// `None` if none is.
    pub restored: Option<Restored>,
    /// Shards that had ended for good before.
    pub halted: Vec<ShardId>,
}

/// Over how many guilds the presences are complete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PresencesCounts {
    /// Guilds whose members and presences are known completely.
    pub complete: usize,
    /// All others.
    pub others: usize,
}

/// Every expected shard has been ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BotReady {
    /// Guilds that are there.
    pub available: usize,
    /// Guilds in an outage.
    pub unavailable: usize,
    /// As in [`FinishedChunking::restored`].
    pub restored: Option<Restored>,
    /// Shards that had ended for good before.
    pub halted: Vec<ShardId>,
}
