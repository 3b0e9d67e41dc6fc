//! Why a guild's member list is not whole.

use core::fmt;

use serde::{Deserialize, Serialize};

/// Why not all members of a guild are in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// The connection lacks the members intent: nobody may ask, and nothing tells who comes and
    /// goes.
    NoIntent,
    /// Others have come, and a policy did not let them stay.
    Limited,
    /// The guild is out of reach, has not been delivered since the session began, or a store
    /// failed to apply a change: whatever is in the cache may be old.
    Stale,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAsked => "not asked for",
            Self::Loading => "still loading",
            Self::Unanswered => "the others did not come",
            Self::NoIntent => "without the intent",
            Self::Limited => "as the policy says",
            Self::Stale => "stale",
        })
    }
}
