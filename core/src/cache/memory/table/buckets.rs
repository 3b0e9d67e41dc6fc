//! A hash table of handles, of which a look-up reads one cache line.

use alloc::vec::Vec;

/// Entries of a bucket.
const SLOTS: usize = 10;

/// What is stored in `passed` when it can no longer be counted.
const MANY: u8 = u8::MAX;

/// As many entries as fit into a cache line.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Bucket {
    handles: [u32; SLOTS],
    tags: [u16; SLOTS],
    used: u8,
    /// How many entries lie further on because there was no room here; [`MANY`] stays.
    passed: u8,
}

impl Bucket {
    const EMPTY: Self = Self {
        handles: [0; SLOTS],
        tags: [0; SLOTS],
        used: 0,
        passed: 0,
    };

    fn entries(&self) -> impl Iterator<Item = (u16, u32)> {
        let entries = self.tags.iter().copied().zip(self.handles.iter().copied());
        entries.take(usize::from(self.used))
    }

    /// Whether an entry has this tag, or did: all tags at once.
    #[inline]
    fn has(&self, tag: u16) -> bool {
        let same = |found, own: &u16| found | (*own == tag);
        self.tags.iter().fold(false, same)
    }

    /// The slot of the entry with this tag of which `same` is true.
    #[inline]
    fn find(&self, tag: u16, mut same: impl FnMut(u32) -> bool) -> Option<usize> {
        if !self.has(tag) {
            return None;
        }
        let mut hits = 0_u16;
        for (slot, other) in self.tags.iter().enumerate() {
            hits |= u16::from(*other == tag) << slot;
        }
        hits &= (1_u16 << self.used).wrapping_sub(1);
        while hits != 0 {
            let slot = hits.trailing_zeros() as usize;
            if self.handles.get(slot).is_some_and(|&handle| same(handle)) {
                return Some(slot);
            }
            hits &= hits.wrapping_sub(1);
        }
        None
    }

    /// Whether there was room.
    fn push(&mut self, tag: u16, handle: u32) -> bool {
        let slot = usize::from(self.used);
        let (Some(tags), Some(handles)) = (self.tags.get_mut(slot), self.handles.get_mut(slot))
        else {
            return false;
        };
        (*tags, *handles) = (tag, handle);
        self.used = self.used.wrapping_add(1);
        true
    }

    /// Takes an entry out; the last one takes its slot.
    fn swap_remove(&mut self, slot: usize) {
        let last = usize::from(self.used).wrapping_sub(1);
        if slot <= last && last < SLOTS {
            self.tags.swap(slot, last);
            self.handles.swap(slot, last);
            self.used = self.used.wrapping_sub(1);
        }
    }
}

/// Handles by tag: 16 bits of a hash, that also say in which bucket an entry belongs. It lies
/// there or, if that is full, in one of the next.
///
/// The buckets are never many more than needed: growing them takes no look at the rows, as the
/// tags are there.
#[derive(Clone, Debug, Default)]
pub(in crate::cache::memory) struct Buckets {
    list: Vec<Bucket>,
    entries: usize,
}

impl Buckets {
    pub(in crate::cache::memory) const fn new() -> Self {
        Self {
            list: Vec::new(),
            entries: 0,
        }
    }

    /// Bytes held, spare room included.
    pub(in crate::cache::memory) const fn bytes(&self) -> usize {
        self.list.capacity().saturating_mul(size_of::<Bucket>())
    }

    pub(in crate::cache::memory) const fn len(&self) -> usize {
        self.entries
    }

    /// All handles with their tags.
    pub(in crate::cache::memory) fn entries(&self) -> impl Iterator<Item = (u16, u32)> {
        self.list.iter().flat_map(Bucket::entries)
    }

    /// All handles.
    pub(in crate::cache::memory) fn handles(&self) -> impl Iterator<Item = u32> {
        self.entries().map(|(_, handle)| handle)
    }

    /// The bucket in which entries with this tag belong.
    #[inline]
    const fn home(&self, tag: u16) -> usize {
        (tag as usize).wrapping_mul(self.list.len()) >> 16
    }

    const fn after(&self, bucket: usize) -> usize {
        let next = bucket.wrapping_add(1);
        if next == self.list.len() { 0 } else { next }
    }

    /// The bucket and the slot of the entry with this tag of which `same` is true.
    #[inline]
    fn locate(&self, tag: u16, mut same: impl FnMut(u32) -> bool) -> Option<(usize, usize)> {
        let mut at = self.home(tag);
        for _ in 0..self.list.len() {
            let bucket = self.list.get(at)?;
            if let Some(slot) = bucket.find(tag, &mut same) {
                return Some((at, slot));
            }
            if bucket.passed == 0 {
                return None;
            }
            at = self.after(at);
        }
        None
    }

    /// The handle with this tag of which `same` is true.
    #[inline]
    pub(in crate::cache::memory) fn find(
        &self,
        tag: u16,
        same: impl FnMut(u32) -> bool,
    ) -> Option<u32> {
        let (bucket, slot) = self.locate(tag, same)?;
        self.list.get(bucket)?.handles.get(slot).copied()
    }

    /// Reads something of the bucket in which entries with this tag belong.
    #[inline]
    pub(in crate::cache::memory) fn peek(&self, tag: u16) -> u8 {
        self.list
            .get(self.home(tag))
            .map_or(0, |bucket| bucket.used)
    }

    /// Adds a handle that is not there.
    pub(in crate::cache::memory) fn insert(&mut self, tag: u16, handle: u32) {
        if self.entries >= room(self.list.len()) {
            let more = self.list.len().div_ceil(2);
            self.resize(self.list.len().saturating_add(more.max(1)));
        }
        self.entries = self.entries.wrapping_add(1);
        self.put(tag, handle);
    }

    fn put(&mut self, tag: u16, handle: u32) {
        let mut at = self.home(tag);
        while let Some(bucket) = self.list.get_mut(at) {
            if bucket.push(tag, handle) {
                return;
            }
            bucket.passed = bucket.passed.saturating_add(1);
            at = self.after(at);
        }
    }

    /// Puts a handle into the place of another one.
    pub(in crate::cache::memory) fn replace(&mut self, tag: u16, from: u32, to: u32) {
        let found = self.locate(tag, |handle| handle == from);
        let place =
            found.and_then(|(bucket, slot)| self.list.get_mut(bucket)?.handles.get_mut(slot));
        if let Some(handle) = place {
            *handle = to;
        }
    }

    /// Whether the handle was there. Room that is empty goes back with [`Buckets::shrink`].
    pub(in crate::cache::memory) fn remove(&mut self, tag: u16, handle: u32) -> bool {
        let Some((found, slot)) = self.locate(tag, |other| other == handle) else {
            return false;
        };
        let mut at = self.home(tag);
        while at != found {
            if let Some(bucket) = self.list.get_mut(at).filter(|full| full.passed != MANY) {
                bucket.passed = bucket.passed.wrapping_sub(1);
            }
            at = self.after(at);
        }
        if let Some(bucket) = self.list.get_mut(found) {
            bucket.swap_remove(slot);
        }
        self.entries = self.entries.wrapping_sub(1);
        true
    }

    /// Gives room back when three sevenths of it are empty.
    pub(in crate::cache::memory) fn shrink(&mut self) {
        let used = self
            .entries
            .saturating_add(self.entries.saturating_mul(3) / 4);
        if self.list.len() > 4 && used < room(self.list.len()) {
            self.resize(buckets(self.entries.saturating_add(self.entries / 8)));
        }
    }

    /// Makes room for so many entries.
    pub(in crate::cache::memory) fn reserve(&mut self, entries: usize) {
        let wanted = buckets(entries);
        if wanted > self.list.len() {
            self.resize(wanted);
        }
    }

    fn resize(&mut self, buckets: usize) {
        let mut list = Vec::with_capacity(buckets);
        list.resize(buckets, Bucket::EMPTY);
        let old = core::mem::replace(&mut self.list, list);
        for bucket in &old {
            for (tag, handle) in bucket.entries() {
                self.put(tag, handle);
            }
        }
    }
}

/// So many entries go into so many buckets: nine tenths of the slots.
const fn room(buckets: usize) -> usize {
    buckets.saturating_mul(SLOTS - 1)
}

/// So many buckets hold so many entries.
const fn buckets(entries: usize) -> usize {
    entries.div_ceil(SLOTS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    #[test]
    fn a_bucket_is_a_cache_line() {
        assert_eq!(size_of::<Bucket>(), 64);
    }

    proptest! {
        /// Few tags, so that buckets overflow.
        #[test]
        fn buckets_are_a_map(
            steps in prop::collection::vec((0..5_u8, 0..90_u32), 0..600),
            spread in prop::sample::select(&[1_u32, 700, 20_011][..]),
        ) {
            let tag = |handle: u32| (handle * spread % 65_521) as u16;
            let mut table = Buckets::new();
            let mut map: BTreeMap<u32, u32> = BTreeMap::new();
            for (step, handle) in steps {
                let found = table.find(tag(handle), |other| other % 100 == handle);
                prop_assert_eq!(found, map.get(&handle).copied());
                match (step, found) {
                    (0..3, None) => {
                        table.insert(tag(handle), handle);
                        map.insert(handle, handle);
                    }
                    (0..3, Some(other)) => {
                        table.replace(tag(handle), other, other + 100);
                        map.insert(handle, other + 100);
                    }
                    (_, found) => {
                        let removed = found.is_some_and(|other| table.remove(tag(handle), other));
                        prop_assert_eq!(removed, map.remove(&handle).is_some());
                        table.shrink();
                    }
                }
            }
            let mut handles: Vec<u32> = table.handles().collect();
            handles.sort_unstable();
            let mut wanted: Vec<u32> = map.into_values().collect();
            wanted.sort_unstable();
            prop_assert_eq!(handles, wanted);
        }
    }

    #[test]
    fn room_is_close_to_what_is_needed_and_goes_back() {
        let mut table = Buckets::new();
        let tag = |handle: u32| (handle.wrapping_mul(40_503) >> 3) as u16;
        for handle in 0..20_000 {
            table.insert(tag(handle), handle);
            let spare = table.bytes() - 64 * buckets(table.entries);
            assert!(spare <= table.bytes() / 3 + 64);
        }
        let full = table.bytes();
        (100..20_000).for_each(|handle| {
            assert!(table.remove(tag(handle), handle));
            table.shrink();
            let needed = 64 * buckets(table.entries);
            assert!(
                table.bytes() <= needed * 7 / 4 + 5 * 64,
                "{needed} {}",
                table.bytes()
            );
        });
        assert!(table.bytes() < full / 30);
        assert!((0..100).all(|handle| table.find(tag(handle), |at| at == handle).is_some()));
    }
}
