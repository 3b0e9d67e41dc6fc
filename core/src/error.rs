//! What a caller can ask wrongly.

use core::fmt;

use crate::id::GuildId;
use crate::intents::Intents;

/// Why a call was refused. Nothing has changed: it is as if the call had not been made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// The connection's intents lack what the call needs.
    MissingIntents(Intents),
    /// A member search by prefix takes a limit from 1 to 100.
    Limit(u16),
    /// A member search by prefix takes a prefix.
    EmptyPrefix,
    /// A request by user takes 1 to 100 ids; this is how many were given.
    UserCount(usize),
    /// The guild is another shard's: nothing would ever come back.
    OtherShard(GuildId),
    /// The encoded payload has `bytes` bytes and the gateway takes at most `limit`.
    TooLarge {
        /// Size of the encoded payload, in bytes.
        bytes: usize,
        /// The configured limit, in bytes.
        limit: usize,
    },
    /// The queue holds as many entries as its configured bound allows.
    QueueFull {
        /// That bound, in entries.
        bound: usize,
    },
    /// The shard has ended.
    Halted,
    /// The shard has not ended.
    Running,
    /// The command is the shard's own business (heartbeat, identify, resume) or goes through
    /// another call (member requests).
    Reserved,
    /// The exported session belongs to another shard, other intents, or another version.
    ForeignSession,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingIntents(intents) => write!(f, "needs the intents {intents:?}"),
            Self::Limit(limit) => {
                write!(f, "a prefix search takes a limit of 1 to 100, not {limit}")
            }
            Self::EmptyPrefix => f.write_str("a prefix search takes a prefix"),
            Self::UserCount(count) => write!(f, "a request takes 1 to 100 user ids, not {count}"),
            Self::OtherShard(guild) => write!(f, "guild {guild} belongs to another shard"),
            Self::TooLarge { bytes, limit } => {
                write!(
                    f,
                    "the payload has {bytes} bytes, more than the {limit} allowed"
                )
            }
            Self::QueueFull { bound } => write!(f, "the queue is full ({bound} entries)"),
            Self::Halted => f.write_str("the shard has ended"),
            Self::Running => f.write_str("the shard has not ended"),
            Self::Reserved => f.write_str("this command cannot be sent by hand"),
            Self::ForeignSession => f.write_str("the session was made for another connection"),
        }
    }
}

impl core::error::Error for RequestError {}
