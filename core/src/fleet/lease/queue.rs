//! The queue for identifies, as it stands in the table.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::fleet::StartLimit;
use crate::process_id::ProcessId;
use crate::shard_id::ShardId;
use crate::time::{Instant, millis};

const VERSION: u32 = 1;

/// No entry that processes share has more bytes.
pub(super) const LONGEST: usize = 16 << 20;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// Distinguishes something that a process wrote from all else that was ever written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Stamp(pub(super) ProcessId, pub(super) u64);

/// One entry of the table: who waits, which buckets are taken, and what is left for the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct IdentifyQueue {
    pub(super) version: u32,
    /// Its beginning, from which on every process waits until nobody can be left who was let in by
    /// a queue before it.
    pub(super) founded: Stamp,
    /// Whether that is over.
    pub(super) open: bool,
    pub(super) concurrency: u32,
    pub(super) budget: SharedBudget,
    /// The processes that wait or were let in, each with a number that goes up while it lives.
    pub(super) beats: Vec<(ProcessId, u64)>,
    /// The buckets that are not simply free, by their keys.
    pub(super) buckets: Vec<QueueBucket>,
    /// Who waits, lowest shard first.
    pub(super) waiters: Vec<(ShardId, ProcessId)>,
    /// What a later version says beside that, and is left as it is.
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// What is left of the identifies of the day.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SharedBudget {
    /// Which day it is.
    pub(super) period: Stamp,
    pub(super) total: u32,
    pub(super) left: u32,
    /// In how many milliseconds it is full again, as of this writing; none while nothing is spent.
    pub(super) resets_in: Option<u64>,
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// One bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QueueBucket {
    pub(super) key: u32,
    /// The last identify, while the bucket rests from it.
    pub(super) rests: Option<Stamp>,
    /// Who is next, or is identifying.
    pub(super) held: Option<QueueHold>,
    #[serde(flatten)]
    pub(super) rest: Map<String, Value>,
}

/// A bucket's holder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct QueueHold {
    pub(super) shard: ShardId,
    pub(super) by: ProcessId,
    pub(super) stamp: Stamp,
}

impl SharedBudget {
    pub(super) fn new(period: Stamp, limit: StartLimit) -> Self {
        let known = (!limit.reset_after.is_zero()).then_some(limit.reset_after);
        let spent = (limit.remaining < limit.total).then_some(DAY);
        Self {
            period,
            total: limit.total,
            left: limit.remaining.min(limit.total),
            resets_in: known.or(spent).map(millis),
            rest: Map::new(),
        }
    }

    pub(super) fn spend(&mut self) {
        self.left = self.left.saturating_sub(1);
        self.resets_in = self.resets_in.or(Some(millis(DAY)));
    }

    /// The day is over.
    pub(super) fn reset(&mut self, period: Stamp) {
        (self.period, self.left, self.resets_in) = (period, self.total, None);
    }

    /// The service says this just now: the lower number counts, since it need not have heard of
    /// all that was spent.
    fn meet(&mut self, limit: StartLimit) {
        let known = Self::new(self.period, limit);
        (self.total, self.left) = (known.total, self.left.min(known.left));
        let both = [self.resets_in, known.resets_in].into_iter().flatten();
        self.resets_in = both.min();
    }
}

impl IdentifyQueue {
    pub(super) fn new(founded: Stamp, limit: StartLimit) -> Self {
        Self {
            version: VERSION,
            founded,
            open: false,
            concurrency: limit.max_concurrency.max(1),
            budget: SharedBudget::new(founded, limit),
            beats: Vec::new(),
            buckets: Vec::new(),
            waiters: Vec::new(),
            rest: Map::new(),
        }
    }

    /// Reads it; `None` if it is none of this version, or longer than any is.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let bytes = Some(bytes).filter(|bytes| bytes.len() <= LONGEST)?;
        let queue: Self = serde_json::from_slice(bytes).ok()?;
        (queue.version == VERSION && queue.concurrency > 0).then_some(queue)
    }

    pub(super) fn encode(&self) -> Box<[u8]> {
        serde_json::to_vec(self).unwrap_or_default().into()
    }

    pub(super) fn key(&self, shard: ShardId) -> u32 {
        shard.number().checked_rem(self.concurrency).unwrap_or(0)
    }

    pub(super) fn bucket(&self, shard: ShardId) -> Option<&QueueBucket> {
        let key = self.key(shard);
        self.buckets.iter().find(|bucket| bucket.key == key)
    }

    pub(super) fn bucket_mut(&mut self, shard: ShardId) -> &mut QueueBucket {
        let key = self.key(shard);
        let place = self.buckets.binary_search_by_key(&key, |bucket| bucket.key);
        let at = match place {
            Ok(at) => at,
            Err(at) => {
                let bucket = QueueBucket {
                    key,
                    rests: None,
                    held: None,
                    rest: Map::new(),
                };
                self.buckets.insert(at, bucket);
                at
            }
        };
        #[allow(clippy::indexing_slicing, reason = "found or inserted just now")]
        &mut self.buckets[at]
    }

    /// The hold of this shard by this process.
    pub(super) fn hold(&self, shard: ShardId, by: ProcessId) -> Option<QueueHold> {
        let held = self.bucket(shard)?.held?;
        (held.shard == shard && held.by == by).then_some(held)
    }

    pub(super) fn holds(&self) -> impl Iterator<Item = QueueHold> {
        self.buckets.iter().filter_map(|bucket| bucket.held)
    }

    /// Who waits first for the bucket of this shard.
    pub(super) fn first_for(&self, shard: ShardId) -> Option<(ShardId, ProcessId)> {
        let key = self.key(shard);
        let mut line = self
            .waiters
            .iter()
            .filter(|(waits, _)| self.key(*waits) == key);
        line.next().copied()
    }

    pub(super) fn line_up(&mut self, shard: ShardId, process: ProcessId) {
        if let Err(at) = self.waiters.binary_search(&(shard, process)) {
            self.waiters.insert(at, (shard, process));
        }
    }

    pub(super) fn beat_of(&self, process: ProcessId) -> Option<u64> {
        let mut beats = self.beats.iter();
        beats.find(|(of, _)| *of == process).map(|(_, beat)| *beat)
    }

    pub(super) fn set_beat(&mut self, process: ProcessId, beat: u64) {
        self.beats.retain(|(of, _)| *of != process);
        self.beats.push((process, beat));
    }

    /// Whether a process waits or was let in.
    pub(super) fn names(&self, process: ProcessId) -> bool {
        self.waiters.iter().any(|(_, by)| *by == process)
            || self.holds().any(|held| held.by == process)
    }

    /// Somebody was let in and is gone: it counts as having identified just now.
    pub(super) fn give_up(&mut self, hold: QueueHold, stamp: Stamp) {
        let bucket = self.bucket_mut(hold.shard);
        (bucket.held, bucket.rests) = (None, Some(stamp));
        self.budget.spend();
    }

    /// Takes in what the service says just now. If the number of buckets changes, all begins anew.
    pub(super) fn meet(&mut self, limit: StartLimit, stamp: Stamp) {
        self.budget.meet(limit);
        let concurrency = limit.max_concurrency.max(1);
        if concurrency != self.concurrency {
            (self.concurrency, self.founded, self.open) = (concurrency, stamp, false);
            self.buckets.clear();
        }
    }

    /// What may still be let in today.
    pub(super) fn room(&self, refuse_at: u32) -> usize {
        let left = usize::try_from(self.budget.left.saturating_sub(refuse_at)).unwrap_or(0);
        left.saturating_sub(self.holds().count())
    }
}

/// When what a budget says is over.
pub(super) fn reset_at(now: Instant, budget: &SharedBudget) -> Option<Instant> {
    budget
        .resets_in
        .map(|wait| now.after(Duration::from_millis(wait)))
}
