//! What a process that is given a shard finds of it.

use headcount_core::Session;

use crate::state::RecentRequests;

/// The time for which a process runs a shard, as it begins.
#[derive(Debug, Default)]
pub(crate) struct ShardTenure {
    /// The number of the epoch that it begins with.
    pub(crate) epoch: u64,
    /// The session of the owner before, if it is resumed.
    pub(crate) session: Option<Session>,
    /// From which sequence on the service still replays that session; `None` for where it is
    /// acknowledged.
    pub(crate) resumable_from: Option<u64>,
    /// The session that a new one takes the place of, if none is resumed.
    pub(crate) given_up: Option<Session>,
    /// Whom owners before have asked for all members, where no session says so.
    pub(crate) asked: RecentRequests,
}

impl ShardTenure {
    /// One of a bot in one process.
    pub(crate) fn of(session: Option<Session>) -> Self {
        Self {
            session,
            ..Self::default()
        }
    }
}
