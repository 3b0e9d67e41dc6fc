//! Rows of bytes found by key.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::cache::memory::table::copied_rows::CopiedRows;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::index::IndexPart;
use crate::cache::memory::table::paged_rows::{PagedFound, PagedRows};
use crate::cache::memory::table::small_rows::SmallRows;

/// Rows of bytes, each with a key of its own: a few in one piece, more in pages with an index.
#[derive(Debug)]
pub(in crate::cache::memory) struct PackedTable {
    form: TableForm,
    mixer: Mixer,
}

#[derive(Debug)]
enum TableForm {
    Small(SmallRows),
    Paged(Box<PagedRows>),
}

/// A row that has been found, until rows change.
#[derive(Clone, Copy, Debug)]
pub(in crate::cache::memory) enum Found {
    Small(usize),
    Paged(PagedFound),
}

impl PackedTable {
    pub(in crate::cache::memory) const fn new(mixer: Mixer) -> Self {
        let form = TableForm::Small(SmallRows::new());
        Self { form, mixer }
    }

    pub(in crate::cache::memory) fn len(&self) -> usize {
        match &self.form {
            TableForm::Small(rows) => rows.len(),
            TableForm::Paged(rows) => rows.len(),
        }
    }

    /// Bytes held, index and spare room included.
    pub(in crate::cache::memory) fn bytes(&self) -> usize {
        match &self.form {
            TableForm::Small(rows) => rows.bytes(),
            TableForm::Paged(rows) => rows.bytes().saturating_add(size_of::<PagedRows>()),
        }
    }

    #[inline]
    pub(in crate::cache::memory) fn find(&self, key: u64) -> Option<Found> {
        match &self.form {
            TableForm::Small(rows) => rows.find(key).map(Found::Small),
            TableForm::Paged(rows) => rows.find(key).map(|(found, _)| Found::Paged(found)),
        }
    }

    /// Says that these keys are looked for next; a few hundred at a time.
    pub(in crate::cache::memory) fn prefetch(&self, keys: impl Iterator<Item = u64>) {
        match &self.form {
            TableForm::Small(_) => {}
            TableForm::Paged(rows) => rows.prefetch(keys),
        }
    }

    /// Whether there is such a row.
    pub(in crate::cache::memory) fn contains(&self, key: u64) -> bool {
        self.find(key).is_some()
    }

    /// The row at a found, without its key; zeros may follow what was put in.
    #[inline]
    pub(in crate::cache::memory) fn at(&self, found: Found) -> &[u8] {
        match (&self.form, found) {
            (TableForm::Small(rows), Found::Small(place)) => rows.at(place),
            (TableForm::Paged(rows), Found::Paged(found)) => rows.at(found),
            (TableForm::Small(_), Found::Paged(_)) | (TableForm::Paged(_), Found::Small(_)) => &[],
        }
    }

    /// The same, to be changed in place.
    pub(in crate::cache::memory) fn at_mut(&mut self, found: Found) -> &mut [u8] {
        match (&mut self.form, found) {
            (TableForm::Small(rows), Found::Small(place)) => rows.at_mut(place),
            (TableForm::Paged(rows), Found::Paged(found)) => rows.at_mut(found),
            (TableForm::Small(_), Found::Paged(_)) | (TableForm::Paged(_), Found::Small(_)) => {
                &mut []
            }
        }
    }

    /// The row with this key, without it; zeros may follow what was put in.
    #[inline]
    pub(in crate::cache::memory) fn get(&self, key: u64) -> Option<&[u8]> {
        match &self.form {
            TableForm::Small(rows) => rows.find(key).map(|place| rows.at(place)),
            TableForm::Paged(rows) => rows.find(key).map(|(_, row)| row),
        }
    }

    /// All rows with their keys.
    pub(in crate::cache::memory) fn iter(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let (small, paged) = match &self.form {
            TableForm::Small(rows) => (Some(rows), None),
            TableForm::Paged(rows) => (None, Some(rows)),
        };
        let small = small.into_iter().flat_map(SmallRows::iter);
        small.chain(paged.into_iter().flat_map(|rows| rows.iter()))
    }

    /// About `most` rows with their keys, from a position on that was 0 or the last one handed out;
    /// and where the next ones begin, if there may be more. A row that is there all the time comes
    /// once, whatever else comes, moves or goes meanwhile.
    pub(in crate::cache::memory) fn part(
        &self,
        from: u32,
        most: usize,
    ) -> (impl Iterator<Item = (u64, &[u8])>, Option<u32>) {
        let (small, paged, part) = match &self.form {
            TableForm::Small(rows) => (Some(rows), None, IndexPart::rest(from)),
            TableForm::Paged(rows) => (None, Some(rows), rows.part(from, most)),
        };
        let small = small.into_iter().flat_map(SmallRows::iter);
        let small = small.filter(move |(key, _)| part.has(self.mixer.hash(*key)));
        let paged = paged.into_iter().flat_map(move |rows| rows.iter_part(part));
        (small.chain(paged), part.to)
    }

    /// Takes up to `most` rows out, or a few, about the newest first, and puts their keys into
    /// `gone`; `false` if none is left. From the first call on nothing is found, and nothing may be
    /// added.
    pub(in crate::cache::memory) fn take_apart(
        &mut self,
        most: usize,
        gone: &mut Vec<u64>,
    ) -> bool {
        match &mut self.form {
            TableForm::Small(rows) if most == 0 => return rows.len() > 0,
            TableForm::Small(rows) => gone.extend(rows.iter().map(|(key, _)| key)),
            TableForm::Paged(rows) => {
                if rows.take_apart(most, gone) {
                    return true;
                }
            }
        }
        self.form = TableForm::Small(SmallRows::new());
        false
    }

    /// A copy of all rows.
    pub(in crate::cache::memory) fn copied(&self) -> CopiedRows {
        match &self.form {
            TableForm::Small(rows) => CopiedRows::of_few(rows.copied()),
            TableForm::Paged(rows) => rows.copied(),
        }
    }

    /// Adds a row whose key is not there yet. One beyond 16 MiB is not kept.
    pub(in crate::cache::memory) fn insert(&mut self, key: u64, head: &[u8], record: &[u8]) {
        match &mut self.form {
            TableForm::Small(rows) => {
                if !rows.push(key, head, record) {
                    self.move_out(|rows| rows.insert(key, head, record));
                }
            }
            TableForm::Paged(rows) => rows.insert(key, head, record),
        }
    }

    /// Puts other bytes into a row, which may move. One that would be beyond 16 MiB stays as it
    /// was.
    pub(in crate::cache::memory) fn rewrite(&mut self, found: Found, head: &[u8], record: &[u8]) {
        match (&mut self.form, found) {
            (TableForm::Small(rows), Found::Small(place)) => {
                if let Some(key) = rows.rewrite(place, head, record) {
                    self.move_out(|rows| {
                        if let Some((found, _)) = rows.find(key) {
                            rows.rewrite(found, head, record);
                        }
                    });
                }
            }
            (TableForm::Paged(rows), Found::Paged(found)) => rows.rewrite(found, head, record),
            (TableForm::Small(_), Found::Paged(_)) | (TableForm::Paged(_), Found::Small(_)) => {}
        }
    }

    /// The same for a row that is often another size: it stays where it is while it fits and fills
    /// at least half of the room.
    pub(in crate::cache::memory) fn rewrite_often(&mut self, found: Found, record: &[u8]) {
        match (&mut self.form, found) {
            (TableForm::Paged(rows), Found::Paged(found)) => rows.rewrite_often(found, record),
            (_, found) => self.rewrite(found, &[], record),
        }
    }

    pub(in crate::cache::memory) fn remove(&mut self, found: Found) {
        match (&mut self.form, found) {
            (TableForm::Small(rows), Found::Small(place)) => rows.remove(place),
            (TableForm::Paged(rows), Found::Paged(found)) => {
                rows.remove(found);
                self.settle();
            }
            (TableForm::Small(_), Found::Paged(_)) | (TableForm::Paged(_), Found::Small(_)) => {}
        }
    }

    /// Removes the rows that `keep` refuses; calls `gone` with each before.
    pub(in crate::cache::memory) fn sweep(
        &mut self,
        keep: impl Fn(u64, &[u8]) -> bool,
        mut gone: impl FnMut(u64, &[u8]),
    ) {
        let refused = self.iter().filter(|(key, row)| !keep(*key, row));
        let refused: Vec<u64> = refused.map(|(key, _)| key).collect();
        if self.in_one_go(refused.len()) {
            self.retain(|key, row| {
                let stays = keep(key, row);
                if !stays {
                    gone(key, row);
                }
                stays
            });
            return;
        }
        for key in refused {
            if let Some(found) = self.find(key) {
                gone(key, self.at(found));
                self.remove(found);
            }
        }
    }

    /// Whether so many rows go faster with [`PackedTable::retain`] than one by one.
    pub(in crate::cache::memory) fn in_one_go(&self, rows: usize) -> bool {
        rows > 0 && rows >= self.len() / 4
    }

    /// Removes the rows that `keep` refuses, in time proportional to all rows. What `keep` writes
    /// into a row stays.
    pub(in crate::cache::memory) fn retain(&mut self, keep: impl FnMut(u64, &mut [u8]) -> bool) {
        match &mut self.form {
            TableForm::Small(rows) => rows.retain(keep),
            TableForm::Paged(rows) => {
                rows.retain(keep);
                self.settle();
            }
        }
    }

    /// Moves the rows of a small table into pages, and lets `change` at these.
    fn move_out(&mut self, change: impl FnOnce(&mut PagedRows)) {
        let TableForm::Small(small) = &self.form else {
            return;
        };
        let mut paged = Box::new(PagedRows::new(self.mixer));
        small
            .iter()
            .for_each(|(key, row)| paged.insert(key, &[], row));
        change(&mut paged);
        self.form = TableForm::Paged(paged);
    }

    /// Moves the last few rows out of their pages.
    fn settle(&mut self) {
        let TableForm::Paged(paged) = &self.form else {
            return;
        };
        if paged.len() > SmallRows::MOST / 4 {
            return;
        }
        let mut small = SmallRows::new();
        if paged.iter().all(|(key, row)| small.push(key, &[], row)) {
            self.form = TableForm::Small(small);
        }
    }
}

#[cfg(test)]
mod tests;
