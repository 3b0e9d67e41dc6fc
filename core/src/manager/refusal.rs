//! Why a manager said no.

use alloc::string::String;
use core::fmt;

use crate::manager::ShardKey;

/// The answer to a request that cannot be met. Nothing was changed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Refusal<C> {
    /// All shards are full and no further one may be opened. The channel can be assigned later.
    Full(C),
    /// The initial channels do not fit, found before anything is opened.
    Capacity {
        /// How many different channels were given.
        channels: usize,
        /// How many the manager can serve.
        seats: usize,
    },
    /// The options contradict each other; the text says how.
    Options(&'static str),
    /// The manager opens no further shards.
    FixedShards,
    /// No shard of this process serves the channel.
    NotServed(C),
    /// The channel is assigned to no shard.
    NotAssigned(C),
    /// The manager said yes and placed the channel nowhere.
    NotPlaced(C),
    /// There is no shard with this key.
    NoSuchShard(ShardKey),
    /// The shard has no seat left.
    ShardFull(ShardKey),
    /// The shard still has channels and may not be closed.
    NotEmpty(ShardKey),
    /// Another shard has this name.
    NameTaken(String),
    /// A reason of a user's own manager.
    Other(String),
}

impl<C: fmt::Debug> fmt::Display for Refusal<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full(channel) => write!(f, "all shards are full: no seat for {channel:?}"),
            Self::Capacity { channels, seats } => {
                write!(f, "{channels} channels do not fit: there are {seats} seats")
            }
            Self::Options(text) => f.write_str(text),
            Self::FixedShards => f.write_str("this manager opens no further shards"),
            Self::NotServed(channel) => write!(f, "no shard here serves {channel:?}"),
            Self::NotAssigned(channel) => write!(f, "{channel:?} is assigned to no shard"),
            Self::NotPlaced(channel) => write!(f, "the manager placed {channel:?} nowhere"),
            Self::NoSuchShard(shard) => write!(f, "there is no shard {shard}"),
            Self::ShardFull(shard) => write!(f, "shard {shard} is full"),
            Self::NotEmpty(shard) => write!(f, "shard {shard} still has channels"),
            Self::NameTaken(name) => write!(f, "another shard is named {name}"),
            Self::Other(text) => f.write_str(text),
        }
    }
}

impl<C: fmt::Debug> core::error::Error for Refusal<C> {}
