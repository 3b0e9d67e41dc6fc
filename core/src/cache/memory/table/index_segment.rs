//! A share of an index, which is cut into pieces once it is large.

use alloc::boxed::Box;
use core::{array, slice};

use crate::cache::memory::table::buckets::Buckets;

/// So many handles are in one hash table, and more in [`PIECES`]; fewer in tests, so that tables of
/// a size that is quick to build are cut.
const WHOLE: usize = if cfg!(test) { 128 } else { 6_144 };

const PIECES: usize = 16;

/// A hash table of handles, or one for each value of the first four bits of their tags: none of
/// them takes long to grow.
///
/// A piece has the tags turned by these bits, so that it orders its handles by those that differ.
#[derive(Clone, Debug)]
pub(super) enum IndexSegment {
    Whole(Buckets),
    Cut(Box<[Buckets; PIECES]>),
}

/// The number of a tag's piece.
const fn piece(tag: u16) -> usize {
    (tag >> 12) as usize
}

/// The tag as its piece has it.
const fn turned(tag: u16) -> u16 {
    tag.rotate_left(4)
}

impl IndexSegment {
    /// One without entries that has room for so many, unless it would be cut.
    pub(super) fn with_room(entries: usize) -> Self {
        let mut whole = Buckets::new();
        whole.reserve(entries.min(WHOLE));
        Self::Whole(whole)
    }

    fn tables(&self) -> &[Buckets] {
        match self {
            Self::Whole(table) => slice::from_ref(table),
            Self::Cut(pieces) => &pieces[..],
        }
    }

    pub(super) fn len(&self) -> usize {
        self.tables().iter().map(Buckets::len).sum()
    }

    /// Bytes held, spare room included.
    pub(super) fn bytes(&self) -> usize {
        let list = match self {
            Self::Whole(_) => 0,
            Self::Cut(_) => size_of::<[Buckets; PIECES]>(),
        };
        let tables = self.tables().iter().map(Buckets::bytes);
        tables.fold(list, usize::saturating_add)
    }

    /// The table in which a tag is, and the tag as it is there.
    #[inline]
    pub(super) fn table(&self, tag: u16) -> Option<(&Buckets, u16)> {
        match self {
            Self::Whole(table) => Some((table, tag)),
            Self::Cut(pieces) => Some((pieces.get(piece(tag))?, turned(tag))),
        }
    }

    /// The same, to be changed.
    #[inline]
    pub(super) fn table_mut(&mut self, tag: u16) -> Option<(&mut Buckets, u16)> {
        match self {
            Self::Whole(table) => Some((table, tag)),
            Self::Cut(pieces) => Some((pieces.get_mut(piece(tag))?, turned(tag))),
        }
    }

    /// All handles with their tags.
    pub(super) fn entries(&self) -> impl Iterator<Item = (u16, u32)> {
        let turns = match self {
            Self::Whole(_) => 0,
            Self::Cut(_) => 4,
        };
        let entries = self.tables().iter().flat_map(Buckets::entries);
        entries.map(move |(tag, handle)| (tag.rotate_right(turns), handle))
    }

    /// Whether it is to be cut before another handle comes.
    #[inline]
    pub(super) const fn is_full(&self) -> bool {
        match self {
            Self::Whole(table) => table.len() >= WHOLE,
            Self::Cut(_) => false,
        }
    }

    /// Whether it is cut into pieces that are not worth it.
    pub(super) fn is_sparse(&self) -> bool {
        match self {
            Self::Whole(_) => false,
            Self::Cut(_) => self.len() < WHOLE / 2,
        }
    }

    /// Cuts a whole one.
    #[cold]
    pub(super) fn cut(&mut self) {
        let mut pieces = Box::new(array::from_fn(|_| Buckets::new()));
        for piece in pieces.iter_mut() {
            piece.reserve(WHOLE / PIECES);
        }
        self.refill(Self::Cut(pieces));
    }

    /// Makes one of the pieces.
    #[cold]
    pub(super) fn join(&mut self) {
        self.refill(Self::with_room(self.len()));
    }

    /// Takes the place of another form.
    fn refill(&mut self, mut form: Self) {
        for (tag, handle) in self.entries() {
            if let Some((table, tag)) = form.table_mut(tag) {
                table.insert(tag, handle);
            }
        }
        *self = form;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_single_handle_makes_much_of_a_large_segment_move() {
        let mut segment = IndexSegment::with_room(0);
        for handle in 0..60_000_u32 {
            if segment.is_full() {
                segment.cut();
            }
            let before = segment.bytes();
            let tag = (handle.wrapping_mul(40_503) >> 3) as u16;
            let (table, turned) = segment.table_mut(tag).unwrap();
            table.insert(turned, handle);
            let moved = segment.bytes() - before;
            assert!(moved <= 16_384, "{moved} bytes at {handle}");
        }
    }

    /// Every handle is found by its tag, and none by another one.
    fn assert_found(segment: &IndexSegment, handles: &BTreeSet<(u16, u32)>) {
        for &(tag, handle) in handles {
            let found = |tag| {
                let (table, turned) = segment.table(tag)?;
                table.find(turned, |other| other == handle)
            };
            assert_eq!(found(tag), Some(handle), "{tag}");
            assert_eq!(found(tag ^ 0x8421), None, "{tag}");
        }
    }

    #[test]
    fn a_segment_is_cut_and_joined_with_all_that_it_has() {
        let tag = |handle: u32| (handle.wrapping_mul(40_503) >> 3) as u16;
        let all = |segment: &IndexSegment| -> BTreeSet<_> { segment.entries().collect() };
        let mut segment = IndexSegment::with_room(0);
        let mut wanted = BTreeSet::new();
        for handle in 0..10_000 {
            if segment.is_full() {
                segment.cut();
                assert_eq!(all(&segment), wanted, "cut at {handle}");
            }
            let (table, turned) = segment.table_mut(tag(handle)).unwrap();
            table.insert(turned, handle);
            wanted.insert((tag(handle), handle));
        }
        assert!(matches!(segment, IndexSegment::Cut(_)));
        assert_eq!((all(&segment), segment.len()), (wanted.clone(), 10_000));
        assert_found(&segment, &wanted);
        let largest = segment.tables().iter().map(Buckets::len).max();
        assert!(largest < Some(10_000 / 8), "{largest:?}");
        for handle in 40..10_000 {
            let (table, turned) = segment.table_mut(tag(handle)).unwrap();
            assert!(table.remove(turned, handle));
            table.shrink();
            wanted.remove(&(tag(handle), handle));
        }
        assert!(segment.is_sparse());
        assert_found(&segment, &wanted);
        segment.join();
        assert_eq!(all(&segment), wanted);
        assert_found(&segment, &wanted);
        assert!(!segment.is_sparse() && segment.bytes() < 2_000);
    }
}
