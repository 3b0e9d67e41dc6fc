//! The shards that the leases give to this process, from their beginning to their end.

use std::sync::Arc;
use std::time::SystemTime;

use headcount_core::fleet::lease::{LeaseEnd, LeaseInput};
use headcount_core::session::OnStop;
use headcount_core::{Instant, Session, ShardId};

use super::owned_shard::{HAND_OVER, OwnedShard, OwnedStage};
use super::record::ShardRecord;
use super::{Coordination, LOOK};
use crate::Runtime;
use crate::shard_cell::ShardCell;
use crate::shard_tenure::ShardTenure;
use crate::state::{ColdStarts, millis};

impl<R: Runtime> Coordination<R> {
    /// A shard is this process's.
    pub(super) fn begin(&mut self, shard: ShardId, epoch: u64, record: &[u8]) {
        let is_forgotten = record.is_empty();
        let Some(record) = ShardRecord::decode(record) else {
            return self.leave_alone(shard, epoch);
        };
        let fits = |session: &Session| {
            let fits = session.intents() == self.intents;
            if !fits {
                tracing::warn!("the session of shard {shard} does not fit: it is not resumed");
            }
            fits && self.resumes
        };
        let mut cold_starts = record.cold_starts;
        // A table that has forgotten all may ask the owner before, who has not.
        let may_know = is_forgotten && self.had_last.contains(&shard);
        let own = || self.shared.fleet.cell(shard)?.session();
        let resumable_from = record.resumable_from;
        let session = record.session.or_else(|| own().filter(|_| may_know));
        let session = session.filter(|session| session.shard() == shard);
        self.had_last.insert(shard);
        let (session, given_up) = match session {
            Some(session) if fits(&session) => (Some(session), None),
            given_up => (None, given_up),
        };
        if session.is_some() {
            tracing::info!("shard {shard} is resumed here");
            let owned = OwnedShard::new(OwnedStage::Running, epoch, cold_starts);
            self.owned.insert(shard, owned);
            self.look_at = Instant::ZERO;
            let tenure = ShardTenure {
                epoch,
                session,
                resumable_from,
                given_up,
                asked: record.asked,
            };
            return self.run_shard(shard, tenure);
        }
        let wait = cold_starts.count(millis(SystemTime::now()));
        let stage = match wait {
            Some(wait) => {
                let seconds = wait.as_secs();
                tracing::warn!(seconds, "shard {shard} began without a session too often");
                OwnedStage::Resting(self.leases.now().after(wait))
            }
            None => {
                self.inputs.push_back(LeaseInput::WantIdentify(shard));
                OwnedStage::Waiting
            }
        };
        let owned = OwnedShard::new(stage, epoch, cold_starts);
        let owned = owned.in_place_of(given_up).after_asking(record.asked);
        self.owned.insert(shard, owned);
        self.look_at = Instant::ZERO;
        self.record(shard, |owned, _| Some(owned.without_session()));
    }

    /// A shard whose record cannot be read is for processes that can: it was theirs, and its record
    /// stays as it is.
    fn leave_alone(&mut self, shard: ShardId, epoch: u64) {
        tracing::warn!("the record of shard {shard} is of another version: it is left to others");
        let owned = OwnedShard::new(OwnedStage::Unread, epoch, ColdStarts::default());
        self.owned.insert(shard, owned);
        self.decline(shard, OnStop::Resume);
    }

    /// This process does not run a shard any more: another one is to, if it can.
    pub(super) fn decline(&mut self, shard: ShardId, on_stop: OnStop) {
        self.declined.entry(shard).or_insert(on_stop);
        self.is_to_place = true;
    }

    /// Puts a shard's next record, if there is one, under a number of its own.
    fn record(
        &mut self,
        shard: ShardId,
        make: impl FnOnce(&mut OwnedShard, u64) -> Option<Box<[u8]>>,
    ) {
        self.records += 1;
        let number = self.records;
        let owned = self.owned.get_mut(&shard);
        if let Some(record) = owned.and_then(|owned| make(owned, number)) {
            self.inputs.push_back(LeaseInput::Record {
                shard,
                number,
                record,
            });
        }
    }

    /// Puts a record of where a shard is, if that has changed.
    fn record_session(&mut self, shard: ShardId, cell: &ShardCell) {
        let shared = Arc::clone(&self.shared);
        let limit = |at| match &shared.left_snapshots {
            Some(left) => left.limit(at),
            None => at,
        };
        self.record(shard, |owned, number| owned.record(cell, number, limit));
    }

    fn run_shard(&self, shard: ShardId, tenure: ShardTenure) {
        if let Some(cell) = self.shared.fleet.cell(shard) {
            cell.inherit(tenure);
            self.shared.fleet.start(shard);
        }
    }

    /// A shard may identify.
    pub(super) fn grant(&mut self, shard: ShardId) {
        let (Some(cell), Some(owned)) = (self.shared.fleet.cell(shard), self.owned.get_mut(&shard))
        else {
            // It has ended here meanwhile.
            return self.inputs.push_back(LeaseInput::NoIdentify(shard));
        };
        cell.grant();
        if owned.stage == OwnedStage::Waiting {
            let tenure = owned.begin_anew();
            self.run_shard(shard, tenure);
        }
    }

    /// A shard's loop says that it does not identify. One of an earlier owner does not speak for
    /// the shard that waits to begin.
    pub(super) fn gave_up(&mut self, shard: ShardId) {
        let owned = self.owned.get(&shard);
        if owned.is_none_or(|owned| owned.stage != OwnedStage::Waiting) {
            self.inputs.push_back(LeaseInput::NoIdentify(shard));
        }
    }

    /// A shard is not this process's any longer, or is to be given back.
    pub(super) fn stop(&mut self, shard: ShardId, why: LeaseEnd) {
        let (Some(cell), Some(owned)) = (self.shared.fleet.cell(shard), self.owned.get_mut(&shard))
        else {
            return;
        };
        self.leases.counters().ended(why);
        let cell = Arc::clone(cell);
        cell.revoke();
        let has_begun = owned.stage == OwnedStage::Running && !self.shared.fleet.cancel(shard);
        if !has_begun {
            // Otherwise its loop says so at its end: an identify may be on its way before that.
            self.inputs.push_back(LeaseInput::NoIdentify(shard));
        }
        let on_stop = match why {
            LeaseEnd::Yielded => self.on_stop(shard),
            LeaseEnd::Expired | LeaseEnd::Taken(_) => {
                tracing::warn!("shard {shard} is not run here any longer: {why:?}");
                OnStop::Resume
            }
        };
        if has_begun {
            cell.stop(on_stop);
        }
        match (why, has_begun) {
            (LeaseEnd::Yielded, true) => {
                let until = self.leases.now().after(HAND_OVER);
                self.look_at = Instant::ZERO;
                if let Some(owned) = self.owned.get_mut(&shard) {
                    owned.stage = OwnedStage::Closing(until);
                }
            }
            (LeaseEnd::Yielded, false) => {
                self.owned.remove(&shard);
                self.inputs.push_back(LeaseInput::Closed(shard));
            }
            (LeaseEnd::Expired | LeaseEnd::Taken(_), _) => {
                self.owned.remove(&shard);
            }
        }
    }

    /// What becomes of the session of a shard that is given back.
    fn on_stop(&self, shard: ShardId) -> OnStop {
        match (self.ending, self.declined.get(&shard)) {
            (Some((_, on_stop)), _) => on_stop,
            (None, Some(on_stop)) => *on_stop,
            (None, None) => OnStop::Resume,
        }
    }

    /// Does what time leads to, once that is due.
    pub(super) fn look_after_shards(&mut self) {
        let now = self.leases.now();
        if self.owned.is_empty() || now < self.look_at {
            return;
        }
        let records = self.next_record <= now;
        if records {
            self.next_record = now.after(self.config.record);
        }
        let shards: Vec<ShardId> = self.owned.keys().copied().collect();
        for shard in shards {
            self.look_after(shard, (now, records));
        }
        let stages = self.owned.values().filter_map(|owned| match owned.stage {
            OwnedStage::Resting(until) => Some(until),
            OwnedStage::Closing(_) => Some(now.after(LOOK)),
            OwnedStage::Unread | OwnedStage::Waiting | OwnedStage::Running => None,
        });
        self.look_at = stages.chain([self.next_record]).min().unwrap_or(now);
    }

    /// A shard's loop is gone.
    pub(super) fn left(&mut self, shard: ShardId) {
        self.look_after(shard, (self.leases.now(), false));
    }

    fn look_after(&mut self, shard: ShardId, (now, records): (Instant, bool)) {
        let (Some(cell), Some(owned)) = (self.shared.fleet.cell(shard), self.owned.get_mut(&shard))
        else {
            return;
        };
        let cell = &*Arc::clone(cell);
        match owned.stage {
            OwnedStage::Resting(until) if until <= now => {
                owned.stage = OwnedStage::Waiting;
                self.inputs.push_back(LeaseInput::WantIdentify(shard));
            }
            OwnedStage::Running if self.shared.fleet.is_idle(shard) => {
                // It ended by itself, and would do so again.
                self.has_failed = true;
                self.decline(shard, OnStop::Resume);
            }
            OwnedStage::Running if records => {
                self.record_session(shard, cell);
            }
            OwnedStage::Closing(until) => {
                let is_dealt_with = !cell.has_marks() || until <= now;
                if self.shared.fleet.is_idle(shard) && is_dealt_with {
                    self.give_back(shard, cell);
                }
            }
            // It may have got lost on its way; to ask once more changes nothing.
            OwnedStage::Waiting => self.inputs.push_back(LeaseInput::WantIdentify(shard)),
            OwnedStage::Unread | OwnedStage::Resting(_) | OwnedStage::Running => {}
        }
    }

    fn give_back(&mut self, shard: ShardId, cell: &ShardCell) {
        let on_stop = self.on_stop(shard);
        match on_stop {
            OnStop::Resume => self.record_session(shard, cell),
            OnStop::End => self.record(shard, |owned, _| Some(owned.ended(cell))),
        }
        self.owned.remove(&shard);
        self.inputs.push_back(LeaseInput::Closed(shard));
    }
}
