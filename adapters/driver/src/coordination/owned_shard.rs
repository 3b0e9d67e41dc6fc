//! A shard while this process owns it.

use std::collections::VecDeque;
use std::time::Duration;

use headcount_core::{Instant, Position};

use crate::coordination::record::ShardRecord;
use crate::shard_cell::ShardCell;
use crate::state::ColdStarts;

/// How long a shard that moves waits for the consumer to be done with what it has taken.
pub(crate) const HAND_OVER: Duration = Duration::from_secs(5);

/// So many records may be on their way; there is one a second, and a lease lasts ten.
const OFFERED: usize = 64;

/// What becomes of a shard between its lease and the end of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnedStage {
    /// It began without a session too often, and asks for an identify then.
    Resting(Instant),
    /// It waits for its turn to identify.
    Waiting,
    Running,
    /// Its connection closes, and what the consumer has taken may still be acknowledged, until
    /// then.
    Closing(Instant),
}

/// A shard that this process holds, and what it has recorded of it.
#[derive(Debug)]
pub(crate) struct OwnedShard {
    pub(crate) stage: OwnedStage,
    /// What the records say is acknowledged that may not be in the store yet.
    offered: VecDeque<(u64, Position)>,
    /// What the last record is of.
    seen: Option<(Position, u64, u64)>,
    cold_starts: ColdStarts,
}

impl OwnedShard {
    pub(crate) const fn new(stage: OwnedStage, cold_starts: ColdStarts) -> Self {
        Self {
            stage,
            offered: VecDeque::new(),
            seen: None,
            cold_starts,
        }
    }

    /// A record that it has no session yet.
    pub(crate) fn without_session(&self) -> Box<[u8]> {
        ShardRecord::new(None, self.cold_starts.clone()).encode()
    }

    /// A record of where it is, if something has changed since the last one. A session that is lost
    /// stays recorded until there is another: the next owner reports what of it is missing.
    /// `number` is higher than that of any record before, of any shard.
    pub(crate) fn record(&mut self, cell: &ShardCell, number: u64) -> Option<Box<[u8]>> {
        let at = cell.acknowledged()?;
        let gaps = cell.acknowledgements.gap_changes();
        let seen = Some((at, cell.guild_changes(), gaps));
        if seen == self.seen {
            return None;
        }
        let session = cell.session()?;
        self.seen = seen;
        let position = Position {
            shard: session.shard(),
            session: session.digest(),
            sequence: session.sequence(),
        };
        self.offered.push_back((number, position));
        if self.offered.len() > OFFERED {
            self.offered.pop_front();
        }
        let record = ShardRecord::new(Some(session), self.cold_starts.clone());
        Some(record.encode())
    }

    /// The record of this number stays in the store: what it says is acknowledged, if anything.
    pub(crate) fn recorded(&mut self, number: u64) -> Option<Position> {
        let later = self.offered.iter().position(|(it, _)| *it > number);
        let mut lasting = self.offered.drain(..later.unwrap_or(self.offered.len()));
        lasting.next_back().map(|(_, at)| at)
    }
}
