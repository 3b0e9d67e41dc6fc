//! Rows of one size, dense, in pages: growth copies no more than a page, and pages go back one by
//! one.

use alloc::vec::Vec;

use crate::cache::memory::table::copied_rows::RowsOfSize;
use crate::cache::memory::table::size_class::SizeClass;

/// Bytes of a page, unless one row takes more.
const PAGE: usize = 32 * 1024;

#[derive(Debug)]
pub(in crate::cache::memory) struct Pages {
    /// All but the last are full, except that one empty page may follow if the last is nearly full
    /// too, lest a row that comes and goes takes a page with it each time.
    pages: Vec<Vec<u8>>,
    row: usize,
    /// Rows a page are two to the power of this.
    shift: u32,
    rows: usize,
    allocated: usize,
}

impl Pages {
    pub(in crate::cache::memory) fn new(class: SizeClass) -> Self {
        let row = class.bytes();
        Self {
            pages: Vec::new(),
            row,
            shift: PAGE
                .checked_div(row)
                .and_then(usize::checked_ilog2)
                .unwrap_or(0),
            rows: 0,
            allocated: 0,
        }
    }

    pub(in crate::cache::memory) const fn len(&self) -> usize {
        self.rows
    }

    /// Bytes held, spare room included.
    pub(in crate::cache::memory) const fn bytes(&self) -> usize {
        let list = self.pages.capacity().saturating_mul(size_of::<Vec<u8>>());
        self.allocated.saturating_add(list)
    }

    /// The page of a row and where the row begins in it.
    const fn locate(&self, place: usize) -> (usize, usize) {
        let page = place.wrapping_shr(self.shift);
        let first = page.wrapping_shl(self.shift);
        (page, place.wrapping_sub(first).wrapping_mul(self.row))
    }

    #[inline]
    pub(in crate::cache::memory) fn get(&self, place: usize) -> Option<&[u8]> {
        let (page, start) = self.locate(place);
        self.pages
            .get(page)?
            .get(start..start.wrapping_add(self.row))
    }

    pub(in crate::cache::memory) fn get_mut(&mut self, place: usize) -> Option<&mut [u8]> {
        let (page, start) = self.locate(place);
        self.pages
            .get_mut(page)?
            .get_mut(start..start.wrapping_add(self.row))
    }

    /// Adds a row of these parts, which fit, and zeros; how many bytes more are held now.
    #[inline]
    pub(in crate::cache::memory) fn push(
        &mut self,
        key: &[u8; 8],
        head: &[u8],
        record: &[u8],
    ) -> usize {
        let (page, start) = self.locate(self.rows);
        let end = start.wrapping_add(self.row);
        let grown = match self.pages.get(page) {
            Some(page) if page.capacity() >= end => 0,
            Some(_) | None => self.grow(page, start, end),
        };
        if let Some(page) = self.pages.get_mut(page) {
            page.extend_from_slice(key);
            page.extend_from_slice(head);
            page.extend_from_slice(record);
            page.resize(end, 0);
        }
        self.rows = self.rows.wrapping_add(1);
        grown
    }

    /// Makes room in a page for the row from `start` to `end`; how many bytes more are held now.
    #[cold]
    fn grow(&mut self, page: usize, start: usize, end: usize) -> usize {
        let before = self.bytes();
        if page == self.pages.len() {
            self.pages.push(Vec::new());
        }
        let room = self.row.wrapping_shl(self.shift);
        if let Some(own) = self.pages.get_mut(page) {
            // Only the first page grows; the others are full sooner or later.
            let half = start.wrapping_add(start / 2).max(self.row.wrapping_mul(4));
            let wanted = if page == 0 {
                half.clamp(end, room)
            } else {
                room
            };
            let before = own.capacity();
            own.reserve_exact(wanted.wrapping_sub(start));
            let more = own.capacity().wrapping_sub(before);
            self.allocated = self.allocated.wrapping_add(more);
        }
        self.bytes().wrapping_sub(before)
    }

    /// Removes a row; the last one takes its place, unless it was the last itself.
    pub(in crate::cache::memory) fn swap_remove(&mut self, place: usize) {
        let last = self.rows.wrapping_sub(1);
        self.copy(last, place);
        let (page, start) = self.locate(last);
        if let Some(page) = self.pages.get_mut(page) {
            page.truncate(start);
        }
        self.rows = last;
        self.give_back();
    }

    /// From here on [`Pages::part_left`] counts.
    pub(in crate::cache::memory) fn begin_to_go(&mut self) {
        let page = 1_usize.wrapping_shl(self.shift);
        self.keep(self.rows.div_ceil(page));
        self.pages.shrink_to_fit();
    }

    /// What part of the pages is left that there were when they began to go; none of no pages.
    pub(in crate::cache::memory) const fn part_left(&self) -> usize {
        let left = self.pages.len().saturating_mul(1 << 16);
        match left.checked_div(self.pages.capacity()) {
            Some(left) => left,
            None => 0,
        }
    }

    /// Takes up to `most` rows out, the last ones first, and hands each to `gone`; how many these
    /// were.
    pub(in crate::cache::memory) fn pop(&mut self, most: usize, gone: impl FnMut(&[u8])) -> usize {
        let Some(page) = self.pages.last_mut() else {
            return 0;
        };
        let rows = page.len().checked_div(self.row).unwrap_or(0).min(most);
        let left = page.len().wrapping_sub(rows.wrapping_mul(self.row));
        let popped = page.get(left..).unwrap_or_default();
        popped.chunks_exact(self.row).for_each(gone);
        page.truncate(left);
        self.rows = self.rows.wrapping_sub(rows);
        if left == 0 {
            self.keep(self.pages.len().wrapping_sub(1));
        }
        rows
    }

    /// Removes the rows that `keep` refuses; the others stay in order.
    pub(in crate::cache::memory) fn retain(&mut self, mut keep: impl FnMut(&mut [u8]) -> bool) {
        let mut kept = 0_usize;
        for place in 0..self.rows {
            if self.get_mut(place).is_some_and(&mut keep) {
                self.copy(place, kept);
                kept = kept.wrapping_add(1);
            }
        }
        self.rows = kept;
        let (page, mut end) = self.locate(kept);
        for page in self.pages.iter_mut().skip(page) {
            page.truncate(end);
            end = 0;
        }
        self.give_back();
    }

    /// Copies a row over one that is not behind it.
    fn copy(&mut self, from: usize, to: usize) {
        if from == to {
            return;
        }
        let (from_page, from) = self.locate(from);
        let (to_page, to) = self.locate(to);
        let Some((head, tail)) = self.pages.split_at_mut_checked(from_page) else {
            return;
        };
        let Some(source) = tail.first_mut() else {
            return;
        };
        let end = from.wrapping_add(self.row);
        if to_page == from_page {
            source.copy_within(from..end, to);
        } else if let Some(target) = head.get_mut(to_page)
            && let Some(target) = target.get_mut(to..to.wrapping_add(self.row))
            && let Some(source) = source.get(from..end)
        {
            target.copy_from_slice(source);
        }
    }

    fn give_back(&mut self) {
        let page = 1_usize.wrapping_shl(self.shift);
        let needed = self.rows.div_ceil(page);
        let left = page.wrapping_sub(self.rows) & page.wrapping_sub(1);
        let nearly_full = self.rows > 0 && page > 1 && left < (page / 16).max(1);
        self.keep(needed.wrapping_add(usize::from(nearly_full)));
        let Some(first) = self.pages.first_mut().filter(|_| needed <= 1) else {
            return;
        };
        let (before, used) = (first.capacity(), first.len());
        let most = used.saturating_add(used / 2);
        if before > most.max(self.row.saturating_mul(8)) {
            first.shrink_to(used.saturating_add(used / 8));
            let after = first.capacity();
            self.allocated = self.allocated.wrapping_sub(before).wrapping_add(after);
            self.keep(1);
        }
    }

    /// Gives back the pages after the first `count`, which are empty.
    fn keep(&mut self, count: usize) {
        while self.pages.len() > count {
            let gone = self.pages.pop().map_or(0, |page| page.capacity());
            self.allocated = self.allocated.wrapping_sub(gone);
        }
    }

    /// All rows in one piece.
    pub(super) fn copied(&self) -> RowsOfSize {
        let mut bytes = Vec::with_capacity(self.rows.saturating_mul(self.row));
        self.pages
            .iter()
            .for_each(|page| bytes.extend_from_slice(page));
        let row = self.row;
        RowsOfSize { row, bytes }
    }

    pub(in crate::cache::memory) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.pages
            .iter()
            .flat_map(|page| page.chunks_exact(self.row))
    }
}
