//! Op 8: whom to list, and the request as it is put on the wire.

use alloc::string::String;
use alloc::vec::Vec;

use super::nonce::Nonce;
use crate::error::RequestError;
use crate::id::{GuildId, UserId};
use crate::intents::Intents;

/// The most ids, and the highest limit, that the gateway answers in one request.
pub(crate) const MOST: usize = 100;

/// The longest prefix, in bytes: even fully escaped it fits in a payload of 4096 bytes.
const LONGEST_PREFIX: usize = 512;

/// Whom a member request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub enum MemberQuery {
    /// Everyone; needs the members intent, and is gated to one per guild in 30 s.
    All,
    /// Those whose name or nick starts with a text.
    Prefix {
        /// The text, 1 to 512 bytes.
        query: String,
        /// How many at most, 1 to 100.
        limit: u16,
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
    pub(crate) fn check(&self, presences: bool, intents: Intents) -> Result<(), RequestError> {
        let mut needed = Intents::empty();
        match self {
            Self::All => needed |= Intents::GUILD_MEMBERS,
            Self::Prefix { query, .. } if query.is_empty() => {
                return Err(RequestError::EmptyPrefix);
            }
            Self::Prefix { query, .. } if query.len() > LONGEST_PREFIX => {
                return Err(RequestError::TooLarge {
                    bytes: query.len(),
                    limit: LONGEST_PREFIX,
                });
            }
            Self::Prefix { limit, .. } if !(1..=MOST).contains(&usize::from(*limit)) => {
                return Err(RequestError::Limit(*limit));
            }
            Self::Prefix { .. } => {}
            Self::Users(users) if !(1..=MOST).contains(&users.len()) => {
                return Err(RequestError::UserCount(users.len()));
            }
            Self::Users(_) => {}
        }
        if presences {
            needed |= Intents::GUILD_PRESENCES;
        }
        let missing = needed.difference(intents);
        if missing.is_empty() {
            Ok(())
        } else {
            Err(RequestError::MissingIntents(missing))
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_and_intents_are_checked() {
        let none = Intents::GUILDS;
        let all = Intents::GUILDS | Intents::GUILD_MEMBERS | Intents::GUILD_PRESENCES;
        let missing = |intents| Err(RequestError::MissingIntents(intents));
        let prefix = |query: &str, limit| MemberQuery::Prefix {
            query: query.into(),
            limit,
        };
        let users = |count: usize| MemberQuery::Users(alloc::vec![UserId::new(1).unwrap(); count]);
        let long = prefix(&"a".repeat(513), 1);
        let too_long = RequestError::TooLarge {
            bytes: 513,
            limit: 512,
        };
        let (members, presences) = (Intents::GUILD_MEMBERS, Intents::GUILD_PRESENCES);
        let table = [
            (MemberQuery::All, false, none, missing(members)),
            (MemberQuery::All, true, none, missing(members | presences)),
            (MemberQuery::All, true, all, Ok(())),
            (prefix("a", 1), false, none, Ok(())),
            (prefix("a", 1), true, none, missing(presences)),
            (prefix("", 1), false, all, Err(RequestError::EmptyPrefix)),
            (prefix("a", 0), false, all, Err(RequestError::Limit(0))),
            (prefix("a", 100), false, all, Ok(())),
            (prefix("a", 101), false, all, Err(RequestError::Limit(101))),
            (long, false, all, Err(too_long)),
            (users(0), false, all, Err(RequestError::UserCount(0))),
            (users(100), false, none, Ok(())),
            (users(101), false, all, Err(RequestError::UserCount(101))),
        ];
        for (query, presences, intents, expected) in table {
            assert_eq!(query.check(presences, intents), expected, "{query:?}");
        }
    }
}
