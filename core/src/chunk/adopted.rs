//! Answers to requests that were made elsewhere, told apart by guild and nonce.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;

use super::attempt::{ChunkOutcome, Taken};
use super::config::RequestConfig;
use super::finished::{ChunkRequestFinished, FinishReason};
use super::nonce::Nonce;
use super::record::{Chunk, Record};
use crate::id::GuildId;
use crate::{Instant, ShardId};

type Key = (GuildId, Nonce);

#[derive(Clone, Debug)]
struct Foreign {
    record: Record,
    /// When it ends in silence; `None` while the connection is lost.
    until: Option<Instant>,
}

/// The answers of others: a bounded number of open ones, and the memory of ended ones.
#[derive(Clone, Debug)]
pub(crate) struct Adopted {
    shard: ShardId,
    open: BTreeMap<Key, Foreign>,
    deadlines: BTreeSet<(Instant, Key)>,
    ended: BTreeSet<Key>,
    ended_order: VecDeque<Key>,
}

impl Adopted {
    pub(crate) const fn new(shard: ShardId) -> Self {
        Self {
            shard,
            open: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            ended: BTreeSet::new(),
            ended_order: VecDeque::new(),
        }
    }

    /// Counts a chunk under a nonce that is not ours.
    pub(crate) fn chunk(
        &mut self,
        now: Instant,
        nonce: Nonce,
        chunk: &Chunk<'_>,
        config: &RequestConfig,
        out: &mut Vec<ChunkRequestFinished>,
    ) -> ChunkOutcome {
        let key = (chunk.guild, nonce);
        if self.ended.contains(&key) {
            return ChunkOutcome::Late;
        }
        let Some(place) = chunk.place else {
            return ChunkOutcome::Unplaced;
        };
        if place.index >= place.count || place.count > config.chunks {
            return ChunkOutcome::OutOfRange;
        }
        if !self.open.contains_key(&key) && self.open.len() >= config.adopted {
            return ChunkOutcome::NotAdopted;
        }
        let foreign = self.open.entry(key).or_insert_with(|| {
            let mut record = Record::default();
            record.begin(nonce);
            Foreign {
                record,
                until: None,
            }
        });
        match foreign.record.take(now, place, chunk.listed, config.chunks) {
            None => ChunkOutcome::NotAdopted,
            Some(Taken::Ignored(outcome)) => outcome,
            Some(Taken::Counted) => {
                foreign
                    .record
                    .note_not_found(chunk.not_found.iter().copied());
                self.renew(key, Some(now.after(config.silence)));
                ChunkOutcome::Counted(None)
            }
            Some(Taken::Whole) => {
                foreign
                    .record
                    .note_not_found(chunk.not_found.iter().copied());
                self.end(key, FinishReason::Complete, config.remembered, out);
                ChunkOutcome::Completed(None)
            }
        }
    }

    fn renew(&mut self, key: Key, until: Option<Instant>) {
        let Some(foreign) = self.open.get_mut(&key) else {
            return;
        };
        if let Some(before) = foreign.until {
            self.deadlines.remove(&(before, key));
        }
        foreign.until = until;
        if let Some(until) = until {
            self.deadlines.insert((until, key));
        }
    }

    fn end(
        &mut self,
        key: Key,
        reason: FinishReason,
        remembered: usize,
        out: &mut Vec<ChunkRequestFinished>,
    ) {
        self.renew(key, None);
        let Some(foreign) = self.open.remove(&key) else {
            return;
        };
        out.push(foreign.record.finish(self.shard, key.0, None, reason));
        if self.ended.insert(key) {
            self.ended_order.push_back(key);
        }
        while self.ended_order.len() > remembered {
            if let Some(oldest) = self.ended_order.pop_front() {
                self.ended.remove(&oldest);
            }
        }
    }

    /// When the next answer ends in silence.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.deadlines.first().map(|&(until, _)| until)
    }

    /// Ends the answers that have been silent for too long.
    pub(crate) fn timeout(
        &mut self,
        now: Instant,
        remembered: usize,
        out: &mut Vec<ChunkRequestFinished>,
    ) {
        while let Some(&(until, key)) = self.deadlines.first() {
            if until > now {
                break;
            }
            self.end(key, FinishReason::TimedOut, remembered, out);
        }
    }

    /// Chunks may lie unread: answers that would end in silence now end at `until` at the earliest.
    pub(crate) fn unread(&mut self, now: Instant, until: Instant) {
        let due = self.deadlines.iter().take_while(|(until, _)| *until <= now);
        let due: Vec<Key> = due.map(|&(_, key)| key).collect();
        for key in due {
            self.renew(key, Some(until));
        }
    }

    /// Stops the clocks while no chunk can come.
    pub(crate) fn pause(&mut self) {
        for (_, key) in core::mem::take(&mut self.deadlines) {
            if let Some(foreign) = self.open.get_mut(&key) {
                foreign.until = None;
            }
        }
    }

    /// Starts the clocks anew.
    pub(crate) fn resume(&mut self, until: Instant) {
        let keys: Vec<Key> = self.open.keys().copied().collect();
        for key in keys {
            self.renew(key, Some(until));
        }
    }

    /// Ends all answers about one guild, or about every guild.
    pub(crate) fn end_all(
        &mut self,
        guild: Option<GuildId>,
        reason: FinishReason,
        remembered: usize,
        out: &mut Vec<ChunkRequestFinished>,
    ) {
        let wanted = |key: &&Key| guild.is_none_or(|guild| guild == key.0);
        let keys: Vec<Key> = self.open.keys().filter(wanted).copied().collect();
        for key in keys {
            self.end(key, reason, remembered, out);
        }
    }
}
