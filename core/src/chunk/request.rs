//! What the machine is asked for, and where a request stands.

use super::request_id::RequestId;
use crate::Instant;
use crate::id::GuildId;
use crate::wire::member_request::MemberQuery;

/// What the machine is asked to request.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
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

/// A member request that has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenRequest {
    /// The request.
    pub request: RequestId,
    /// The guild asked about.
    pub guild: GuildId,
    /// Whether everyone is asked for.
    pub full: bool,
    /// Whether it was made to set the guild up, and not by the user.
    pub auto: bool,
    /// When it was made.
    pub since: Instant,
    /// Where it stands.
    pub progress: RequestProgress,
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
        /// Members in them that could be read.
        members: u64,
    },
}
