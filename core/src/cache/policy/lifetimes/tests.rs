//! The order of use against a naive list, and room.

use super::super::{Group, Policy};
use super::*;
use core::time::Duration;
use proptest::prelude::*;
use std::vec;

/// Rows in the order of their use, the last one used last.
#[derive(Default)]
struct Naive(Vec<(u32, u64, Instant, bool)>);

impl Naive {
    fn at(&self, key: u32) -> Option<usize> {
        self.0.iter().position(|row| row.0 == key)
    }

    fn used(&mut self, key: u32) {
        if let Some(at) = self.at(key) {
            let row = self.0.remove(at);
            self.0.push(row);
        }
    }

    fn first(&mut self, is: impl Fn(&(u32, u64, Instant, bool)) -> bool) -> Option<u32> {
        let at = self.0.iter().position(|row| !row.3 && is(row))?;
        Some(self.0.remove(at).0)
    }

    fn counted(&self, is: impl Fn(u64) -> bool) -> usize {
        self.0.iter().filter(|row| !row.3 && is(row.1)).count()
    }
}

/// Evicts from both what the limits do not allow, and compares.
fn settle(
    lives: &mut Lifetimes<u32>,
    naive: &mut Naive,
    limits: KindLimits,
    now: Instant,
) -> Result<(), TestCaseError> {
    for group in 0..3 {
        while let Some((_, most)) = limits.per_group
            && naive.counted(|own| own == group) > most
        {
            let expected = naive.first(|row| row.1 == group);
            prop_assert_eq!(lives.overflow(group), expected);
        }
        prop_assert_eq!(lives.overflow(group), None);
    }
    while limits
        .overall
        .is_some_and(|most| naive.counted(|_| true) > most)
    {
        prop_assert_eq!(lives.overflow_all(), naive.first(|_| true));
    }
    prop_assert_eq!(lives.overflow_all(), None);
    while let Some(key) = lives.expired(now) {
        let age = limits.time_to_live.unwrap();
        let is = |row: &(u32, u64, Instant, bool)| row.0 == key && row.2.after(age) <= now;
        prop_assert_eq!(naive.first(is), Some(key));
    }
    if let Some(age) = limits.time_to_live {
        prop_assert_eq!(naive.first(|row| row.2.after(age) <= now), None);
    }
    prop_assert_eq!(lives.len(), naive.0.len());
    Ok(())
}

fn limits() -> impl Strategy<Value = KindLimits> {
    let number = || prop::option::of(1..6_usize);
    (number(), number(), prop::option::of(1..30_u64)).prop_map(|(group, all, age)| KindLimits {
        per_group: group.map(|most| (Group::Guild, most)),
        overall: all,
        time_to_live: age.map(Duration::from_millis),
    })
}

proptest! {
    #[test]
    fn the_least_recently_used_goes_as_in_a_naive_list(
        mut limits in limits(),
        others in limits(),
        steps in prop::collection::vec((0..12_u8, 0..14_u32, any::<bool>()), 0..200),
    ) {
        let (mut lives, mut naive) = (Lifetimes::new(limits, Mixer::new(5)), Naive::default());
        let mut now = Instant::ZERO;
        for (step, key, flag) in steps {
            let group = u64::from(key % 3);
            match step {
                0..4 => {
                    naive.0.retain(|row| row.0 != key);
                    naive.0.push((key, group, now, flag && key == 3));
                    lives.touch(&key, group, now, flag && key == 3);
                }
                4..8 => {
                    if limits.bound_numbers() {
                        naive.used(key);
                    }
                    lives.used(&key);
                }
                8 => {
                    naive.0.retain(|row| row.0 != key);
                    lives.remove(&key);
                }
                9 => {
                    naive.0.iter_mut().filter(|row| row.0 == key).for_each(|row| row.3 = flag);
                    lives.spare(&key, flag);
                }
                10 => now = now.after(Duration::from_millis(u64::from(key))),
                _ if key == 0 => {
                    limits = others;
                    lives.set_limits(others, |key| u64::from(key % 3));
                }
                _ => {
                    naive.0.retain(|row| row.0 % 4 != key % 4);
                    lives.retain(|other| other % 4 != key % 4);
                }
            }
            settle(&mut lives, &mut naive, limits, now)?;
        }
    }
}

#[test]
fn queues_stay_in_proportion_to_the_rows() {
    let policy = Policy::lru(100)
        .per_guild(50)
        .time_to_live(Duration::from_secs(1));
    let mut lives = Lifetimes::new(policy.limits, Mixer::new(1));
    for round in 0..10_000_u32 {
        lives.touch(&(round % 7), 1, Instant::ZERO, false);
        lives.remove(&(round % 7));
    }
    assert!(lives.order.len() < 100 && lives.ages.len() < 100);
    for round in 0..10_000_u32 {
        lives.touch(&(round % 7), 1, Instant::ZERO, round % 3 == 0);
    }
    let group = lives.groups.values().map(|it| it.order.len()).max();
    assert!(group < Some(100) && lives.order.len() < 100, "{group:?}");
}

#[test]
fn room_is_given_back() {
    let mut lives = Lifetimes::new(Policy::lru(100_000).limits, Mixer::new(1));
    (0..10_000_u32).for_each(|key| lives.touch(&key, 1, Instant::ZERO, false));
    lives.retain(|key| *key < 10);
    assert_eq!(lives.len(), 10);
    assert!(lives.slots.capacity() < 100 && lives.slot_of.bytes() < 500);
    lives.used(&0);
    lives.limits.overall = Some(1);
    let gone: Vec<u32> = core::iter::from_fn(|| lives.overflow_all()).collect();
    assert_eq!(
        gone,
        vec![1, 2, 3, 4, 5, 6, 7, 8, 9],
        "the first was used since"
    );
}

#[test]
fn rows_are_found_and_go_in_order_through_every_form_of_the_index() {
    let mut lives = Lifetimes::new(Policy::lru(1_000).limits, Mixer::new(1));
    let found = |lives: &Lifetimes<u32>, keys: core::ops::Range<u32>| {
        let row = |key: &u32| lives.find(lives.seeded.hash_one(key), key);
        keys.filter(|key| row(key).is_some()).count()
    };
    for key in 0..20_000_u32 {
        lives.touch(&key, 1, Instant::ZERO, true);
        if key % 1_000 == 0 {
            assert_eq!(found(&lives, 0..20_000), key as usize + 1);
        }
    }
    let full = lives.bytes();
    for key in 5_000..20_000 {
        lives.remove(&key);
        if key % 1_000 == 0 {
            assert_eq!(found(&lives, 0..20_000), 24_999 - key as usize);
        }
    }
    assert_eq!((lives.len(), found(&lives, 0..5_000)), (5_000, 5_000));
    lives.remove(&0);
    assert!(lives.bytes() < full / 2, "{} of {full}", lives.bytes());
    (1..5_000).for_each(|key| lives.spare(&key, false));
    let gone: Vec<u32> = core::iter::from_fn(|| lives.overflow_all()).collect();
    assert!(gone.iter().copied().eq(1..4_000));
}
