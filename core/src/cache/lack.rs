//! Why a guild's member list is not whole.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Why not all members of a guild are in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Lack {
    /// Nobody has asked for the others since the guild came, or since the policy for members
    /// changed.
    NotAsked,
    /// They have been asked for, and the answer is not whole yet.
    Loading,
    /// They were asked for, and the answer did not come as a whole: chunks are missing, or the
    /// gateway refused. [`ChunkRequestFinished`](crate::chunk::ChunkRequestFinished) says which.
    Unanswered,
    /// All of them have been listed, but so many could not be read: at least one value had a form
    /// that nobody foresaw. They are not asked for again by themselves; a later answer to a
    /// request for everyone that can be read makes the list whole.
    Unread(u64),
    /// The connection lacks the members intent: nobody may ask, and no event says who comes and
    /// goes.
    NoIntent,
    /// The guild came in an earlier process, which handed its session over without the rows.
    HandedOver,
    /// Others have come, and a policy did not let them stay.
    Limited,
    /// The guild is out of reach, or has not been delivered since the session began: whatever is
    /// in the cache may be old. Of what no guild lists, messages above all, nothing is left of an
    /// earlier session ([`Op::NewSession`](crate::cache::Op::NewSession)).
    Stale,
    /// A store failed to apply a change: rows may be missing or wrong until the guild is delivered
    /// anew.
    StoreFailed,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "not asked for",
            Self::Loading => "still loading",
            Self::Unanswered => "the others did not come",
            Self::Unread(1) => "1 could not be read",
            Self::Unread(rows) => return write!(f, "{rows} could not be read"),
            Self::NoIntent => "without the intent",
            Self::HandedOver => "handed over without its rows",
            Self::Limited => "as the policy says",
            Self::Stale => "stale",
            Self::StoreFailed => "a store failed",
        })
    }
}
