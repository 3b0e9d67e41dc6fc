//! The order of use and the ages of rows, apart from the rows.

mod saved;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::hash::{BuildHasher as _, Hash};
use core::mem;
use core::sync::atomic::{AtomicU64, Ordering};

use super::KindLimits;
use super::queue::Queue;
use super::seeded::Seeded;
use crate::Instant;
use crate::cache::memory::{Index, Mixer, SegmentedVec};

/// Which rows are there, when each was last used and last touched.
///
/// A use takes `&self` and stores one number, so that many readers need not wait for each other.
/// The queues learn of uses only when a row has to go.
#[derive(Debug)]
pub(in crate::cache) struct Lifetimes<K> {
    limits: KindLimits,
    /// Where rows are among the slots, by their keys' hashes.
    slot_of: Index,
    seeded: Seeded,
    slots: Slots<K>,
    free: SegmentedVec<u32>,
    /// Empty unless rows are bounded by group.
    groups: BTreeMap<u64, GroupOrder>,
    /// Rows that are not spared.
    counted: usize,
    order: Queue,
    ages: Queue,
    /// Counts uses.
    clock: AtomicU64,
}

type Slots<K> = SegmentedVec<Option<Lifetime<K>>>;

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

/// The slots that are taken, with the hashes of their keys.
fn hashes<K: Hash>(slots: &Slots<K>, seeded: Seeded) -> impl Iterator<Item = (u64, u32)> {
    let lives = slots.iter().zip(0_u32..);
    lives.filter_map(move |(life, slot)| Some((seeded.hash_one(&life.as_ref()?.key), slot)))
}

fn life<K>(slots: &Slots<K>, slot: u32) -> Option<&Lifetime<K>> {
    slots.get(slot as usize)?.as_ref()
}

impl<K: Hash + Eq + Clone> Lifetimes<K> {
    pub(in crate::cache) fn new(limits: KindLimits, mixer: Mixer) -> Self {
        Self {
            limits,
            slot_of: Index::new(),
            seeded: Seeded(mixer),
            slots: SegmentedVec::new(),
            free: SegmentedVec::new(),
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
        let slots = self.slots.bytes().saturating_add(self.free.bytes());
        let groups = self.groups.values().map(|it| it.order.bytes());
        let queues = groups.fold(self.order.bytes(), usize::saturating_add);
        slots
            .saturating_add(self.slot_of.bytes())
            .saturating_add(queues)
            .saturating_add(self.ages.bytes())
    }

    /// The slot of a row with this hash of its key.
    fn find(&self, hash: u64, key: &K) -> Option<u32> {
        let same = |slot| life(&self.slots, slot).is_some_and(|life| life.key == *key);
        self.slot_of.find(hash, same)
    }

    /// A row has been looked up.
    pub(in crate::cache) fn used(&self, key: &K) {
        if !self.limits.bound_numbers() {
            return;
        }
        let slot = self.find(self.seeded.hash_one(key), key);
        if let Some(life) = slot.and_then(|slot| life(&self.slots, slot)) {
            let tick = self.clock.fetch_add(1, Ordering::Relaxed);
            life.used.fetch_max(tick, Ordering::Relaxed);
        }
    }

    /// A row was added or changed. Its group stays what it was.
    pub(in crate::cache) fn touch(&mut self, key: &K, group: u64, now: Instant, spared: bool) {
        let tick = self.clock.get_mut();
        let used = *tick;
        *tick = tick.wrapping_add(1);
        let hash = self.seeded.hash_one(key);
        let Some(slot) = self.find(hash, key) else {
            let row = Lifetime {
                key: key.clone(),
                group,
                used: AtomicU64::new(used),
                touched: now,
                spared,
            };
            return self.add(hash, row);
        };
        if let Some(Some(life)) = self.slots.get_mut(slot as usize) {
            life.used = AtomicU64::new(used);
            life.touched = life.touched.max(now);
        }
        self.spare_at(slot, spared);
    }

    /// Limits have nothing to say of this row, or again have.
    pub(in crate::cache) fn spare(&mut self, key: &K, spared: bool) {
        if let Some(slot) = self.find(self.seeded.hash_one(key), key) {
            self.spare_at(slot, spared);
        }
    }

    fn spare_at(&mut self, slot: u32, spared: bool) {
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

    fn add(&mut self, hash: u64, life: Lifetime<K>) {
        let spared = life.spared;
        let slot = match self.free.pop() {
            Some(slot) => {
                if let Some(place) = self.slots.get_mut(slot as usize) {
                    *place = Some(life);
                }
                slot
            }
            None => {
                let Ok(slot) = u32::try_from(self.slots.len()) else {
                    return;
                };
                self.slots.push(Some(life));
                slot
            }
        };
        let (slots, seeded) = (&self.slots, self.seeded);
        self.slot_of.insert(hash, slot, || hashes(slots, seeded));
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
        if self.limits.per_group.is_some() {
            let group_order = self.groups.entry(group).or_default();
            group_order.counted = group_order.counted.saturating_add(1);
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
        let hash = self.seeded.hash_one(key);
        let Some(slot) = self.find(hash, key) else {
            return;
        };
        let life = self.slots.get_mut(slot as usize).and_then(Option::take);
        let (slots, seeded) = (&self.slots, self.seeded);
        self.slot_of.remove(hash, slot, || hashes(slots, seeded));
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
        let lives = mem::replace(&mut self.slots, SegmentedVec::new());
        self.slot_of = Index::new();
        self.free = SegmentedVec::new();
        self.groups = BTreeMap::new();
        self.counted = 0;
        self.order = Queue::default();
        self.ages = Queue::default();
        for life in lives.into_iter().flatten() {
            self.add(self.seeded.hash_one(&life.key), life);
        }
    }
}

/// The rank of a row that is still in the group.
fn rank_in<K>(slots: &Slots<K>, group: u64, slot: u32) -> Option<u64> {
    let row = life(slots, slot)?;
    (row.group == group).then(|| row.rank()).flatten()
}

#[cfg(test)]
mod tests;
