//! Answers to requests that were made elsewhere, kept apart by guild and nonce.

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use super::attempt::{ChunkOutcome, Taken};
use super::config::RequestConfig;
use super::finished::{ChunkRequestFinished, FinishReason};
use super::request_history::{Chunk, RequestHistory};
use crate::countdown::Countdown;
use crate::id::GuildId;
use crate::wire::nonce::Nonce;
use crate::{Instant, ShardId};

type RequestKey = (GuildId, Nonce);

#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
struct Foreign {
    history: RequestHistory,
    /// When it ends in silence.
    silence: Countdown,
}

/// The answers of others: a bounded number of open ones, and the memory of ended ones.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Adopted {
    shard: ShardId,
    #[cfg_attr(feature = "checkpoint", serde(with = "crate::pairs"))]
    open: BTreeMap<RequestKey, Foreign>,
    deadlines: BTreeSet<(Instant, RequestKey)>,
    ended: BTreeSet<RequestKey>,
    ended_order: VecDeque<RequestKey>,
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

    /// Counts a chunk under a nonce that is not ours; while the connection is lost no clock runs.
    pub(crate) fn chunk(
        &mut self,
        now: Instant,
        nonce: Nonce,
        chunk: &Chunk<'_>,
        (config, is_up): (&RequestConfig, bool),
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
            let mut history = RequestHistory::default();
            history.begin(nonce);
            Foreign {
                history,
                silence: Countdown::Stopped(config.silence),
            }
        });
        match foreign
            .history
            .take(now, place, chunk.listed, config.chunks)
        {
            None => ChunkOutcome::NotAdopted,
            Some(Taken::Ignored(outcome)) => outcome,
            Some(Taken::Counted) => {
                foreign
                    .history
                    .note_not_found(chunk.not_found.iter().copied());
                let wait = match is_up {
                    true => Countdown::start(now, config.silence),
                    false => Countdown::Stopped(config.silence),
                };
                self.set(key, wait);
                ChunkOutcome::Counted(None)
            }
            Some(Taken::Whole) => {
                foreign
                    .history
                    .note_not_found(chunk.not_found.iter().copied());
                self.end(key, FinishReason::Complete, config.remembered, out);
                ChunkOutcome::Completed(None)
            }
        }
    }

    /// The only place where a countdown changes, so that the ordered set always agrees with it.
    fn set(&mut self, key: RequestKey, silence: Countdown) {
        let Some(foreign) = self.open.get_mut(&key) else {
            return;
        };
        let before = core::mem::replace(&mut foreign.silence, silence);
        if let Some(before) = before.until() {
            self.deadlines.remove(&(before, key));
        }
        if let Some(until) = silence.until() {
            self.deadlines.insert((until, key));
        }
    }

    fn change_all(&mut self, change: impl Fn(&mut Countdown)) {
        let open = self.open.iter();
        let all: Vec<(RequestKey, Countdown)> = open.map(|(key, it)| (*key, it.silence)).collect();
        for (key, mut silence) in all {
            change(&mut silence);
            self.set(key, silence);
        }
    }

    fn end(
        &mut self,
        key: RequestKey,
        reason: FinishReason,
        remembered: usize,
        out: &mut Vec<ChunkRequestFinished>,
    ) {
        self.set(key, Countdown::Stopped(Duration::ZERO));
        let Some(foreign) = self.open.remove(&key) else {
            return;
        };
        out.push(foreign.history.finish(self.shard, key.0, None, reason));
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

    /// For so long no chunk was read.
    pub(crate) fn unread(&mut self, missed: Duration) {
        self.change_all(|silence| silence.put_off(missed));
    }

    /// Stops the clocks while no chunk can come.
    pub(crate) fn pause(&mut self, now: Instant) {
        self.change_all(|silence| silence.stop(now));
    }

    /// The clocks go on.
    pub(crate) fn resume(&mut self, now: Instant) {
        self.change_all(|silence| silence.go_on(now));
    }

    /// Whether no answer is followed.
    pub(crate) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Ends all answers about one guild, or about every guild.
    pub(crate) fn end_all(
        &mut self,
        guild: Option<GuildId>,
        reason: FinishReason,
        remembered: usize,
        out: &mut Vec<ChunkRequestFinished>,
    ) {
        let wanted = |key: &&RequestKey| guild.is_none_or(|guild| guild == key.0);
        let keys: Vec<RequestKey> = self.open.keys().filter(wanted).copied().collect();
        for key in keys {
            self.end(key, reason, remembered, out);
        }
    }
}
