//! What a manager wants the host to do.

use crate::manager::{NewShard, ShardKey};

/// One step for the host, to be carried out in the order given.
///
/// Decisions only ever concern shards that run; what is assigned to a stopped shard is joined when
/// it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision<C> {
    /// Open a connection for this shard. Its channels follow, each as a `Join`.
    Open {
        /// The shard; the same key again after a stop.
        shard: ShardKey,
        /// Its name, its account and the like.
        spec: NewShard,
    },
    /// Join a channel that no other running shard serves.
    Join {
        /// The shard that joins.
        shard: ShardKey,
        /// The channel.
        channel: C,
    },
    /// Part from a channel.
    Part {
        /// The shard that parts.
        shard: ShardKey,
        /// The channel.
        channel: C,
    },
    /// Let another shard serve a channel, without a gap where limits allow: join, then part.
    Move {
        /// The channel.
        channel: C,
        /// The shard that has it now.
        from: ShardKey,
        /// The shard that takes it.
        to: ShardKey,
    },
    /// Close the shard's connection and make no further attempt to open it.
    Close {
        /// The shard.
        shard: ShardKey,
    },
}
