//! Many rows of bytes found by key.

use alloc::vec::Vec;
use core::hint::black_box;

use crate::cache::memory::table::copied_rows::CopiedRows;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::index::{Index, IndexPart};
use crate::cache::memory::table::pages::Pages;
use crate::cache::memory::table::size_class::SizeClass;

/// Bytes of a key.
const KEY: usize = 8;

/// Fewer rows have an index that the processor's cache holds.
const AT_HAND: usize = 1 << 15;

/// Rows of bytes, each with a key of its own, and an index.
///
/// Rows lie by size, each size dense: a removed row's place is taken by the last one of its size,
/// so that nothing fragments. Where they lie depends on what was done, never on hashes.
#[derive(Debug)]
pub(super) struct PagedRows {
    index: Index,
    /// Rows of each size that there is or was.
    pages: Vec<Pages>,
    /// Where these are, by the number of the size.
    places: Places,
    rows: usize,
    mixer: Mixer,
    allocated: usize,
}

/// A row's size and its place among rows of this size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct RowHandle(u32);

const PLACES: u32 = 26;

impl RowHandle {
    /// `None` when there are too many rows of one size.
    fn new(class: SizeClass, place: usize) -> Option<Self> {
        let place = u32::try_from(place)
            .ok()
            .filter(|place| place >> PLACES == 0)?;
        Some(Self((u32::from(class.number()) << PLACES) | place))
    }

    #[allow(clippy::cast_possible_truncation, reason = "six bits are left")]
    const fn class(self) -> SizeClass {
        SizeClass::numbered((self.0 >> PLACES) as u8)
    }

    const fn place(self) -> usize {
        (self.0 & ((1 << PLACES) - 1)) as usize
    }
}

/// A row that has been found.
#[derive(Clone, Copy, Debug)]
pub(in crate::cache::memory) struct PagedFound {
    hash: u64,
    handle: RowHandle,
}

/// The rows by size.
#[derive(Clone, Copy)]
struct SizedRows<'a> {
    pages: &'a [Pages],
    places: &'a Places,
}

/// For each size, where its pages are in the list; beyond the list for those that there are not.
#[derive(Debug)]
struct Places([u8; 64]);

impl Places {
    const fn new() -> Self {
        Self([u8::MAX; 64])
    }

    #[inline]
    fn get(&self, class: SizeClass) -> usize {
        let place = self.0.get(usize::from(class.number()));
        place.copied().map_or(usize::MAX, usize::from)
    }

    /// There are at most 64 sizes, so that every place fits.
    fn set(&mut self, class: SizeClass, place: usize) {
        if let Some(own) = self.0.get_mut(usize::from(class.number())) {
            *own = u8::try_from(place).unwrap_or(u8::MAX);
        }
    }
}

impl<'a> SizedRows<'a> {
    #[inline]
    fn get(self, handle: RowHandle) -> Option<&'a [u8]> {
        let pages = self.pages.get(self.places.get(handle.class()))?;
        pages.get(handle.place())
    }

    #[inline]
    fn key(self, handle: RowHandle) -> Option<u64> {
        self.get(handle).and_then(key)
    }

    fn hash(self, handle: u32, mixer: Mixer) -> u64 {
        self.key(RowHandle(handle)).map_or(0, |key| mixer.hash(key))
    }

    /// The handles of all rows with the hashes of their keys, in the order in which they lie.
    fn hashes(self, mixer: Mixer) -> impl Iterator<Item = (u64, u32)> + use<'a> {
        let classes = (0..64).map(SizeClass::numbered);
        classes.flat_map(move |class| {
            let pages = self.pages.get(self.places.get(class)).into_iter();
            let rows = pages.flat_map(Pages::iter).enumerate();
            rows.filter_map(move |(place, row)| {
                let handle = RowHandle::new(class, place)?;
                Some((mixer.hash(key(row)?), handle.0))
            })
        })
    }
}

fn key(row: &[u8]) -> Option<u64> {
    row.first_chunk().map(|key| u64::from_le_bytes(*key))
}

fn body(row: &[u8]) -> &[u8] {
    row.get(KEY..).unwrap_or_default()
}

impl PagedRows {
    pub(super) const fn new(mixer: Mixer) -> Self {
        Self {
            index: Index::new(),
            pages: Vec::new(),
            places: Places::new(),
            rows: 0,
            mixer,
            allocated: 0,
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.rows
    }

    /// Bytes held, index and spare room included.
    pub(super) const fn bytes(&self) -> usize {
        let pages = self.pages.capacity().saturating_mul(size_of::<Pages>());
        self.allocated
            .saturating_add(pages)
            .saturating_add(self.index.bytes())
    }

    fn rows(&self) -> SizedRows<'_> {
        SizedRows {
            pages: &self.pages,
            places: &self.places,
        }
    }

    /// A row without its key, and where it is; zeros may follow what was put in.
    #[inline]
    pub(super) fn find(&self, wanted: u64) -> Option<(PagedFound, &[u8])> {
        let (hash, rows) = (self.mixer.hash(wanted), self.rows());
        let mut found: &[u8] = &[];
        let same = |handle| {
            found = rows.get(RowHandle(handle)).unwrap_or_default();
            key(found) == Some(wanted)
        };
        let handle = RowHandle(self.index.find(hash, same)?);
        Some((PagedFound { hash, handle }, body(found)))
    }

    /// Has the places in the processor's cache where these keys are looked for: it reads many at
    /// once, and one after another each look-up would wait for the memory. It does nothing if all
    /// places are likely to be there.
    pub(super) fn prefetch(&self, keys: impl Iterator<Item = u64>) {
        if self.rows < AT_HAND {
            return;
        }
        let read = keys.map(|key| self.index.peek(self.mixer.hash(key)));
        black_box(read.fold(0, u8::wrapping_add));
    }

    /// The row at a found, without its key; zeros may follow what was put in.
    #[inline]
    pub(super) fn at(&self, found: PagedFound) -> &[u8] {
        self.rows().get(found.handle).map_or(&[], body)
    }

    /// The same, to be changed in place.
    pub(super) fn at_mut(&mut self, found: PagedFound) -> &mut [u8] {
        let place = self.places.get(found.handle.class());
        let pages = self.pages.get_mut(place);
        let row = pages.and_then(|pages| pages.get_mut(found.handle.place()));
        row.and_then(|row| row.get_mut(KEY..)).unwrap_or_default()
    }

    /// All rows with their keys.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let rows = self.pages.iter().flat_map(Pages::iter);
        rows.filter_map(|row| Some((key(row)?, body(row))))
    }

    /// The rows of a part of the index, with their keys.
    pub(super) fn iter_part(&self, part: IndexPart) -> impl Iterator<Item = (u64, &[u8])> {
        let (rows, mixer) = (self.rows(), self.mixer);
        let rehash = move |handle| rows.hash(handle, mixer);
        let handles = self.index.handles_in(part, rehash);
        let rows = handles.filter_map(move |handle| rows.get(RowHandle(handle)));
        rows.filter_map(|row| Some((key(row)?, body(row))))
    }

    /// The part of the index that begins at a position and has about `most` rows.
    pub(super) fn part(&self, from: u32, most: usize) -> IndexPart {
        self.index.part(from, most)
    }

    /// Takes up to `most` rows out, about the newest first, and puts their keys into `gone`;
    /// `false` if none is left. From the first call on nothing is found, and nothing may be added.
    pub(super) fn take_apart(&mut self, most: usize, gone: &mut Vec<u64>) -> bool {
        if self.index.take_apart() {
            self.pages.iter_mut().for_each(Pages::begin_to_go);
            self.allocated = self.pages.iter().map(Pages::bytes).sum();
            return true;
        }
        let mut left = most;
        while left > 0 {
            let with_rows = self.pages.iter_mut().filter(|pages| pages.len() > 0);
            let Some(pages) = with_rows.max_by_key(|pages| pages.part_left()) else {
                return false;
            };
            let before = pages.bytes();
            let taken = pages.pop(left, |row| gone.extend(key(row)));
            let after = pages.bytes();
            self.allocated = self.allocated.wrapping_sub(before).wrapping_add(after);
            self.rows = self.rows.wrapping_sub(taken);
            left = left.saturating_sub(taken);
        }
        true
    }

    /// A copy of all rows.
    pub(super) fn copied(&self) -> CopiedRows {
        CopiedRows::of_many(self.pages.iter().map(Pages::copied).collect())
    }

    /// Adds a row whose key is not there yet. One beyond 16 MiB is not kept.
    #[inline]
    pub(super) fn insert(&mut self, key: u64, head: &[u8], record: &[u8]) {
        let Some(handle) = self.push(key, head, record) else {
            return;
        };
        self.rows = self.rows.wrapping_add(1);
        let (hash, mixer) = (self.mixer.hash(key), self.mixer);
        let rows = SizedRows {
            pages: &self.pages,
            places: &self.places,
        };
        self.index.insert(hash, handle.0, || rows.hashes(mixer));
    }

    /// Puts other bytes into a row, which moves to where rows of its size lie. One that would be
    /// beyond 16 MiB stays as it was.
    pub(super) fn rewrite(&mut self, found: PagedFound, head: &[u8], record: &[u8]) {
        let length = head.len().saturating_add(record.len());
        let class = SizeClass::of(length.saturating_add(KEY));
        if class == Some(found.handle.class()) {
            return self.fill(found, head, record);
        }
        let Some(key) = self.rows().key(found.handle) else {
            return;
        };
        if let Some(handle) = self.push(key, head, record) {
            self.index.replace(found.hash, found.handle.0, handle.0);
            self.pull(found.handle);
        }
    }

    /// The same for a row that is often another size: it stays where it is while it fits and fills
    /// at least half of the room.
    pub(super) fn rewrite_often(&mut self, found: PagedFound, record: &[u8]) {
        let (room, needed) = (
            found.handle.class().bytes(),
            record.len().saturating_add(KEY),
        );
        if (room / 2..=room).contains(&needed) {
            self.fill(found, &[], record);
        } else {
            self.rewrite(found, &[], record);
        }
    }

    /// Writes over a row that has room for this.
    fn fill(&mut self, found: PagedFound, head: &[u8], record: &[u8]) {
        let row = self.at_mut(found);
        let (front, rest) = row.split_at_mut(head.len().min(row.len()));
        let (middle, zeros) = rest.split_at_mut(record.len().min(rest.len()));
        front.copy_from_slice(head);
        middle.copy_from_slice(record);
        zeros.fill(0);
    }

    pub(super) fn remove(&mut self, found: PagedFound) {
        let mixer = self.mixer;
        let rows = SizedRows {
            pages: &self.pages,
            places: &self.places,
        };
        let stays = move |(_, other): &(u64, u32)| *other != found.handle.0;
        let rest = || rows.hashes(mixer).filter(stays);
        self.index.remove(found.hash, found.handle.0, rest);
        self.pull(found.handle);
        self.rows = self.rows.wrapping_sub(1);
    }

    /// Removes the rows that `keep` refuses, in time proportional to all rows. What `keep` writes
    /// into a row stays.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(u64, &mut [u8]) -> bool) {
        self.index = Index::new();
        self.rows = 0;
        for pages in &mut self.pages {
            pages.retain(|row| match (key(row), row.get_mut(KEY..)) {
                (Some(key), Some(body)) => keep(key, body),
                _ => false,
            });
        }
        self.allocated = self.pages.iter().map(Pages::bytes).sum();
        self.find_again();
    }

    /// Makes the index anew.
    fn find_again(&mut self) {
        self.rows = self.pages.iter().map(Pages::len).sum();
        self.index = Index::of(self.rows, self.rows().hashes(self.mixer));
    }

    /// Adds a row that nothing finds yet.
    fn push(&mut self, key: u64, head: &[u8], record: &[u8]) -> Option<RowHandle> {
        let length = head.len().saturating_add(record.len());
        let class = SizeClass::of(length.saturating_add(KEY))?;
        let mut place = self.places.get(class);
        if place >= self.pages.len() {
            place = self.pages.len();
            self.pages.reserve_exact(1);
            self.pages.push(Pages::new(class));
            self.places.set(class, place);
        }
        let pages = self.pages.get_mut(place)?;
        let handle = RowHandle::new(class, pages.len())?;
        let grown = pages.push(&key.to_le_bytes(), head, record);
        self.allocated = self.allocated.wrapping_add(grown);
        Some(handle)
    }

    /// Takes a row out that nothing finds any more; the last one of its size takes its place.
    fn pull(&mut self, handle: RowHandle) {
        let Some(pages) = self.pages.get_mut(self.places.get(handle.class())) else {
            return;
        };
        let last = pages.len().wrapping_sub(1);
        let moved = pages.get(last).and_then(key);
        let before = pages.bytes();
        pages.swap_remove(handle.place());
        self.allocated = self
            .allocated
            .wrapping_sub(before)
            .wrapping_add(pages.bytes());
        if let Some(from) = RowHandle::new(handle.class(), last)
            && let Some(moved) = moved.filter(|_| from != handle)
        {
            self.index.replace(self.mixer.hash(moved), from.0, handle.0);
        }
    }
}
