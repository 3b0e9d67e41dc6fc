//! A few rows of bytes found by key: one after the other in one piece, without an index.
//!
//! A row is its key, how many bytes follow, and these. Most guilds are small: what they hold takes
//! the bytes that it is, and no page, index or table for each.

use alloc::vec::Vec;

/// Bytes of a key, and of the length behind it.
const HEAD: usize = 10;

/// So many bytes are gone through quickly, and moved when a row changes its size.
const BYTES: usize = 8 * 1024;

/// At most [`SmallRows::MOST`] rows.
#[derive(Debug)]
pub(super) struct SmallRows {
    bytes: Vec<u8>,
    rows: usize,
}

/// The key of the row that begins here, and where its bytes end.
#[inline]
fn head(rows: &[u8]) -> Option<(u64, usize)> {
    let ([length @ .., _, _, _, _, _, _, _, _], _) = rows.split_first_chunk::<HEAD>()?;
    let (_, key) = rows.split_first_chunk::<2>()?;
    let (key, _) = key.split_first_chunk()?;
    let length = usize::from(u16::from_le_bytes(*length));
    Some((u64::from_le_bytes(*key), length.wrapping_add(HEAD)))
}

impl SmallRows {
    /// More rows than this are found faster with an index.
    pub(super) const MOST: usize = 32;

    pub(super) const fn new() -> Self {
        let bytes = Vec::new();
        Self { bytes, rows: 0 }
    }

    pub(super) const fn len(&self) -> usize {
        self.rows
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The rows from a place on.
    #[inline]
    fn from(&self, place: usize) -> &[u8] {
        self.bytes.get(place..).unwrap_or_default()
    }

    /// Where a row is.
    #[inline]
    pub(super) fn find(&self, wanted: u64) -> Option<usize> {
        let mut place = 0_usize;
        loop {
            let (key, end) = head(self.from(place))?;
            if key == wanted {
                return Some(place);
            }
            place = place.wrapping_add(end);
        }
    }

    /// The bytes of a row.
    #[inline]
    pub(super) fn at(&self, place: usize) -> &[u8] {
        let rows = self.from(place);
        let row = head(rows).and_then(|(_, end)| rows.get(HEAD..end));
        row.unwrap_or_default()
    }

    pub(super) fn at_mut(&mut self, place: usize) -> &mut [u8] {
        let rows = self.bytes.get_mut(place..).unwrap_or_default();
        match head(rows) {
            Some((_, end)) => rows.get_mut(HEAD..end).unwrap_or_default(),
            None => &mut [],
        }
    }

    /// A copy without spare room.
    pub(super) fn copied(&self) -> Self {
        let (bytes, rows) = (self.bytes.clone(), self.rows);
        Self { bytes, rows }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let mut rows = self.bytes.as_slice();
        core::iter::from_fn(move || {
            let (key, end) = head(rows)?;
            let (row, rest) = rows.split_at_checked(end)?;
            rows = rest;
            Some((key, row.get(HEAD..)?))
        })
    }

    /// Adds a row; `false` if there is no room for it.
    pub(super) fn push(&mut self, key: u64, head: &[u8], record: &[u8]) -> bool {
        let length = head.len().saturating_add(record.len());
        let needed = length.saturating_add(HEAD);
        let Ok(length) = u16::try_from(length) else {
            return false;
        };
        if self.rows >= Self::MOST || self.bytes.len().saturating_add(needed) > BYTES {
            return false;
        }
        self.reserve(needed);
        self.bytes.extend_from_slice(&length.to_le_bytes());
        self.bytes.extend_from_slice(&key.to_le_bytes());
        self.bytes.extend_from_slice(head);
        self.bytes.extend_from_slice(record);
        self.rows = self.rows.wrapping_add(1);
        true
    }

    /// Room for so many bytes more: an eighth more than there are, lest each row moves all.
    fn reserve(&mut self, more: usize) {
        let spare = self.bytes.capacity().wrapping_sub(self.bytes.len());
        if spare < more {
            self.bytes.reserve_exact(more.max(self.bytes.len() / 8));
        }
    }

    /// Puts other bytes into a row; if there is no room for them, returns its key.
    pub(super) fn rewrite(&mut self, place: usize, front: &[u8], record: &[u8]) -> Option<u64> {
        let (key, end) = head(self.from(place))?;
        let needed = front
            .len()
            .saturating_add(record.len())
            .saturating_add(HEAD);
        let others = self.bytes.len().wrapping_sub(end);
        if needed.saturating_add(others) > BYTES {
            return Some(key);
        }
        self.resize(place, end, needed);
        let row = self.bytes.get_mut(place..).unwrap_or_default();
        let length = needed.wrapping_sub(HEAD);
        if let Some((own, row)) = row.split_first_chunk_mut()
            && let Some(row) = row.get_mut(8..length.wrapping_add(8))
        {
            *own = u16::try_from(length).unwrap_or_default().to_le_bytes();
            let (before, behind) = row.split_at_mut(front.len());
            before.copy_from_slice(front);
            behind.copy_from_slice(record);
        }
        None
    }

    /// Lets a row of `from` bytes take `to` bytes; those behind it move.
    fn resize(&mut self, place: usize, from: usize, to: usize) {
        let all = self.bytes.len();
        let (behind, wanted) = (place.wrapping_add(from), place.wrapping_add(to));
        if to > from {
            let more = to.wrapping_sub(from);
            self.reserve(more);
            self.bytes.resize(all.wrapping_add(more), 0);
        }
        self.bytes.copy_within(behind..all, wanted);
        let left = all.wrapping_sub(from).wrapping_add(to);
        self.bytes.truncate(left);
    }

    pub(super) fn remove(&mut self, place: usize) {
        if let Some((_, end)) = head(self.from(place)) {
            self.resize(place, end, 0);
            self.rows = self.rows.wrapping_sub(1);
            self.give_back();
        }
    }

    /// Removes the rows that `keep` refuses; the others stay in order.
    pub(super) fn retain(&mut self, mut keep: impl FnMut(u64, &mut [u8]) -> bool) {
        let mut place = 0_usize;
        while let Some((key, end)) = head(self.from(place)) {
            if keep(key, self.at_mut(place)) {
                place = place.wrapping_add(end);
            } else {
                self.resize(place, end, 0);
                self.rows = self.rows.wrapping_sub(1);
            }
        }
        self.give_back();
    }

    /// Gives room back when most of it is empty.
    fn give_back(&mut self) {
        let used = self.bytes.len();
        if self.bytes.capacity() / 2 > used {
            self.bytes.shrink_to(used.wrapping_add(used / 8));
        }
    }
}
