//! What a shard's owner leaves in the table for its next one.

use headcount_core::Session;
use serde::{Deserialize, Serialize};

use crate::state::{ColdStarts, RecentRequests};

const VERSION: u32 = 1;

/// A shard's session as of what is acknowledged, and how often it began without one of late.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ShardRecord {
    version: u32,
    /// What to resume; `None` if there is nothing.
    pub(crate) session: Option<Session>,
    pub(crate) cold_starts: ColdStarts,
    /// From which sequence on the service still replays the session, if that is less: where rows
    /// lie that the next owner may go on from, heartbeats say no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) resumable_from: Option<u64>,
    /// Whom the owner has asked for all members of late, where no session says so.
    #[serde(default, skip_serializing_if = "RecentRequests::is_empty")]
    pub(crate) asked: RecentRequests,
}

/// What every version of a record has.
#[derive(Deserialize)]
struct Versioned {
    version: u32,
}

impl ShardRecord {
    pub(crate) fn new(session: Option<Session>, cold_starts: ColdStarts) -> Self {
        Self {
            version: VERSION,
            session,
            cold_starts,
            resumable_from: None,
            asked: RecentRequests::default(),
        }
    }

    /// One without a session, whose owner has asked these guilds.
    pub(crate) fn without_session(cold_starts: ColdStarts, asked: RecentRequests) -> Self {
        Self {
            asked,
            ..Self::new(None, cold_starts)
        }
    }

    /// The same, with a session that is replayed from there on.
    pub(crate) fn resumable_from(mut self, sequence: u64) -> Self {
        let acknowledged = self.session.as_ref().map(Session::sequence);
        self.resumable_from = Some(sequence).filter(|it| acknowledged.is_some_and(|at| *it < at));
        self
    }

    /// Reads a record; `None` if it is of a later version, and of use to another process. One of no
    /// bytes says nothing, and neither does one that is damaged.
    pub(crate) fn decode(bytes: &[u8]) -> Option<Self> {
        let nothing = || Self::new(None, ColdStarts::default());
        if bytes.is_empty() {
            return Some(nothing());
        }
        let versioned = serde_json::from_slice::<Versioned>(bytes);
        if versioned.is_ok_and(|it| it.version > VERSION) {
            return None;
        }
        let record = serde_json::from_slice(bytes).unwrap_or_else(|error| {
            tracing::warn!(%error, "the record of a shard is damaged: its session is not resumed");
            nothing()
        });
        Some(record)
    }

    pub(crate) fn encode(&self) -> Box<[u8]> {
        serde_json::to_vec(self).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_of_another_version_is_not_used() {
        let mut record = ShardRecord::new(None, ColdStarts::default());
        assert!(ShardRecord::decode(&record.encode()).is_some());
        record.version = 2;
        assert!(ShardRecord::decode(&record.encode()).is_none());
        for nothing in ["", "{", r#"{"version":1}"#, r#"{"version":"x"}"#] {
            let read = ShardRecord::decode(nothing.as_bytes());
            assert!(read.is_some_and(|it| it.session.is_none()), "{nothing}");
        }
    }
}
