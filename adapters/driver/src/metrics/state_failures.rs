//! How writing to the state folder fares.

use std::sync::atomic::{AtomicU64, Ordering};

/// Attempts to write to the [state folder](crate::Builder::state) that failed so far, by what was
/// to be written. What fails is tried again about once a second, and each attempt counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StateFailures {
    /// Room for a shard in the journal, at the start.
    pub room: u64,
    /// How far a session is dealt with.
    pub records: u64,
    /// Sessions with their guilds.
    pub sessions: u64,
    /// When the bot started without a session.
    pub cold_starts: u64,
    /// When shards identified.
    pub identifies: u64,
    /// Which guilds were asked for all their members.
    pub requests: u64,
    /// Snapshots of the cache in memory, and their removal.
    pub snapshots: u64,
}

impl StateFailures {
    /// Each kind by its name in metrics, with its failures.
    pub fn iter(self) -> impl Iterator<Item = (&'static str, u64)> {
        let Self {
            room,
            records,
            sessions,
            cold_starts,
            identifies,
            requests,
            snapshots,
        } = self;
        [
            ("room", room),
            ("record", records),
            ("session", sessions),
            ("cold_starts", cold_starts),
            ("identifies", identifies),
            ("requests", requests),
            ("snapshot", snapshots),
        ]
        .into_iter()
    }
}

/// What could not be written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StateWrite {
    Room,
    Record,
    Session,
    ColdStarts,
    Identifies,
    Requests,
    Snapshot,
}

/// The same while it is counted.
#[derive(Debug, Default)]
pub(crate) struct StateFailureCounters([AtomicU64; 7]);

impl StateFailureCounters {
    /// An attempt to write this has failed.
    pub(crate) fn note(&self, write: StateWrite) {
        self.0[write as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// As of now.
    pub(crate) fn read(&self) -> StateFailures {
        let of = |write: StateWrite| self.0[write as usize].load(Ordering::Relaxed);
        StateFailures {
            room: of(StateWrite::Room),
            records: of(StateWrite::Record),
            sessions: of(StateWrite::Session),
            cold_starts: of(StateWrite::ColdStarts),
            identifies: of(StateWrite::Identifies),
            requests: of(StateWrite::Requests),
            snapshots: of(StateWrite::Snapshot),
        }
    }
}
