//! Policies that make no sense for their kind.

use core::fmt;

use crate::cache::Kind;

/// A policy does not suit its kind; nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unsuitable {
    /// Guilds are kept all or not at all: everything else hangs on them.
    Guilds,
    /// Rows of this kind do not lie in channels.
    PerChannel(Kind),
    /// Rows of this kind have no newest ones of a channel.
    Newest(Kind),
    /// Rows of this kind do not lie in guilds.
    PerGuild(Kind),
    /// The built-in predicates are about members.
    Keep(Kind),
    /// Rows of your own have an order of use, but are neither messages nor members.
    OwnRows,
}

impl fmt::Display for Unsuitable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Guilds => f.write_str("guilds are kept all or not at all"),
            Self::PerChannel(kind) => {
                write!(
                    f,
                    "{kind:?} rows do not lie in channels: say how many per guild"
                )
            }
            Self::Newest(kind) => {
                write!(
                    f,
                    "only messages have newest ones; limit {kind:?} rows by their use"
                )
            }
            Self::PerGuild(kind) => write!(
                f,
                "{kind:?} rows do not lie in guilds: say how many there may be at all"
            ),
            Self::Keep(kind) => write!(
                f,
                "the built-in predicates are about members: give {kind:?} rows a function"
            ),
            Self::OwnRows => f.write_str(
                "rows of your own take limits and an age; predicates and the newest of a channel \
                 are for the gateway's rows",
            ),
        }
    }
}

impl core::error::Error for Unsuitable {}
