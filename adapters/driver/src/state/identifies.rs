//! When shards identified of late, and how many identifies are left for the day: the next process
//! keeps to both.

use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, SystemTime};

use headcount_core::ShardId;
use headcount_core::fleet::StartLimit;
use serde::{Deserialize, Serialize};

use super::bot_key::BotKey;
use super::disk::{Disk, replace_unsynchronised};
use super::document::Document;
use super::layout::IDENTIFIES;
use super::millis;
use super::recent_times::RecentTimes;
use super::trouble::Trouble;

/// The budget is full again after so long at the latest, in milliseconds.
const DAY: u64 = 24 * 60 * 60 * 1_000;

/// The identifies of late. Times are by the wall clock, in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RecentIdentifies {
    /// Shards, and when they identified.
    recent: RecentTimes<ShardId>,
    /// What was left after the last one.
    budget: Option<BudgetLeft>,
}

/// What was left of the day's identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct BudgetLeft {
    left: u32,
    /// When that was.
    counted: u64,
    /// When all of them are there again.
    resets: u64,
}

impl RecentIdentifies {
    /// Shards that identified, and how long before `now`. By a clock that was put back since, one
    /// has identified just now.
    pub(crate) fn ages(&self, now: SystemTime) -> impl Iterator<Item = (ShardId, Duration)> {
        self.recent.ages(now)
    }

    /// A limit that somebody knew before the last identifies, with what they have left of it. What
    /// a clock shows that was put back since says nothing of the budget.
    pub(crate) fn left_of(&self, limit: StartLimit, now: SystemTime) -> StartLimit {
        let now = millis(now);
        let still = |it: &BudgetLeft| {
            (it.counted..it.resets).contains(&now) && it.resets - it.counted <= DAY
        };
        match self.budget.filter(still) {
            Some(budget) if budget.left < limit.remaining => StartLimit {
                remaining: budget.left,
                reset_after: Duration::from_millis(budget.resets - now),
                ..limit
            },
            Some(_) | None => limit,
        }
    }

    /// Counts an identify, and forgets those that are longer ago than the spacing.
    fn count(&mut self, shard: ShardId, now: u64, spacing: Duration) {
        let is_same = |other: &ShardId| other.number() == shard.number();
        self.recent.count(shard, now, spacing, is_same);
    }
}

/// Writes down that shards identify, as long as the folder is open for them.
pub(crate) struct IdentifyLog {
    disk: Weak<dyn Disk>,
    bot: BotKey,
    /// Time between identifies of one bucket.
    spacing: Duration,
    written: Mutex<(RecentIdentifies, Trouble)>,
}

impl IdentifyLog {
    pub(super) fn new(
        (disk, bot): (Arc<dyn Disk>, BotKey),
        spacing: Duration,
        found: RecentIdentifies,
        trouble: Trouble,
    ) -> Self {
        Self {
            disk: Arc::downgrade(&disk),
            bot,
            spacing,
            written: Mutex::new((found, trouble)),
        }
    }

    /// A shard is about to identify, after which so many identifies are left, and all of them again
    /// in so long. It is written when this returns, and not synchronised with the disk: a machine
    /// that was off has waited for long enough.
    pub(crate) fn note(&self, shard: ShardId, left: u32, resets_in: Option<Duration>) {
        self.note_at(SystemTime::now(), shard, left, resets_in);
    }

    pub(super) fn note_at(
        &self,
        now: SystemTime,
        shard: ShardId,
        left: u32,
        resets_in: Option<Duration>,
    ) {
        let Some(disk) = self.disk.upgrade() else {
            return;
        };
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        let (identifies, trouble) = &mut *written;
        let now = millis(now);
        identifies.count(shard, now, self.spacing);
        identifies.budget = resets_in.map(|time| BudgetLeft {
            left,
            counted: now,
            resets: now.saturating_add(u64::try_from(time.as_millis()).unwrap_or(u64::MAX)),
        });
        let document = Document {
            bot: self.bot,
            generation: 0,
            content: &*identifies,
        };
        let bytes = document.encode();
        let written = bytes.and_then(|bytes| replace_unsynchronised(&*disk, IDENTIFIES, &bytes));
        trouble.note(&format_args!("the file {IDENTIFIES}"), written);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_800_000_000_000;
    const SPACING: Duration = Duration::from_millis(5_300);

    fn at(millis: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_millis(millis)
    }

    fn shard(number: u32) -> ShardId {
        ShardId::new(number, 8)
    }

    fn ages(identifies: &RecentIdentifies, now: u64) -> Vec<(u32, u64)> {
        let ages = identifies.ages(at(now));
        ages.map(|(shard, age)| (shard.number(), age.as_millis() as u64))
            .collect()
    }

    #[test]
    fn those_within_a_spacing_are_known_and_the_last_of_each_shard() {
        let mut identifies = RecentIdentifies::default();
        for (number, time) in [(0, 0), (1, 100), (0, 5_200), (2, 5_300), (3, 5_400)] {
            identifies.count(shard(number), START + time, SPACING);
        }
        let known = [(0, 800), (2, 700), (3, 600)];
        assert_eq!(ages(&identifies, START + 6_000), known);
    }

    #[test]
    fn a_clock_that_was_put_back_makes_nobody_wait_for_longer_than_a_spacing() {
        let mut identifies = RecentIdentifies::default();
        identifies.count(shard(0), START, SPACING);
        assert_eq!(ages(&identifies, START - 1_000_000), [(0, 0)]);
        identifies.count(shard(1), START - 1_000_000, SPACING);
        let both = [(0, 1_000), (1, 1_000)];
        assert_eq!(ages(&identifies, START - 999_000), both);
    }

    #[test]
    fn what_is_left_of_the_day_counts_until_it_is_over() {
        let limit = StartLimit::default();
        let mut identifies = RecentIdentifies {
            recent: RecentTimes::default(),
            budget: Some(BudgetLeft {
                left: 7,
                counted: START,
                resets: START + 5_000,
            }),
        };
        let left = |identifies: &RecentIdentifies, now| {
            let limit = identifies.left_of(limit, at(now));
            (limit.remaining, limit.reset_after.as_millis() as u64)
        };
        assert_eq!(left(&identifies, START), (7, 5_000));
        assert_eq!(left(&identifies, START + 4_999), (7, 1));
        assert_eq!(left(&identifies, START + 5_000), (1_000, 0));
        assert_eq!(left(&identifies, START - 1), (1_000, 0), "put back");
        let fewer = StartLimit {
            remaining: 3,
            ..limit
        };
        assert_eq!(identifies.left_of(fewer, at(START)), fewer);
        identifies.budget = identifies.budget.map(|budget| BudgetLeft {
            resets: START + DAY + 1,
            ..budget
        });
        assert_eq!(left(&identifies, START), (1_000, 0), "no such day");
    }
}
