//! Rows of bytes found by key.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::cache::memory::table::copied_rows::CopiedRows;
use crate::cache::memory::table::hash::Mixer;
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
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use std::vec;

    proptest! {
        #[test]
        fn a_packed_table_is_a_map(
            steps in prop::collection::vec((0..4_u8, 1..60_u64, 0..90_usize), 0..400),
        ) {
            let mut table = PackedTable::new(Mixer::new(3));
            let mut map: BTreeMap<u64, Vec<u8>> = BTreeMap::new();
            for (step, key, length) in steps {
                let (head, record) = ([7], vec![key as u8; length * length / 7]);
                let whole = [&head[..], &record].concat();
                if (step, length) == (0, key as usize) {
                    table.retain(|key, _| key % 3 != 0);
                    map.retain(|key, _| key % 3 != 0);
                }
                match (step, table.find(key)) {
                    (0, Some(found)) => {
                        table.remove(found);
                        map.remove(&key);
                    }
                    (0, None) => prop_assert!(!map.contains_key(&key)),
                    (3, Some(found)) => {
                        table.rewrite_often(found, &whole);
                        map.insert(key, whole);
                    }
                    (_, Some(found)) => {
                        table.rewrite(found, &head, &record);
                        map.insert(key, whole);
                    }
                    (_, None) => {
                        table.insert(key, &head, &record);
                        prop_assert_eq!(map.insert(key, whole), None);
                    }
                }
                prop_assert_eq!(table.len(), map.len());
            }
            let (all, copy): (Vec<_>, _) = (table.iter().collect(), table.copied());
            prop_assert_eq!(copy.len(), all.len());
            for passed in 0..=all.len() {
                let rest: Vec<_> = copy.iter_from(passed).collect();
                prop_assert_eq!(&rest, &all[passed..]);
            }
            let mut rows: Vec<_> = table.iter().collect();
            rows.sort_unstable();
            prop_assert_eq!(rows.len(), map.len());
            for ((key, row), (&wanted, whole)) in rows.into_iter().zip(&map) {
                let (front, zeros) = row.split_at(whole.len());
                prop_assert_eq!((key, front), (wanted, &whole[..]));
                prop_assert!(zeros.iter().all(|&zero| zero == 0));
            }
        }
    }

    #[test]
    fn room_is_given_back_and_a_sweep_keeps_the_rest() {
        let mut table = PackedTable::new(Mixer::new(1));
        let count = 60_000_u64;
        for key in 1..=count {
            table.insert(key, &[1], &vec![9; (key % 40) as usize]);
        }
        let full = table.bytes();
        assert!(full < count as usize * 50, "{full}");
        let mut gone = 0;
        table.sweep(|key, _| key % 2 == 0, |key, _| gone += key % 2);
        assert_eq!((gone, table.len()), (count / 2, 30_000));
        assert!(table.contains(2) && !table.contains(3));
        assert!(table.bytes() < full * 3 / 4);
        table.sweep(|key, _| key <= 10, |_, _| ());
        assert_eq!(table.len(), 5);
        assert!(table.contains(10) && !table.contains(12));
        assert!(table.bytes() < full / 20, "{} of {full}", table.bytes());
        for key in [2, 4, 6, 8, 10] {
            table.remove(table.find(key).unwrap());
        }
        assert_eq!(table.bytes(), 0);
    }

    #[test]
    fn a_few_rows_take_little_more_than_they_are() {
        for count in [1, 5, 20] {
            let mut table = PackedTable::new(Mixer::new(1));
            let lengths = (1..=count).map(|key: u64| (key, 40 + (key as usize * 37) % 150));
            let mut sum = 0;
            for (key, length) in lengths {
                table.insert(key, &[1], &vec![9; length]);
                sum += length + 11;
            }
            assert!(
                table.bytes() <= sum + sum / 8,
                "{} for {sum}",
                table.bytes()
            );
        }
    }

    #[test]
    fn of_many_rows_that_left_nothing_of_note_stays() {
        let rows = |table: &mut PackedTable, keys: std::ops::Range<u64>| {
            keys.for_each(|key| table.insert(key, &[], &vec![1; (key % 40) as usize * 4]));
        };
        let mut table = PackedTable::new(Mixer::new(1));
        rows(&mut table, 1..8_000);
        let before = table.bytes();
        rows(&mut table, 8_000..80_000);
        for key in 8_000..80_000 {
            table.remove(table.find(key).unwrap());
        }
        assert!(table.bytes() < before * 2, "{} of {before}", table.bytes());
    }

    #[test]
    fn a_row_that_is_often_another_size_takes_at_most_twice_the_room() {
        let mut table = PackedTable::new(Mixer::new(1));
        let sizes = |round: usize| {
            (1..=2_000).map(move |key: u64| (key, (key as usize * 7 + round * 31) % 190))
        };
        sizes(0).for_each(|(key, length)| table.insert(key, &[], &vec![1; length]));
        let fresh = table.bytes();
        for round in 1..20 {
            for (key, length) in sizes(round) {
                let found = table.find(key).unwrap();
                table.rewrite_often(found, &vec![1; length]);
                let room = table.at(table.find(key).unwrap()).len();
                assert!(room >= length && room + 8 <= (2 * (length + 8) + 1).max(12));
            }
        }
        assert!(table.bytes() < 2 * fresh, "{} of {fresh}", table.bytes());
    }

    #[test]
    fn a_row_that_comes_and_goes_frees_nothing_of_note() {
        let mut table = PackedTable::new(Mixer::new(1));
        (1..=3000).for_each(|key| table.insert(key, &[], &[5; 20]));
        let before = table.bytes();
        table.insert(3001, &[], &[5; 20]);
        let with = table.bytes();
        table.remove(table.find(3001).unwrap());
        assert!(table.bytes() == before || table.bytes() == with);
    }
}
