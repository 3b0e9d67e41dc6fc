//! What may be asked, and the value that is put on the wire.

use core::fmt;

use alloc::string::String;
use alloc::vec::Vec;

use super::nonce::Nonce;
use crate::Instant;
use crate::id::{GuildId, UserId};

/// The most ids, and the highest limit, that the gateway answers in one request.
pub(crate) const MOST: usize = 100;

/// The longest prefix, in bytes: even fully escaped it fits in a payload of 4096 bytes.
const LONGEST_PREFIX: usize = 512;

/// A member request, stable over its attempts; unique within one machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RequestId(u64);

impl RequestId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The number; later requests have higher ones.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Whom a member request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MemberQuery {
    /// Everyone; needs the members intent, and is gated to one per guild in 30 s.
    All,
    /// Those whose name or nick starts with a text.
    Prefix {
        /// The text, 1 to 512 bytes.
        query: String,
        /// How many at most, 1 to 100.
        limit: u8,
    },
    /// Those with these ids, 1 to 100 of them.
    Users(Vec<UserId>),
}

impl MemberQuery {
    /// Whether everyone is asked for.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        match self {
            Self::All => true,
            Self::Prefix { .. } | Self::Users(_) => false,
        }
    }

    /// Checks the arguments, and that the intents allow the request.
    pub(crate) fn check(&self, presences: bool, granted: Granted) -> Result<(), RequestError> {
        match self {
            Self::All if !granted.members => return Err(RequestError::NeedsMembersIntent),
            Self::All => {}
            Self::Prefix { query, .. } if query.is_empty() => return Err(RequestError::Empty),
            Self::Prefix { query, .. } if query.len() > LONGEST_PREFIX => {
                return Err(RequestError::PrefixTooLong { bytes: query.len() });
            }
            Self::Prefix { limit, .. } if !(1..=MOST).contains(&usize::from(*limit)) => {
                return Err(RequestError::LimitOutOfRange { limit: *limit });
            }
            Self::Prefix { .. } => {}
            Self::Users(users) if users.is_empty() => return Err(RequestError::Empty),
            Self::Users(users) if users.len() > MOST => {
                return Err(RequestError::TooManyUsers { users: users.len() });
            }
            Self::Users(_) => {}
        }
        if presences && !granted.presences {
            return Err(RequestError::NeedsPresencesIntent);
        }
        Ok(())
    }
}

/// Which of the intents that member requests and guild streaming depend on were granted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Granted {
    pub(crate) guilds: bool,
    pub(crate) members: bool,
    pub(crate) presences: bool,
}

/// Why a member request was refused at the call; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestError {
    /// Asking for everyone needs the members intent.
    NeedsMembersIntent,
    /// Asking for presences needs the presences intent.
    NeedsPresencesIntent,
    /// The prefix or the list of ids is empty.
    Empty,
    /// The prefix is longer than 512 bytes.
    PrefixTooLong {
        /// Its length in bytes.
        bytes: usize,
    },
    /// The limit is not within 1 to 100.
    LimitOutOfRange {
        /// The limit given.
        limit: u8,
    },
    /// More than 100 ids; the rest would never be answered.
    TooManyUsers {
        /// How many were given.
        users: usize,
    },
    /// As many requests wait as the configuration allows.
    QueueFull,
    /// The guild is served by another shard, which alone can answer.
    WrongShard,
    /// The shard has halted and sends nothing any more.
    Halted,
}

impl fmt::Display for RequestError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NeedsMembersIntent => f.write_str("asking for everyone needs the members intent"),
            Self::NeedsPresencesIntent => {
                f.write_str("asking for presences needs the presences intent")
            }
            Self::Empty => f.write_str("nothing to ask for: the prefix or the list is empty"),
            Self::PrefixTooLong { bytes } => {
                write!(f, "a prefix of {bytes} bytes; 512 are the most")
            }
            Self::LimitOutOfRange { limit } => {
                write!(f, "a limit of {limit}; 1 to 100 are allowed")
            }
            Self::TooManyUsers { users } => write!(f, "{users} ids; 100 are the most"),
            Self::QueueFull => f.write_str("too many member requests are waiting"),
            Self::WrongShard => f.write_str("another shard serves this guild"),
            Self::Halted => f.write_str("the shard has halted"),
        }
    }
}

impl core::error::Error for RequestError {}

/// What the machine is asked to request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) guild: GuildId,
    pub(crate) query: MemberQuery,
    pub(crate) presences: bool,
    /// Made by setup, not by the caller: a new session makes it anew.
    pub(crate) auto: bool,
    /// How many members the guild has, as far as known.
    pub(crate) members: u64,
    /// The guild's data is still to come, and would sweep the answer away: wait for it.
    pub(crate) awaits_guild: bool,
}

/// One attempt, as it is to be sent now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestMembers {
    /// The guild asked about.
    pub guild: GuildId,
    /// Whom to list.
    pub query: MemberQuery,
    /// Whether presences are wanted too.
    pub presences: bool,
    /// What the chunks of the answer will carry.
    pub nonce: Nonce,
}

/// Where a member request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestProgress {
    /// Waits for the guild's own data, which would sweep the answer away.
    AwaitingGuild,
    /// Waits to be sent: for the gate until `not_before`, then for room in the send budget.
    Queued {
        /// Not sent before this.
        not_before: Instant,
        /// How often it was sent already.
        attempts: u32,
    },
    /// Sent, and no chunk of this attempt has come.
    Sent {
        /// When the attempt has failed.
        until: Instant,
        /// How often it was sent, this time included.
        attempts: u32,
    },
    /// Part of the answer has come.
    Receiving {
        /// When the attempt has failed, unless another chunk comes.
        until: Instant,
        /// How often it was sent.
        attempts: u32,
        /// Chunks of this attempt that have come.
        chunks: u32,
        /// Chunks that the answer has.
        chunk_count: u32,
        /// Members in them.
        members: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_intents_are_checked() {
        let none = Granted {
            guilds: true,
            members: false,
            presences: false,
        };
        let all = Granted {
            guilds: true,
            members: true,
            presences: true,
        };
        let prefix = |query: &str, limit| MemberQuery::Prefix {
            query: query.into(),
            limit,
        };
        let users = |count: usize| MemberQuery::Users(alloc::vec![UserId::new(1).unwrap(); count]);
        let table = [
            (
                MemberQuery::All,
                false,
                none,
                Err(RequestError::NeedsMembersIntent),
            ),
            (MemberQuery::All, true, all, Ok(())),
            (prefix("a", 1), false, none, Ok(())),
            (
                prefix("a", 1),
                true,
                none,
                Err(RequestError::NeedsPresencesIntent),
            ),
            (prefix("", 1), false, all, Err(RequestError::Empty)),
            (
                prefix("a", 0),
                false,
                all,
                Err(RequestError::LimitOutOfRange { limit: 0 }),
            ),
            (prefix("a", 100), false, all, Ok(())),
            (
                prefix("a", 101),
                false,
                all,
                Err(RequestError::LimitOutOfRange { limit: 101 }),
            ),
            (
                prefix(&"a".repeat(513), 1),
                false,
                all,
                Err(RequestError::PrefixTooLong { bytes: 513 }),
            ),
            (users(0), false, all, Err(RequestError::Empty)),
            (users(100), false, none, Ok(())),
            (
                users(101),
                false,
                all,
                Err(RequestError::TooManyUsers { users: 101 }),
            ),
        ];
        for (query, presences, granted, expected) in table {
            assert_eq!(query.check(presences, granted), expected, "{query:?}");
        }
    }
}
