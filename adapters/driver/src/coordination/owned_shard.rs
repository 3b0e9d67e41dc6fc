//! A shard while this process owns it.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use headcount_core::{Instant, Position, Session, Shard};

use crate::coordination::record::ShardRecord;
use crate::shard_cell::ShardCell;
use crate::shard_tenure::ShardTenure;
use crate::state::{ColdStarts, RecentRequests};

/// How long a shard that moves waits for the consumer to be done with what it has taken.
pub(crate) const HAND_OVER: Duration = Duration::from_secs(5);

/// So many records may be on their way; there is one a second, and a lease lasts ten.
const OFFERED: usize = 64;

/// What becomes of a shard between its lease and the end of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OwnedStage {
    /// Its record cannot be read: it is given back as it is.
    Unread,
    /// It began without a session too often, and asks for an identify then.
    Resting(Instant),
    /// It waits for its turn to identify.
    Waiting,
    Running,
    /// Its connection closes, and what the consumer has taken may still be acknowledged, until
    /// then.
    Closing(Instant),
}

/// What a record is of.
#[derive(Debug, PartialEq, Eq)]
struct RecordedState {
    acknowledged: Position,
    /// How far heartbeats may go.
    resumable_from: Position,
    guild_changes: u64,
    gap_changes: u64,
}

/// A shard that this process holds, and what it has recorded of it.
#[derive(Debug)]
pub(crate) struct OwnedShard {
    pub(crate) stage: OwnedStage,
    /// The number of the epoch in which it became this process's.
    pub(crate) epoch: u64,
    /// What heartbeats may say once the records of these numbers are in the store.
    offered: VecDeque<(u64, Position)>,
    /// What the last record is of.
    seen: Option<RecordedState>,
    cold_starts: ColdStarts,
    /// The session that its first one takes the place of, until it begins.
    given_up: Option<Session>,
    /// Whom owners before have asked for all members.
    asked: RecentRequests,
}

impl OwnedShard {
    pub(crate) fn new(stage: OwnedStage, epoch: u64, cold_starts: ColdStarts) -> Self {
        Self {
            stage,
            epoch,
            offered: VecDeque::new(),
            seen: None,
            cold_starts,
            given_up: None,
            asked: RecentRequests::default(),
        }
    }

    /// One that begins a new session in the place of this one, if it is known.
    pub(crate) fn in_place_of(self, given_up: Option<Session>) -> Self {
        Self { given_up, ..self }
    }

    /// One whose owners before have asked these guilds for all members.
    pub(crate) fn after_asking(self, asked: RecentRequests) -> Self {
        Self { asked, ..self }
    }

    /// It may identify: what it begins with.
    pub(crate) fn begin_anew(&mut self) -> ShardTenure {
        self.stage = OwnedStage::Running;
        ShardTenure {
            epoch: self.epoch,
            given_up: self.given_up.take(),
            asked: self.asked.clone(),
            ..ShardTenure::default()
        }
    }

    /// A record that it has no session yet.
    pub(crate) fn without_session(&self) -> Box<[u8]> {
        ShardRecord::without_session(self.cold_starts.clone(), self.asked.clone()).encode()
    }

    /// A record that its session has ended.
    pub(crate) fn ended(&self, cell: &ShardCell) -> Box<[u8]> {
        let asked = RecentRequests::new(SystemTime::now(), cell.read(Shard::asked));
        ShardRecord::without_session(self.cold_starts.clone(), asked).encode()
    }

    /// A record of where it is, if something has changed since the last one. A session that is lost
    /// stays recorded until there is another: the next owner reports what of it is missing.
    /// `number` is higher than that of any record before, of any shard; `limit` says of what is
    /// acknowledged how far heartbeats may go.
    pub(crate) fn record(
        &mut self,
        cell: &ShardCell,
        number: u64,
        limit: impl FnOnce(Position) -> Position,
    ) -> Option<Box<[u8]>> {
        let acknowledged = cell.acknowledged()?;
        let resumable_from = self.at_least_as_before(limit(acknowledged));
        let seen = RecordedState {
            acknowledged,
            resumable_from,
            guild_changes: cell.guild_changes(),
            gap_changes: cell.acknowledgements.gap_changes(),
        };
        if self.seen.as_ref() == Some(&seen) {
            return None;
        }
        let is_same = |session: &Session| session.digest() == acknowledged.session;
        let session = cell.session().filter(is_same)?;
        self.seen = Some(seen);
        self.offered.push_back((number, resumable_from));
        if self.offered.len() > OFFERED {
            self.offered.pop_front();
        }
        let record = ShardRecord::new(Some(session), self.cold_starts.clone());
        Some(record.resumable_from(resumable_from.sequence).encode())
    }

    /// How far heartbeats may go never goes back in a session, whatever the clock does.
    fn at_least_as_before(&self, limit: Position) -> Position {
        let before = self.seen.as_ref().map(|seen| seen.resumable_from);
        match before.filter(|before| before.session == limit.session) {
            Some(before) if before.sequence > limit.sequence => before,
            Some(_) | None => limit,
        }
    }

    /// The record of this number stays in the store: how far heartbeats may go, if it says so.
    pub(crate) fn recorded(&mut self, number: u64) -> Option<Position> {
        let later = self.offered.iter().position(|(it, _)| *it > number);
        let mut lasting = self.offered.drain(..later.unwrap_or(self.offered.len()));
        lasting.next_back().map(|(_, at)| at)
    }
}
