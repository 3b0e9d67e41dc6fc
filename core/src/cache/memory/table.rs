//! Rows found by key: dense rows, and an index of four bytes each.

pub(super) mod buckets;
pub(super) mod copied_rows;
pub(super) mod hash;
pub(super) mod index;
mod index_segment;
pub(super) mod lazy_table;
pub(super) mod packed_table;
pub(super) mod paged_rows;
pub(super) mod pages;
pub(super) mod postings;
pub(super) mod segmented_vec;
pub(super) mod size_class;
pub(super) mod small_rows;

use alloc::vec::Vec;
use core::{mem, slice};

use hashbrown::HashTable;

use crate::cache::memory::table::hash::Mixer;

/// What a table holds.
pub(super) trait Row {
    /// What it is found by.
    fn key(&self) -> u64;

    /// Bytes on the heap, beyond the row itself.
    fn heap(&self) -> usize;
}

/// Rows with keys of their own.
///
/// Rows lie in the order of insertion, except that the last one moves into a removed one's place:
/// the order depends on what was done, never on hashes.
#[derive(Debug)]
pub(super) struct Table<R> {
    rows: Vec<R>,
    index: HashTable<u32>,
    mixer: Mixer,
    heap: usize,
}

impl<R: Row> Table<R> {
    pub(super) const fn new(mixer: Mixer) -> Self {
        Self {
            rows: Vec::new(),
            index: HashTable::new(),
            mixer,
            heap: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Removes all rows.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.mixer);
    }

    /// Bytes held: rows, index and what the rows hold, spare room included.
    pub(super) fn bytes(&self) -> usize {
        let rows = self.rows.capacity().saturating_mul(size_of::<R>());
        rows.saturating_add(self.index.allocation_size())
            .saturating_add(self.heap)
    }

    pub(super) fn iter(&self) -> slice::Iter<'_, R> {
        self.rows.iter()
    }

    /// The row at a place, of as many as there are rows. A row that is removed leaves its place to
    /// the last one.
    pub(super) fn at(&self, place: usize) -> Option<&R> {
        self.rows.get(place)
    }

    fn find(&self, key: u64) -> Option<usize> {
        let rows = &self.rows;
        let same = |&place: &u32| rows.get(place as usize).is_some_and(|row| row.key() == key);
        self.index
            .find(self.mixer.hash(key), same)
            .map(|&place| place as usize)
    }

    pub(super) fn get(&self, key: u64) -> Option<&R> {
        self.rows.get(self.find(key)?)
    }

    /// Whether there is such a row.
    pub(super) fn contains(&self, key: u64) -> bool {
        self.find(key).is_some()
    }

    /// Lets `change` at the row, and weighs it anew. The key must stay.
    pub(super) fn update<T>(&mut self, key: u64, change: impl FnOnce(&mut R) -> T) -> Option<T> {
        let place = self.find(key)?;
        let row = self.rows.get_mut(place)?;
        let before = row.heap();
        let result = change(row);
        self.heap = self.heap.wrapping_sub(before).wrapping_add(row.heap());
        Some(result)
    }

    /// The same for a change after which the row weighs what it did.
    pub(super) fn adjust<T>(&mut self, key: u64, change: impl FnOnce(&mut R) -> T) -> Option<T> {
        let place = self.find(key)?;
        self.rows.get_mut(place).map(change)
    }

    /// Adds a row whose key is not there yet; one that is there stays.
    pub(super) fn insert(&mut self, row: R) {
        let key = row.key();
        let Ok(place) = u32::try_from(self.rows.len()) else {
            return;
        };
        if self.contains(key) {
            return;
        }
        let Self {
            rows,
            index,
            mixer,
            heap,
        } = self;
        *heap = heap.wrapping_add(row.heap());
        rows.push(row);
        let rehash = |&place: &u32| {
            rows.get(place as usize)
                .map_or(0, |row| mixer.hash(row.key()))
        };
        index.insert_unique(mixer.hash(key), place, rehash);
    }

    pub(super) fn remove(&mut self, key: u64) -> Option<R> {
        let place = self.find(key)?;
        self.unlink(key, place);
        let last = self.rows.len().wrapping_sub(1);
        if place != last {
            self.relink(last, place);
        }
        let row = self.rows.swap_remove(place);
        self.heap = self.heap.wrapping_sub(row.heap());
        self.shrink();
        Some(row)
    }

    fn unlink(&mut self, key: u64, place: usize) {
        let found = self
            .index
            .find_entry(self.mixer.hash(key), |&at| at as usize == place);
        if let Ok(entry) = found {
            entry.remove();
        }
    }

    /// Lets the index say that the row at `from` is at `to`.
    fn relink(&mut self, from: usize, to: usize) {
        let Some(key) = self.rows.get(from).map(Row::key) else {
            return;
        };
        let found = self
            .index
            .find_mut(self.mixer.hash(key), |&at| at as usize == from);
        if let (Some(place), Ok(to)) = (found, u32::try_from(to)) {
            *place = to;
        }
    }

    /// Gives room back when three quarters of it are empty.
    fn shrink(&mut self) {
        let wanted = self.rows.len().saturating_mul(2);
        if self.rows.capacity() <= 64 || self.rows.capacity() / 2 <= wanted {
            return;
        }
        self.rows.shrink_to(wanted);
        let Self {
            rows, index, mixer, ..
        } = self;
        let rehash = |&place: &u32| {
            rows.get(place as usize)
                .map_or(0, |row| mixer.hash(row.key()))
        };
        index.shrink_to(wanted, rehash);
    }

    /// Removes the rows that `keep` refuses and returns them, in order.
    pub(super) fn sweep(&mut self, keep: impl Fn(&R) -> bool) -> Vec<R> {
        if self.rows.iter().all(&keep) {
            return Vec::new();
        }
        let rows = mem::take(&mut self.rows);
        self.index = HashTable::new();
        self.heap = 0;
        let (kept, gone): (Vec<R>, Vec<R>) = rows.into_iter().partition(keep);
        self.rows.reserve(kept.len());
        for row in kept {
            self.insert(row);
        }
        gone
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::vec::Vec;

    impl Row for (u64, usize) {
        fn key(&self) -> u64 {
            self.0
        }

        fn heap(&self) -> usize {
            self.1
        }
    }

    proptest! {
        #[test]
        fn a_table_is_a_map(
            steps in prop::collection::vec((0..3_u8, 1..40_u64, 0..9_usize), 0..300),
        ) {
            let mut table = Table::new(Mixer::new(3));
            let mut map = BTreeMap::new();
            for (step, key, value) in steps {
                match step {
                    0 => {
                        table.insert((key, value));
                        map.entry(key).or_insert(value);
                    }
                    1 => prop_assert_eq!(table.remove(key).map(|row| row.1), map.remove(&key)),
                    _ => {
                        table.update(key, |row| row.1 = value);
                        map.entry(key).and_modify(|old| *old = value);
                    }
                }
                prop_assert_eq!(table.heap, map.values().sum::<usize>());
            }
            let mut rows: Vec<_> = table.iter().copied().collect();
            rows.sort_unstable();
            prop_assert_eq!(rows, map.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn room_is_given_back_and_a_sweep_keeps_the_rest() {
        let mut table = Table::new(Mixer::new(1));
        for key in 1..=10_000 {
            table.insert((key, 1));
        }
        let full = table.bytes();
        let gone = table.sweep(|row| row.0 % 2 == 0);
        assert_eq!((gone.len(), table.len(), table.heap), (5_000, 5_000, 5_000));
        assert!(table.contains(2) && !table.contains(3));
        for key in 1..=9_990 {
            table.remove(key);
        }
        assert_eq!(table.len(), 5);
        assert!(table.bytes() < full / 50, "{} of {full}", table.bytes());
    }
}
