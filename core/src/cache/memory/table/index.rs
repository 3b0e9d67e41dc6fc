//! Where rows lie, by the hash of their keys.

use alloc::vec::Vec;
use core::iter;

use crate::cache::memory::table::buckets::Buckets;
use crate::cache::memory::table::index_segment::IndexSegment;

/// So many rows are looked up in one hash table, and more in [`SEGMENTS`].
const SMALL: usize = 16_384;

const SEGMENTS: usize = 256;

/// So many segments of a table that goes are given back at once.
const SEGMENTS_AT_ONCE: usize = 8;

/// A hash table of handles that grows bit by bit.
///
/// A large one consists of segments that hold unequal shares of the rows, so that they grow at
/// different times, and that are cut into pieces once they are large: no single row makes much of
/// the table move, and the spare room stays about the same however many rows there are.
#[derive(Clone, Debug, Default)]
pub(in crate::cache) struct Index {
    one: Buckets,
    /// Empty, or [`SEGMENTS`] that take the place of the one.
    segments: Vec<IndexSegment>,
    rows: usize,
    allocated: usize,
}

/// The segment of a hash. The bits are others than those of the [`tag`].
///
/// For a hash of `h`, from 0 to 1, it is `h * (2 + h) / 3` of all segments, so that the first one
/// has twice the share of the last one and the sizes between are about equally common.
const fn segment(hash: u64) -> usize {
    let part = (hash >> 28) & 0xffff;
    let sum = part.wrapping_mul(part.wrapping_add(2 << 16_u32)) / 3;
    (sum >> 24) as usize
}

const fn tag(hash: u64) -> u16 {
    (hash >> 48) as u16
}

/// So many positions are in a segment.
const SEGMENT: u32 = 1 << 16;

/// A part of an index: handles from one position on, up to another one or to the end.
///
/// The position of a hash stays the same however the index grows or shrinks.
#[derive(Clone, Copy, Debug)]
pub(in crate::cache::memory) struct IndexPart {
    from: u32,
    /// `None` for the end of all.
    pub(in crate::cache::memory) to: Option<u32>,
}

impl IndexPart {
    /// All from a position on.
    pub(in crate::cache::memory) const fn rest(from: u32) -> Self {
        Self { from, to: None }
    }

    /// Whether what has this hash is in the part.
    pub(in crate::cache::memory) const fn has(self, hash: u64) -> bool {
        let segment = segment(hash) as u32;
        self.contains((segment << 16) | tag(hash) as u32)
    }

    const fn contains(self, position: u32) -> bool {
        let before = match self.to {
            Some(to) => position < to,
            None => true,
        };
        position >= self.from && before
    }

    const fn first_segment(self) -> usize {
        (self.from >> 16) as usize
    }
}

/// How many of so many handles have a tag below this one, about.
const fn share(handles: usize, tags: u32) -> usize {
    handles.saturating_mul(tags as usize) >> 16
}

impl Index {
    pub(in crate::cache) const fn new() -> Self {
        Self {
            one: Buckets::new(),
            segments: Vec::new(),
            rows: 0,
            allocated: 0,
        }
    }

    /// An index of so many handles with these hashes.
    pub(in crate::cache) fn of(rows: usize, handles: impl Iterator<Item = (u64, u32)>) -> Self {
        let mut index = Self::new();
        if rows > SMALL {
            let segments = iter::repeat_with(|| IndexSegment::with_room(rows / SEGMENTS));
            index.segments = segments.take(SEGMENTS).collect();
        } else {
            index.one.reserve(rows);
        }
        let segments = index.segments.iter().map(IndexSegment::bytes);
        index.allocated = segments.fold(index.one.bytes(), usize::saturating_add);
        handles.for_each(|(hash, handle)| index.put(hash, handle));
        index
    }

    /// How many handles there are.
    pub(in crate::cache) const fn len(&self) -> usize {
        self.rows
    }

    /// Bytes held, spare room included.
    pub(in crate::cache) const fn bytes(&self) -> usize {
        let list = self
            .segments
            .capacity()
            .saturating_mul(size_of::<IndexSegment>());
        self.allocated.saturating_add(list)
    }

    /// The table in which a hash is, and its tag there.
    #[inline]
    fn table(&self, hash: u64) -> (&Buckets, u16) {
        let one = (&self.one, tag(hash));
        match self.segments.is_empty() {
            true => one,
            false => {
                let segment = self.segments.get(segment(hash));
                segment.and_then(|it| it.table(tag(hash))).unwrap_or(one)
            }
        }
    }

    /// Lets `change` at the table of a hash with the tag there, and weighs it anew; whether it
    /// takes less room than before.
    fn change<T>(&mut self, hash: u64, change: impl FnOnce(&mut Buckets, u16) -> T) -> (T, bool) {
        let segment = self.segments.get_mut(segment(hash));
        let found = segment.and_then(|it| it.table_mut(tag(hash)));
        let (table, tag) = found.unwrap_or((&mut self.one, tag(hash)));
        let before = table.bytes();
        let result = change(table, tag);
        let after = table.bytes();
        self.allocated = self.allocated.wrapping_sub(before).wrapping_add(after);
        (result, after < before)
    }

    /// Lets `change` at the segment of a hash if it is so, and weighs it anew.
    #[inline]
    fn reform(&mut self, hash: u64, is: fn(&IndexSegment) -> bool, change: fn(&mut IndexSegment)) {
        let segment = self.segments.get_mut(segment(hash));
        if let Some(segment) = segment.filter(|segment| is(segment)) {
            let before = segment.bytes();
            change(segment);
            let after = segment.bytes();
            self.allocated = self.allocated.wrapping_sub(before).wrapping_add(after);
        }
    }

    /// The handle of which `same` is true.
    #[inline]
    pub(in crate::cache) fn find(&self, hash: u64, same: impl FnMut(u32) -> bool) -> Option<u32> {
        let (table, tag) = self.table(hash);
        table.find(tag, same)
    }

    /// Reads something of the place where a handle with this hash is looked for.
    #[inline]
    pub(in crate::cache::memory) fn peek(&self, hash: u64) -> u8 {
        let (table, tag) = self.table(hash);
        table.peek(tag)
    }

    /// Adds a handle; `all` returns all that are there then, with their hashes.
    pub(in crate::cache) fn insert<I: Iterator<Item = (u64, u32)>>(
        &mut self,
        hash: u64,
        handle: u32,
        all: impl FnOnce() -> I,
    ) {
        if self.segments.is_empty() && self.rows >= SMALL {
            *self = Self::of(self.rows.wrapping_add(1), all());
            return;
        }
        self.put(hash, handle);
    }

    fn put(&mut self, hash: u64, handle: u32) {
        self.reform(hash, IndexSegment::is_full, IndexSegment::cut);
        self.rows = self.rows.wrapping_add(1);
        self.change(hash, |table, tag| table.insert(tag, handle));
    }

    /// Lets the row at `from` be found at `to`.
    pub(in crate::cache::memory) fn replace(&mut self, hash: u64, from: u32, to: u32) {
        self.change(hash, |table, tag| table.replace(tag, from, to));
    }

    /// Removes a handle, and gives room back around it if much of it is empty; `rest` returns those
    /// that stay, with their hashes.
    pub(in crate::cache) fn remove<I: Iterator<Item = (u64, u32)>>(
        &mut self,
        hash: u64,
        handle: u32,
        rest: impl FnOnce() -> I,
    ) {
        let remove = |table: &mut Buckets, tag| {
            let found = table.remove(tag, handle);
            table.shrink();
            found
        };
        let (found, shrunk) = self.change(hash, remove);
        if found {
            self.rows = self.rows.wrapping_sub(1);
        }
        if shrunk {
            self.reform(hash, IndexSegment::is_sparse, IndexSegment::join);
        }
        if !self.segments.is_empty() && self.rows < SMALL / 2 {
            *self = Self::of(self.rows, rest());
        }
    }

    /// The part that begins at a position and has about `most` handles.
    pub(in crate::cache::memory) fn part(&self, from: u32, most: usize) -> IndexPart {
        let mut part = IndexPart::rest(from);
        let mut room = most;
        let first = part.first_segment();
        for (segment, start) in self.segments.iter().zip((0..).step_by(1 << 16)).skip(first) {
            let begin = from.max(start);
            let passed = share(segment.len(), begin.wrapping_sub(start));
            let left = segment.len().saturating_sub(passed);
            if left > room {
                let width = (room << 16_u32).checked_div(segment.len()).unwrap_or(0);
                let width = u32::try_from(width).unwrap_or(SEGMENT);
                let least = u32::from(begin == from);
                part.to = Some(begin.saturating_add(width.max(least)));
                break;
            }
            room = room.wrapping_sub(left);
        }
        part
    }

    /// The handles in a part; `rehash` returns the hash of those that are there.
    pub(in crate::cache::memory) fn handles_in(
        &self,
        part: IndexPart,
        rehash: impl Fn(u32) -> u64,
    ) -> impl Iterator<Item = u32> {
        let one = self.one.handles();
        let one = one.filter(move |&handle| part.has(rehash(handle)));
        let starts = (0..).step_by(1 << 16);
        let segments = self.segments.iter().zip(starts).skip(part.first_segment());
        let segments = segments.take_while(move |(_, start)| part.to.is_none_or(|to| *start < to));
        let handles = segments.flat_map(move |(segment, start): (_, u32)| {
            let entries = segment.entries();
            let here = entries.filter(move |(tag, _)| part.contains(start | u32::from(*tag)));
            here.map(|(_, handle)| handle)
        });
        one.chain(handles)
    }

    /// Gives some of the table back, after which nothing is found; whether there was something.
    pub(in crate::cache::memory) fn take_apart(&mut self) -> bool {
        let left = self.segments.len().saturating_sub(SEGMENTS_AT_ONCE);
        let some = self.bytes() > 0;
        self.segments.truncate(left);
        if left == 0 {
            *self = Self::new();
        } else {
            let segments = self.segments.iter().map(IndexSegment::bytes);
            self.allocated = segments.sum();
        }
        some
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
            shares[..16].iter().sum(),
            shares[SEGMENTS - 16..].iter().sum(),
        );
        assert!(
            first > last * 18 / 10 && first < last * 21 / 10,
            "{first} {last}"
        );
        assert!(shares.iter().all(|&share| share > 40));
        assert_eq!(segment(u64::MAX), SEGMENTS - 1);
    }
}
