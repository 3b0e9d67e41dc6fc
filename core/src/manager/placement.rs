//! Which process runs which of Discord's shards.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;
use core::num::NonZeroU32;

use crate::ShardId;
use crate::owners::{Owners, RunnableShards};
use crate::process_id::ProcessId;

/// How the shards of a bot are shared out over its processes: policy and nothing else. Whatever it
/// says, [leases](crate::fleet::lease) see to it that no shard runs twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Placement {
    /// This process runs the shards with these numbers, and no others, whoever else lives.
    Numbers(BTreeSet<u32>),
    /// The shards are cut into so many ranges of about the same length, and this process runs one
    /// of them.
    Range {
        /// Which one, from zero.
        part: u32,
        /// How many there are.
        of: NonZeroU32,
    },
    /// The shards are spread over the processes that live, by rendezvous hashing: each has about
    /// as many, where there are many, and only those of a process that comes or goes move, one at a
    /// time.
    Spread,
}

impl Placement {
    /// The shards that the process `me` is to run now, in order. Ask again whenever `owners`
    /// change.
    #[must_use]
    pub fn serves(&self, me: ProcessId, owners: &Owners) -> Vec<ShardId> {
        let moves = match self {
            Self::Spread => owners.moves(),
            Self::Numbers(_) | Self::Range { .. } => None,
        };
        let lives = owners.live.contains_key(&me);
        let serves = |shard: ShardId, holder: Option<ProcessId>| match self {
            Self::Numbers(_) | Self::Range { .. } => self.may_serve(shard),
            Self::Spread if holder == Some(me) && lives && moves != Some(shard) => true,
            Self::Spread => owners.first_for(shard) == Some(me),
        };
        let shards = owners.shards.iter();
        let shards = shards.filter(|(shard, holder)| serves(*shard, *holder));
        shards.map(|(shard, _)| *shard).collect()
    }

    /// What a process tells the others that it can run: of these shards of a bot with `total`, in
    /// order, those that it may be told to run.
    #[must_use]
    pub fn runnable(
        &self,
        total: u32,
        shards: impl IntoIterator<Item = ShardId>,
    ) -> RunnableShards {
        let shards = shards.into_iter().filter(|shard| self.may_serve(*shard));
        let by_hand = match self {
            Self::Numbers(_) | Self::Range { .. } => true,
            Self::Spread => false,
        };
        RunnableShards::new(total, shards.map(ShardId::number), by_hand)
    }

    /// Whether the process may be told to run the shard.
    fn may_serve(&self, shard: ShardId) -> bool {
        match self {
            Self::Numbers(numbers) => numbers.contains(&shard.number()),
            Self::Range { part, of } => part_of(shard, *of) == *part,
            Self::Spread => true,
        }
    }
}

/// Which of so many ranges a shard is in.
fn part_of(shard: ShardId, of: NonZeroU32) -> u32 {
    let product = u64::from(shard.number()).saturating_mul(u64::from(of.get()));
    let part = product.checked_div(u64::from(shard.total())).unwrap_or(0);
    u32::try_from(part).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHARDS: u32 = 60;

    fn process(number: u64) -> ProcessId {
        ProcessId::new(number)
    }

    fn owners(live: impl IntoIterator<Item = u64>) -> Owners {
        let all = ShardId::all(NonZeroU32::new(SHARDS).unwrap());
        Owners {
            live: live.into_iter().map(|it| (process(it), None)).collect(),
            shards: all.map(|shard| (shard, None)).collect(),
        }
    }

    fn numbers(shards: &[ShardId]) -> Vec<u32> {
        shards.iter().map(|shard| shard.number()).collect()
    }

    /// Lets each process do what it is to do, one after the other. How many shards moved at once.
    fn settle(owners: &mut Owners) -> usize {
        let mut most = 0;
        for _ in 0..4 * SHARDS {
            let before = owners.clone();
            let live = before.live.clone();
            let mut left = 0;
            for me in live.keys() {
                let serves = Placement::Spread.serves(*me, &before);
                for (shard, holder) in &mut owners.shards {
                    if *holder == Some(*me) && !serves.contains(shard) {
                        *holder = None;
                        left += 1;
                    }
                }
            }
            for me in live.keys() {
                let serves = Placement::Spread.serves(*me, &before);
                for (shard, holder) in &mut owners.shards {
                    let is_free = holder.is_none_or(|holder| !live.contains_key(&holder));
                    if is_free && serves.contains(shard) {
                        *holder = Some(*me);
                    }
                }
            }
            most = most.max(left);
        }
        most
    }

    #[test]
    fn by_hand_and_by_range_each_process_knows_its_own() {
        let owners = owners([1]);
        let serves = |placement: Placement| numbers(&placement.serves(process(1), &owners));
        assert_eq!(serves(Placement::Numbers([3, 59, 60].into())), [3, 59]);
        let of = NonZeroU32::new(7).unwrap();
        let parts = (0..7).map(|part| serves(Placement::Range { part, of }));
        let parts: Vec<Vec<u32>> = parts.collect();
        assert!(
            parts.iter().all(|part| (8..=9).contains(&part.len())),
            "{parts:?}"
        );
        assert_eq!(parts.concat(), (0..SHARDS).collect::<Vec<_>>());
    }

    #[test]
    fn shards_are_spread_over_those_who_live_and_move_one_at_a_time() {
        let mut owners = owners([11, 22, 33]);
        settle(&mut owners);
        let count = |owners: &Owners, of: u64| {
            let shards = owners.shards.iter();
            shards
                .filter(|(_, holder)| *holder == Some(process(of)))
                .count()
        };
        for of in [11, 22, 33] {
            assert!(
                (8..=32).contains(&count(&owners, of)),
                "{}",
                count(&owners, of)
            );
        }
        let before = owners.shards.clone();
        owners.live.insert(process(44), None);
        assert_eq!(settle(&mut owners), 1, "one at a time");
        for (old, new) in before.iter().zip(&owners.shards) {
            assert!(old == new || new.1 == Some(process(44)), "{old:?} {new:?}");
        }
        assert!((6..=24).contains(&count(&owners, 44)));
        owners.live.remove(&process(44));
        let left = Placement::Spread.serves(process(44), &owners);
        assert_eq!(left, [], "who leaves gives up all at once");
        assert_eq!(
            settle(&mut owners),
            0,
            "those of a process that is gone are free"
        );
        assert_eq!(owners.shards, before);
    }

    fn holders(owners: &Owners) -> Vec<Option<ProcessId>> {
        owners.shards.iter().map(|(_, holder)| *holder).collect()
    }

    #[test]
    fn who_cannot_run_a_shard_does_not_get_it() {
        let mut owners = owners([]);
        let halves = [(11, 0..30), (22, 30..SHARDS)];
        for (of, numbers) in halves.clone() {
            let runs = RunnableShards::new(SHARDS, numbers, false);
            owners.live.insert(process(of), Some(runs));
        }
        let other = RunnableShards::new(SHARDS + 1, 0..=SHARDS, false);
        owners.live.insert(process(33), Some(other));
        settle(&mut owners);
        for (of, numbers) in halves {
            for number in numbers {
                let holder = owners.shards[number as usize].1;
                assert_eq!(holder, Some(process(of)), "{number}");
            }
        }
    }

    #[test]
    fn a_shard_that_nobody_can_run_keeps_no_other_from_moving() {
        let mut owners = owners([]);
        let all_but_one = || Some(RunnableShards::new(SHARDS, 1..SHARDS, false));
        owners.live.insert(process(11), all_but_one());
        settle(&mut owners);
        owners.live.insert(process(22), all_but_one());
        settle(&mut owners);
        let holders = holders(&owners);
        assert_eq!(holders[0], None);
        assert!(holders.contains(&Some(process(22))), "{holders:?}");
        let free = owners.clone();
        owners.live.insert(process(33), None);
        settle(&mut owners);
        assert_eq!(owners.shards[0].1, Some(process(33)), "once somebody can");
        assert_ne!(owners, free);
    }

    #[test]
    fn what_is_run_by_hand_is_left_to_who_does_so_and_stays_there() {
        let mut owners = owners([]);
        let by_hand = Placement::Numbers((0..30).collect());
        let shards: Vec<ShardId> = owners.shards.iter().map(|(shard, _)| *shard).collect();
        let runs = Some(by_hand.runnable(SHARDS, shards.clone()));
        owners.live.insert(process(11), runs.clone());
        owners.live.insert(process(22), None);
        for shard in shards {
            let first = if shard.number() < 30 { 11 } else { 22 };
            assert_eq!(owners.first_for(shard), Some(process(first)), "{shard}");
        }
        // Another one runs the same by hand, and waits.
        owners.live.insert(process(44), runs);
        for (shard, holder) in &mut owners.shards {
            *holder = Some(process(if shard.number() < 30 { 44 } else { 22 }));
        }
        assert_eq!(owners.moves(), None);
        for (_, holder) in &mut owners.shards {
            *holder = Some(process(22));
        }
        assert!(owners.moves().is_some(), "who spreads gives them up");
    }
}
