//! How far the shards of one process are, for a bot that runs in several.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::event::{BotReady, FinishedChunking, PresencesCounts};
use crate::fleet::readiness::both_restored;
use crate::setup::Restored;
use crate::shard_id::ShardId;

/// What the [`Fleet`](super::Fleet) of one process tells those of the others: which of its shards
/// are how far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetReport {
    /// The numbers of the shards that have finished chunking, in order.
    pub chunked: Vec<u32>,
    /// Guilds of these whose members are known completely.
    pub complete: usize,
    /// All other guilds of these.
    pub others: usize,
    /// Guilds of these whose presences are known completely too; `None` where they are not cached.
    pub presences: Option<usize>,
    /// The numbers of the shards that have been ready, in order.
    pub ready: Vec<u32>,
    /// Guilds of these that are there.
    pub available: usize,
    /// Guilds of these in an outage.
    pub unavailable: usize,
    /// Which guilds of these are counted by rows of an earlier owner; `None` if none is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restored: Option<Restored>,
    /// The numbers of the shards that have ended by themselves, in order.
    pub halted: Vec<u32>,
}

impl FleetReport {
    /// What several processes report, as one.
    #[must_use]
    pub fn sum<'r>(reports: impl IntoIterator<Item = &'r Self>) -> Self {
        let mut sum = Self::default();
        for report in reports {
            sum.add(report);
        }
        for numbers in [&mut sum.chunked, &mut sum.ready, &mut sum.halted] {
            numbers.sort_unstable();
            numbers.dedup();
        }
        sum
    }

    fn add(&mut self, other: &Self) {
        self.chunked.extend(&other.chunked);
        self.ready.extend(&other.ready);
        self.halted.extend(&other.halted);
        self.complete = self.complete.saturating_add(other.complete);
        self.others = self.others.saturating_add(other.others);
        let presences = [self.presences, other.presences].into_iter().flatten();
        self.presences = presences.reduce(usize::saturating_add);
        self.available = self.available.saturating_add(other.available);
        self.unavailable = self.unavailable.saturating_add(other.unavailable);
        self.restored = both_restored(self.restored, other.restored);
    }

    /// What to say once each shard of so many has finished chunking, or has ended by itself and is
    /// not the only one; `None` before.
    #[must_use]
    pub fn finished_chunking(&self, total: u32) -> Option<FinishedChunking> {
        let guilds = self.complete.saturating_add(self.others);
        self.covers(&self.chunked, total).then(|| FinishedChunking {
            complete: self.complete,
            others: self.others,
            presences: self.presences.map(|complete| PresencesCounts {
                complete,
                others: guilds.saturating_sub(complete),
            }),
            restored: self.restored,
            halted: self.halted(total),
        })
    }

    /// The same of shards that have been ready.
    #[must_use]
    pub fn bot_ready(&self, total: u32) -> Option<BotReady> {
        self.covers(&self.ready, total).then(|| BotReady {
            available: self.available,
            unavailable: self.unavailable,
            restored: self.restored,
            halted: self.halted(total),
        })
    }

    fn covers(&self, numbers: &[u32], total: u32) -> bool {
        let is_there = |number: u32| {
            let is_in = |list: &[u32]| list.binary_search(&number).is_ok();
            is_in(numbers) || is_in(&self.halted)
        };
        !numbers.is_empty() && (0..total).all(is_there)
    }

    fn halted(&self, total: u32) -> Vec<ShardId> {
        let numbers = self.halted.iter();
        numbers
            .filter_map(|number| ShardId::new_checked(*number, total))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec;
    use core::num::NonZeroUsize;

    use super::*;

    #[test]
    fn a_bot_is_ready_once_the_shards_of_all_its_processes_are() {
        let restored = |guilds, taken| {
            let guilds = NonZeroUsize::new(guilds)?;
            Some(Restored { guilds, taken })
        };
        let one = FleetReport {
            chunked: vec![0, 2],
            complete: 5,
            presences: Some(4),
            restored: restored(3, 70),
            ..FleetReport::default()
        };
        let other = FleetReport {
            chunked: vec![1],
            restored: restored(1, 60),
            complete: 1,
            others: 1,
            ready: vec![0, 1, 2],
            available: 7,
            ..FleetReport::default()
        };
        let sum = FleetReport::sum([&one, &other]);
        let finished = sum.finished_chunking(3).unwrap();
        assert_eq!((finished.complete, finished.others), (6, 1));
        let presences = finished.presences.unwrap();
        assert_eq!((presences.complete, presences.others), (4, 3));
        assert_eq!(finished.restored, restored(4, 60));
        assert_eq!(sum.finished_chunking(4), None);
        let ready = sum.bot_ready(3).unwrap();
        assert_eq!((ready.available, ready.restored), (7, restored(4, 60)));
        assert_eq!(one.finished_chunking(3), None);
        let ended = FleetReport {
            halted: vec![3],
            ..FleetReport::default()
        };
        let sum = FleetReport::sum([&one, &ended, &other]);
        let finished = sum.finished_chunking(4).unwrap();
        assert_eq!(finished.halted, [ShardId::new(3, 4)]);
        assert_eq!(ended.finished_chunking(4), None, "none is ready at all");
    }
}
