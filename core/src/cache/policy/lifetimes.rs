//! The order of use and the ages of rows, apart from the rows.

mod saved;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::hash::Hash;
use core::mem;
use core::sync::atomic::{AtomicU64, Ordering};

use hashbrown::HashMap;

use super::KindLimits;
use super::queue::Queue;
use super::seeded::Seeded;
use crate::Instant;
use crate::cache::memory::Mixer;

/// Which rows are there, when each was last used and last touched.
///
/// A use takes `&self` and stores one number, so that many readers need not wait for each other.
/// The queues learn of uses only when a row has to go.
#[derive(Debug)]
pub(in crate::cache) struct Lifetimes<K> {
    limits: KindLimits,
    slot_of: HashMap<K, u32, Seeded>,
    slots: Vec<Option<Lifetime<K>>>,
    free: Vec<u32>,
    groups: BTreeMap<u64, GroupOrder>,
    /// Rows that are not spared.
    counted: usize,
    order: Queue,
    ages: Queue,
    /// Counts uses.
    clock: AtomicU64,
}

#[derive(Debug)]
struct Lifetime<K> {
    key: K,
    group: u64,
    used: AtomicU64,
    touched: Instant,
    spared: bool,
}

/// The rows of one group that are not spared.
#[derive(Debug, Default)]
struct GroupOrder {
    order: Queue,
    counted: usize,
}

impl<K> Lifetime<K> {
    fn rank(&self) -> Option<u64> {
        (!self.spared).then(|| self.used.load(Ordering::Relaxed))
    }

    fn age(&self) -> Option<u64> {
        (!self.spared).then_some(self.touched.as_millis())
    }
}

fn life<K>(slots: &[Option<Lifetime<K>>], slot: u32) -> Option<&Lifetime<K>> {
    slots.get(slot as usize)?.as_ref()
}

impl<K: Hash + Eq + Clone> Lifetimes<K> {
    pub(in crate::cache) fn new(limits: KindLimits, mixer: Mixer) -> Self {
        Self {
            limits,
            slot_of: HashMap::with_hasher(Seeded(mixer)),
            slots: Vec::new(),
            free: Vec::new(),
            groups: BTreeMap::new(),
            counted: 0,
            order: Queue::default(),
            ages: Queue::default(),
            clock: AtomicU64::new(0),
        }
    }

    /// Rows that are there, spared ones included.
    pub(in crate::cache) fn len(&self) -> usize {
        self.slot_of.len()
    }

    /// Bytes of the bookkeeping.
    pub(in crate::cache) fn bytes(&self) -> usize {
        let slots = self
            .slots
            .capacity()
            .saturating_mul(size_of::<Option<Lifetime<K>>>());
        let groups = self.groups.values().map(|it| it.order.bytes());
        let queues = groups.fold(self.order.bytes(), usize::saturating_add);
        slots
            .saturating_add(self.slot_of.allocation_size())
            .saturating_add(queues)
            .saturating_add(self.ages.bytes())
    }

    /// A row has been looked up.
    pub(in crate::cache) fn used(&self, key: &K) {
        if !self.limits.bound_numbers() {
            return;
        }
        if let Some(life) = self
            .slot_of
            .get(key)
            .and_then(|&slot| life(&self.slots, slot))
        {
            let tick = self.clock.fetch_add(1, Ordering::Relaxed);
            life.used.fetch_max(tick, Ordering::Relaxed);
        }
    }

    /// A row was added or changed. Its group stays what it was.
    pub(in crate::cache) fn touch(&mut self, key: &K, group: u64, now: Instant, spared: bool) {
        let tick = self.clock.get_mut();
        let used = *tick;
        *tick = tick.wrapping_add(1);
        let Some(&slot) = self.slot_of.get(key) else {
            self.add(Lifetime {
                key: key.clone(),
                group,
                used: AtomicU64::new(used),
                touched: now,
                spared,
            });
            return;
        };
        if let Some(Some(life)) = self.slots.get_mut(slot as usize) {
            life.used = AtomicU64::new(used);
            life.touched = life.touched.max(now);
        }
        self.spare(key, spared);
    }

    /// Limits have nothing to say of this row, or again have.
    pub(in crate::cache) fn spare(&mut self, key: &K, spared: bool) {
        let Some(&slot) = self.slot_of.get(key) else {
            return;
        };
        let Some(Some(life)) = self.slots.get_mut(slot as usize) else {
            return;
        };
        if mem::replace(&mut life.spared, spared) == spared {
            return;
        }
        if spared {
            let group = life.group;
            self.discount(group);
        } else {
            self.enqueue(slot);
        }
    }

    fn add(&mut self, life: Lifetime<K>) {
        let slot = match self.free.pop() {
            Some(slot) => slot,
            None => {
                let Ok(slot) = u32::try_from(self.slots.len()) else {
                    return;
                };
                self.slots.push(None);
                slot
            }
        };
        self.slot_of.insert(life.key.clone(), slot);
        let spared = life.spared;
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(life);
        }
        if !spared {
            self.enqueue(slot);
        }
    }

    fn enqueue(&mut self, slot: u32) {
        let Some(row) = life(&self.slots, slot) else {
            return;
        };
        let (Some(rank), Some(age), group) = (row.rank(), row.age(), row.group) else {
            return;
        };
        self.counted = self.counted.saturating_add(1);
        let slots = &self.slots;
        let group_order = self.groups.entry(group).or_default();
        group_order.counted = group_order.counted.saturating_add(1);
        if self.limits.per_group.is_some() {
            group_order.order.push(rank, slot);
            group_order
                .order
                .tidy(group_order.counted, |slot| rank_in(slots, group, slot));
        }
        if self.limits.overall.is_some() {
            self.order.push(rank, slot);
            self.order
                .tidy(self.counted, |slot| life(slots, slot)?.rank());
        }
        if self.limits.time_to_live.is_some() {
            self.ages.push(age, slot);
            self.ages
                .tidy(self.counted, |slot| life(slots, slot)?.age());
        }
    }

    /// A row of the group counts no longer.
    fn discount(&mut self, group: u64) {
        self.counted = self.counted.saturating_sub(1);
        if let Some(group_order) = self.groups.get_mut(&group) {
            group_order.counted = group_order.counted.saturating_sub(1);
            if group_order.counted == 0 {
                self.groups.remove(&group);
            }
        }
    }

    /// The row is gone.
    pub(in crate::cache) fn remove(&mut self, key: &K) {
        self.take(key);
        self.shrink();
    }

    fn take(&mut self, key: &K) {
        let Some(slot) = self.slot_of.remove(key) else {
            return;
        };
        let life = self.slots.get_mut(slot as usize).and_then(Option::take);
        self.free.push(slot);
        if let Some(life) = life.filter(|life| !life.spared) {
            self.discount(life.group);
        }
    }

    /// Only the rows of which `there` says so are still there.
    pub(in crate::cache) fn retain(&mut self, there: impl Fn(&K) -> bool) {
        let keys = self.slots.iter().flatten().map(|life| &life.key);
        let gone: Vec<K> = keys.filter(|key| !there(key)).cloned().collect();
        gone.iter().for_each(|key| self.take(key));
        self.shrink();
    }

    /// The least recently used row of a group that has too many; it counts as gone.
    pub(in crate::cache) fn overflow(&mut self, group: u64) -> Option<K> {
        let (_, most) = self.limits.per_group?;
        let group_order = self.groups.get_mut(&group)?;
        if group_order.counted <= most {
            return None;
        }
        let slots = &self.slots;
        let (_, slot) = group_order
            .order
            .least(|slot| rank_in(slots, group, slot))?;
        self.evict(slot)
    }

    /// The least recently used row of all, if there are too many; it counts as gone.
    pub(in crate::cache) fn overflow_all(&mut self) -> Option<K> {
        if self.counted <= self.limits.overall? {
            return None;
        }
        let slots = &self.slots;
        let (_, slot) = self.order.least(|slot| life(slots, slot)?.rank())?;
        self.evict(slot)
    }

    /// A row that has lived for long enough; it counts as gone.
    pub(in crate::cache) fn expired(&mut self, now: Instant) -> Option<K> {
        if !self.may_expire(now) {
            return None;
        }
        let slots = &self.slots;
        let (touched, slot) = self.ages.least(|slot| life(slots, slot)?.age())?;
        if !self.is_over(touched, now) {
            return None;
        }
        self.evict(slot)
    }

    /// Whether a row may have lived for long enough. Cheap.
    pub(in crate::cache) fn may_expire(&self, now: Instant) -> bool {
        self.ages
            .floor()
            .is_some_and(|touched| self.is_over(touched, now))
    }

    /// When a row may have lived for long enough, one that comes now included; `None` if all live
    /// for ever.
    pub(in crate::cache) fn next_expiry(&self, now: Instant) -> Option<Instant> {
        let age = self.limits.time_to_live?;
        let oldest = self.ages.floor().map_or(now, Instant::from_millis);
        Some(oldest.after(age))
    }

    fn is_over(&self, touched: u64, now: Instant) -> bool {
        let age = self.limits.time_to_live;
        age.is_some_and(|age| Instant::from_millis(touched).after(age) <= now)
    }

    fn evict(&mut self, slot: u32) -> Option<K> {
        let key = life(&self.slots, slot)?.key.clone();
        self.remove(&key);
        Some(key)
    }

    /// Other limits for the same rows, grouped by `group`.
    pub(in crate::cache) fn set_limits(&mut self, limits: KindLimits, group: impl Fn(&K) -> u64) {
        self.limits = limits;
        for life in self.slots.iter_mut().flatten() {
            life.group = group(&life.key);
        }
        self.rebuild();
    }

    /// Gives room back when three quarters of it are empty.
    fn shrink(&mut self) {
        if self.slots.len() > 64 && self.slot_of.len() < self.slots.len() / 4 {
            self.rebuild();
        }
    }

    fn rebuild(&mut self) {
        let lives: Vec<Lifetime<K>> = mem::take(&mut self.slots).into_iter().flatten().collect();
        self.slot_of.clear();
        self.slot_of.shrink_to(lives.len());
        self.free = Vec::new();
        self.groups = BTreeMap::new();
        self.counted = 0;
        self.order = Queue::default();
        self.ages = Queue::default();
        lives.into_iter().for_each(|life| self.add(life));
    }
}

/// The rank of a row that is still in the group.
fn rank_in<K>(slots: &[Option<Lifetime<K>>], group: u64, slot: u32) -> Option<u64> {
    let row = life(slots, slot)?;
    (row.group == group).then(|| row.rank()).flatten()
}

#[cfg(test)]
mod tests {
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
        assert!(lives.slots.capacity() < 100 && lives.slot_of.capacity() < 100);
        lives.used(&0);
        lives.limits.overall = Some(1);
        let gone: Vec<u32> = core::iter::from_fn(|| lives.overflow_all()).collect();
        assert_eq!(
            gone,
            vec![1, 2, 3, 4, 5, 6, 7, 8, 9],
            "the first was used since"
        );
    }
}
