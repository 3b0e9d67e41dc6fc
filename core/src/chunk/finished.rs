//! How a member request ended.

use alloc::vec::Vec;

use super::request_id::RequestId;
use crate::cache::Lack;
use crate::id::{GuildId, UserId};
use crate::wire::nonce::Nonce;
use crate::{Instant, ShardId};

/// A member request has ended. Comes exactly once for each request, adopted ones included.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct ChunkRequestFinished {
    /// The shard that asked.
    pub shard: ShardId,
    /// The guild asked about.
    pub guild: GuildId,
    /// The request; `None` when it was made elsewhere (another process, an earlier run) and
    /// adopted by its nonce.
    pub request: Option<RequestId>,
    /// Whether everyone was asked for; `false` for adopted requests, of which nobody knows.
    pub full: bool,
    /// The nonce of the last attempt; `None` when it was never sent.
    pub nonce: Option<Nonce>,
    /// How often it was sent; 1 for an adopted one.
    pub attempts: u32,
    /// How many chunks the answer has; `None` when none ever came.
    pub chunk_count: Option<u32>,
    /// The indexes of the last attempt that did not come, ascending.
    pub missed: Vec<u32>,
    /// The ids asked for that the guild does not have, ascending.
    pub not_found: Vec<UserId>,
    /// When the first chunk of any attempt came; `None` when nothing came.
    pub first_receipt: Option<Instant>,
    /// When the last chunk came; `None` when nothing came.
    pub last_receipt: Option<Instant>,
    /// Members in the chunks of the last attempt, as far as they can be read.
    pub members: u64,
    /// Members in the chunks of the last attempt that cannot be read. If there are any, the
    /// answer makes no guild complete, however whole it is.
    pub unread: u64,
    /// Why the answer does not bring the presences of all members in it; `None` if it does.
    /// An adopted one counts as not asked for them.
    pub presences: Option<Lack>,
    /// Why it ended.
    pub reason: FinishReason,
}

/// Why a member request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub enum FinishReason {
    /// Every chunk has come.
    Complete,
    /// Silence, as often as the configuration allows.
    TimedOut,
    /// Another request took its place: the guild's data came anew, or a new session began.
    Superseded,
    /// The guild was left, deleted, or went into an outage.
    GuildGone,
    /// The server refused it (`RATE_LIMITED`) as often as the configuration allows.
    Refused,
    /// The shard ended for good.
    Halted,
}

impl FinishReason {
    /// Its name in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::TimedOut => "timed_out",
            Self::Superseded => "superseded",
            Self::GuildGone => "guild_gone",
            Self::Refused => "refused",
            Self::Halted => "halted",
        }
    }
}
