//! Which process holds which shard, and which it could.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::Not;

use serde::{Deserialize, Deserializer, Serialize};

use crate::process_id::ProcessId;
use crate::rng::Rng;
use crate::shard_id::ShardId;

/// Of no more ranges is it said who can run them, whatever a process writes.
const MOST_RANGES: usize = 1_024;

/// The shards that a process can run, as it tells the others: those that it watches, may have by
/// its [`Placement`](crate::manager::Placement), and has not given up for good. Of 1,024 ranges at
/// most: what lies beyond is not known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunnableShards {
    total: u32,
    /// The first and the last of each range of numbers, in order.
    #[serde(deserialize_with = "bounded")]
    ranges: Vec<(u32, u32)>,
    /// Whether it runs these whoever else lives.
    #[serde(default, skip_serializing_if = "Not::not")]
    by_hand: bool,
}

/// The first ranges that a process names.
fn bounded<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<(u32, u32)>, D::Error> {
    let mut ranges: Vec<_> = Deserialize::deserialize(from)?;
    ranges.truncate(MOST_RANGES);
    Ok(ranges)
}

impl RunnableShards {
    /// Those with these numbers, of a bot with `total` shards. `by_hand` says that the process runs
    /// them whoever else lives: they are left to it.
    #[must_use]
    pub fn new(total: u32, numbers: impl IntoIterator<Item = u32>, by_hand: bool) -> Self {
        let mut numbers: Vec<u32> = numbers.into_iter().collect();
        numbers.sort_unstable();
        let mut ranges: Vec<(u32, u32)> = Vec::new();
        for number in numbers {
            match ranges.last_mut() {
                Some((_, last)) if number <= last.saturating_add(1) => *last = number,
                Some(_) | None => ranges.push((number, number)),
            }
        }
        ranges.truncate(MOST_RANGES);
        Self {
            total,
            ranges,
            by_hand,
        }
    }

    /// Of how many shards the bot is, as this process runs it.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.ranges.is_empty()
    }

    /// Whether the shard is one of them.
    #[must_use]
    pub fn contains(&self, shard: ShardId) -> bool {
        let after = self
            .ranges
            .partition_point(|(first, _)| *first <= shard.number());
        let range = after.checked_sub(1).and_then(|at| self.ranges.get(at));
        self.total == shard.total() && range.is_some_and(|(_, last)| shard.number() <= *last)
    }
}

/// The processes that live, and what they run, as one of them sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners {
    /// The processes that live, and which shards each can run; `None` for one of an earlier
    /// version, which does not say so, and is taken to be able to run any.
    pub live: BTreeMap<ProcessId, Option<RunnableShards>>,
    /// Each shard, by number, and the process that holds it; `None` if nobody does. None at all as
    /// long as those who live run the bot with [another number of
    /// shards](crate::fleet::lease::Leases::held_back), or may do so, since the table is new.
    pub shards: Vec<(ShardId, Option<ProcessId>)>,
}

impl Owners {
    /// Who is to have a shard, if the shards are spread: the same in every process that sees the
    /// same ones live. First come those who run it by hand. `None` if nobody lives who can run it.
    #[must_use]
    pub fn first_for(&self, shard: ShardId) -> Option<ProcessId> {
        let can_run = |runs: Option<&RunnableShards>| runs.is_none_or(|it| it.contains(shard));
        let able = self.live.iter().filter(|(_, runs)| can_run(runs.as_ref()));
        let weight = |(process, runs): &(&ProcessId, &Option<RunnableShards>)| {
            let mixed = Rng::new(process.get()).next_u64() ^ u64::from(shard.number());
            let by_hand = runs.as_ref().is_some_and(|it| it.by_hand);
            (by_hand, Rng::new(mixed).next_u64(), **process)
        };
        able.max_by_key(weight).map(|(process, _)| *process)
    }

    /// Whose owner is gone, or that has none.
    fn is_free(&self, holder: Option<ProcessId>) -> bool {
        holder.is_none_or(|holder| !self.live.contains_key(&holder))
    }

    /// Whether a process holds the shard by hand, and so keeps it.
    fn is_kept(&self, shard: ShardId, holder: Option<ProcessId>) -> bool {
        let runs = holder.and_then(|holder| self.live.get(&holder)?.as_ref());
        runs.is_some_and(|runs| runs.by_hand && runs.contains(shard))
    }

    /// The shard that moves next: the lowest of those that another process is to have, once every
    /// shard has an owner that anybody can run.
    pub(crate) fn moves(&self) -> Option<ShardId> {
        let mut misplaced = None;
        for (shard, holder) in &self.shards {
            let Some(first) = self.first_for(*shard) else {
                continue;
            };
            if self.is_free(*holder) {
                return None;
            }
            let stays = Some(first) == *holder || self.is_kept(*shard, *holder);
            misplaced = misplaced.or((!stays).then_some(*shard));
        }
        misplaced
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_have_the_numbers_that_they_were_made_of() {
        let numbers = [7, 3, 4, 4, 5, 9];
        let runs = RunnableShards::new(10, numbers, false);
        for number in 0..10 {
            let shard = ShardId::new(number, 10);
            assert_eq!(runs.contains(shard), numbers.contains(&number), "{number}");
        }
        assert!(!runs.contains(ShardId::new(4, 11)), "of another total");
        assert_eq!(runs.ranges, [(3, 5), (7, 7), (9, 9)]);
    }

    #[test]
    fn no_process_has_more_ranges_known_of_it_than_there_may_be() {
        let odd = (0..60_000).filter(|number| number % 2 == 1);
        let runs = RunnableShards::new(60_000, odd, false);
        let text = serde_json::to_string(&runs).unwrap();
        assert!(text.len() < 24 << 10, "{}", text.len());
        let again: RunnableShards = serde_json::from_str(&text).unwrap();
        assert_eq!(again, runs);
        // A process of another version may write more.
        let ranges: Vec<_> = (0..30_000).map(|number| (2 * number, 2 * number)).collect();
        let more = serde_json::json!({"total": 60_000, "ranges": ranges});
        let more: RunnableShards = serde_json::from_value(more).unwrap();
        assert_eq!(more.ranges.len(), MOST_RANGES);
        assert!(more.contains(ShardId::new(2_046, 60_000)));
        assert!(!more.contains(ShardId::new(2_048, 60_000)));
    }
}
