//! Where rows lie, by the hash of their keys.

use alloc::vec::Vec;

use hashbrown::HashTable;

/// So many rows are looked up in one hash table, and more in [`SEGMENTS`].
const SMALL: usize = 16_384;

const SEGMENTS: usize = 1024;

/// A hash table of handles that grows bit by bit.
///
/// A large one consists of segments that hold unequal shares of the rows, so that they double at
/// different times: no single row makes much of the table move, and the spare room stays about
/// the same however many rows there are.
#[derive(Debug, Default)]
pub(super) struct Index {
    one: HashTable<u32>,
    /// Empty, or [`SEGMENTS`] that take the place of the one.
    segments: Vec<HashTable<u32>>,
    rows: usize,
    allocated: usize,
}

/// The segment of a hash. The bits are others than those that the segment goes by itself.
///
/// For a hash of `h`, from 0 to 1, it is `h * (2 + h) / 3` of all segments, so that the first one
/// has twice the share of the last one and the sizes between are about equally common.
const fn segment(hash: u64) -> usize {
    let part = (hash >> 28) & 0xffff;
    let sum = part.wrapping_mul(part.wrapping_add(2 << 16_u32)) / 3;
    (sum >> 22) as usize
}

impl Index {
    pub(super) const fn new() -> Self {
        Self {
            one: HashTable::new(),
            segments: Vec::new(),
            rows: 0,
            allocated: 0,
        }
    }

    pub(super) const fn bytes(&self) -> usize {
        let list = self
            .segments
            .capacity()
            .saturating_mul(size_of::<HashTable<u32>>());
        self.allocated.saturating_add(list)
    }

    fn table(&self, hash: u64) -> &HashTable<u32> {
        self.segments.get(segment(hash)).unwrap_or(&self.one)
    }

    fn table_mut(&mut self, hash: u64) -> &mut HashTable<u32> {
        self.segments
            .get_mut(segment(hash))
            .unwrap_or(&mut self.one)
    }

    #[inline]
    pub(super) fn find(&self, hash: u64, same: impl FnMut(&u32) -> bool) -> Option<u32> {
        self.table(hash).find(hash, same).copied()
    }

    /// Adds a handle; `rehash` tells the hash of those that are there.
    pub(super) fn insert(&mut self, hash: u64, handle: u32, rehash: impl Fn(&u32) -> u64) {
        if self.segments.is_empty() && self.rows >= SMALL {
            self.split(&rehash);
        }
        self.rows = self.rows.wrapping_add(1);
        let table = self.table_mut(hash);
        if table.len() < table.capacity() {
            table.insert_unique(hash, handle, rehash);
            return;
        }
        let before = table.allocation_size();
        table.insert_unique(hash, handle, rehash);
        let after = table.allocation_size();
        self.allocated = self.allocated.wrapping_sub(before).wrapping_add(after);
    }

    /// Lets the row at `from` be found at `to`.
    pub(super) fn replace(&mut self, hash: u64, from: u32, to: u32) {
        if let Some(handle) = self
            .table_mut(hash)
            .find_mut(hash, |&handle| handle == from)
        {
            *handle = to;
        }
    }

    /// Removes a handle. Room that is empty goes back with [`Index::shrink`].
    pub(super) fn remove(&mut self, hash: u64, handle: u32) {
        if let Ok(found) = self
            .table_mut(hash)
            .find_entry(hash, |&other| other == handle)
        {
            found.remove();
            self.rows = self.rows.wrapping_sub(1);
        }
    }

    /// Gives room back around this hash when seven eighths of it are empty.
    pub(super) fn shrink(&mut self, hash: u64, rehash: impl Fn(&u32) -> u64) {
        if !self.segments.is_empty() && self.rows < SMALL / 4 {
            self.join(&rehash);
        }
        let table = self.table_mut(hash);
        if table.capacity() <= 28 || table.capacity() / 8 <= table.len() {
            return;
        }
        let before = table.allocation_size();
        table.shrink_to(table.len().saturating_mul(2), rehash);
        let after = table.allocation_size();
        self.allocated = self.allocated.wrapping_sub(before).wrapping_add(after);
    }

    fn split(&mut self, rehash: &impl Fn(&u32) -> u64) {
        let one = core::mem::take(&mut self.one);
        let share = SMALL / SEGMENTS;
        self.segments = core::iter::repeat_with(|| HashTable::with_capacity(share))
            .take(SEGMENTS)
            .collect();
        self.fill(one, rehash);
    }

    fn join(&mut self, rehash: &impl Fn(&u32) -> u64) {
        let segments = core::mem::take(&mut self.segments);
        self.one = HashTable::with_capacity(self.rows);
        self.fill(segments.into_iter().flatten(), rehash);
    }

    fn fill(&mut self, handles: impl IntoIterator<Item = u32>, rehash: &impl Fn(&u32) -> u64) {
        for handle in handles {
            let hash = rehash(&handle);
            self.table_mut(hash).insert_unique(hash, handle, rehash);
        }
        let segments = self.segments.iter().map(HashTable::allocation_size);
        self.allocated = segments
            .sum::<usize>()
            .saturating_add(self.one.allocation_size());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn segments_are_all_in_use_and_twice_as_wide_at_the_beginning() {
        let mut shares = std::vec![0_usize; SEGMENTS];
        for part in 0..1 << 16 {
            shares[segment(part << 28)] += 1;
        }
        let (first, last): (usize, usize) = (
            shares[..64].iter().sum(),
            shares[SEGMENTS - 64..].iter().sum(),
        );
        assert!(
            first > last * 18 / 10 && first < last * 21 / 10,
            "{first} {last}"
        );
        assert!(shares.iter().all(|&share| share > 40));
        assert_eq!(segment(u64::MAX), SEGMENTS - 1);
    }
}
