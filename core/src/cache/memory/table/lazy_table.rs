//! Rows kept as they are read, in a table that is made when the first row comes, with an index by
//! group if somebody wants one.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::postings::Postings;
use crate::cache::memory::table::{Row, Table};
use crate::cache::memory::usage::Weight;

/// A row that takes what a newer one says.
pub(in crate::cache::memory) trait MergeRow: Row {
    fn take(&mut self, newer: Self);

    /// The group by which an index finds the row; none if it is in none.
    fn group(&self) -> Option<u64> {
        None
    }
}

/// Makes the type of a row, identified by one of its fields, a [`MergeRow`] one.
macro_rules! merge_row {
    ($row:ty, $key:ident, $group:expr) => {
        impl crate::cache::memory::table::Row for $row {
            fn key(&self) -> u64 {
                self.$key.get()
            }

            fn heap(&self) -> usize {
                crate::wire::Part::heap(self)
            }
        }

        impl crate::cache::memory::table::lazy_table::MergeRow for $row {
            fn take(&mut self, newer: Self) {
                self.merge(newer);
            }

            fn group(&self) -> Option<u64> {
                let group: fn(&Self) -> Option<crate::id::ChannelId> = $group;
                group(self).map(crate::id::ChannelId::get)
            }
        }
    };
}
pub(in crate::cache::memory) use merge_row;

/// Rows by key. The table goes with the last row, unless there is an index.
#[derive(Debug)]
pub(in crate::cache::memory) struct LazyTable<R>(Option<Box<Indexed<R>>>);

#[derive(Debug)]
struct Indexed<R> {
    table: Table<R>,
    by_group: Option<Postings>,
}

impl<R: MergeRow> Indexed<R> {
    const fn new(mixer: Mixer) -> Self {
        Self {
            table: Table::new(mixer),
            by_group: None,
        }
    }

    /// Lets `change` at a row, and the index follow.
    fn update<T>(&mut self, key: u64, change: impl FnOnce(&mut R) -> T) -> Option<T> {
        let Some(by_group) = &mut self.by_group else {
            return self.table.update(key, change);
        };
        self.table.update(key, |row| {
            let before = row.group();
            let result = change(row);
            by_group.shift(key, before, row.group());
            result
        })
    }

    fn insert(&mut self, row: R) {
        if let Some(by_group) = &mut self.by_group {
            by_group.shift(row.key(), None, row.group());
        }
        self.table.insert(row);
    }

    fn unlink<'r>(&mut self, rows: impl IntoIterator<Item = &'r R>)
    where
        R: 'r,
    {
        if let Some(by_group) = &mut self.by_group {
            let rows = rows.into_iter();
            rows.for_each(|row| by_group.shift(row.key(), row.group(), None));
        }
    }
}

impl<R: MergeRow> LazyTable<R> {
    pub(in crate::cache::memory) const fn new() -> Self {
        Self(None)
    }

    /// Switches the index by group on or off.
    pub(in crate::cache::memory) fn set_index(&mut self, mixer: Mixer, on: bool) {
        if on {
            let indexed = Indexed::new(mixer);
            let indexed = self.0.get_or_insert_with(|| Box::new(indexed));
            let mut by_group = Postings::new(mixer);
            let rows = indexed.table.iter();
            rows.for_each(|row| by_group.shift(row.key(), None, row.group()));
            indexed.by_group = Some(by_group);
        } else if let Some(indexed) = &mut self.0 {
            indexed.by_group = None;
            self.drop_if_empty();
        }
    }

    /// Removes all rows; an index stays.
    pub(in crate::cache::memory) fn clear(&mut self) {
        if let Some(indexed) = &mut self.0 {
            indexed.table.clear();
            indexed.by_group.iter_mut().for_each(Postings::clear);
        }
        self.drop_if_empty();
    }

    fn drop_if_empty(&mut self) {
        let used = |indexed: &Indexed<R>| indexed.table.len() > 0 || indexed.by_group.is_some();
        if !self.0.as_deref().is_some_and(used) {
            self.0 = None;
        }
    }

    pub(in crate::cache::memory) fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(in crate::cache::memory) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |indexed| indexed.table.len())
    }

    pub(in crate::cache::memory) fn weight(&self) -> Weight {
        self.0.as_ref().map_or_else(Weight::default, |indexed| {
            let weight = Weight::of(&indexed.table);
            let index = indexed.by_group.as_ref().map_or(0, Postings::bytes);
            let bytes = weight.bytes.saturating_add(size_of::<Indexed<R>>());
            Weight {
                bytes: bytes.saturating_add(index),
                ..weight
            }
        })
    }

    pub(in crate::cache::memory) fn get(&self, key: u64) -> Option<&R> {
        self.0.as_ref()?.table.get(key)
    }

    pub(in crate::cache::memory) fn iter(&self) -> impl Iterator<Item = &R> {
        self.0.iter().flat_map(|indexed| indexed.table.iter())
    }

    /// The rows of a group, in no order that means anything: by the index, or by looking at each
    /// row where there is none.
    pub(in crate::cache::memory) fn in_group(&self, group: u64) -> impl Iterator<Item = &R> {
        let indexed = self.0.as_deref();
        let by_group = indexed.and_then(|indexed| indexed.by_group.as_ref());
        let ids = by_group.map(|by_group| by_group.ids(group));
        let found = ids.into_iter().flatten().filter_map(|id| self.get(id));
        let scanned = indexed.filter(|_| by_group.is_none()).into_iter();
        let scanned = scanned.flat_map(|indexed| indexed.table.iter());
        found.chain(scanned.filter(move |row| row.group() == Some(group)))
    }

    /// Adds a row or merges it into the one that is there; whether it is new.
    pub(in crate::cache::memory) fn upsert(&mut self, mixer: Mixer, row: R) -> bool {
        let indexed = self.0.get_or_insert_with(|| Box::new(Indexed::new(mixer)));
        let key = row.key();
        let new = !indexed.table.contains(key);
        if new {
            indexed.insert(row);
        } else {
            indexed.update(key, |old| old.take(row));
        }
        new
    }

    /// Lets `change` at a row, if it is there.
    pub(in crate::cache::memory) fn update<T>(
        &mut self,
        key: u64,
        change: impl FnOnce(&mut R) -> T,
    ) -> Option<T> {
        self.0.as_mut()?.update(key, change)
    }

    /// The same for a change after which the row weighs what it did, and is in the same group.
    pub(in crate::cache::memory) fn adjust<T>(
        &mut self,
        key: u64,
        change: impl FnOnce(&mut R) -> T,
    ) -> Option<T> {
        self.0.as_mut()?.table.adjust(key, change)
    }

    pub(in crate::cache::memory) fn remove(&mut self, key: u64) -> Option<R> {
        let indexed = self.0.as_mut()?;
        let row = indexed.table.remove(key);
        indexed.unlink(&row);
        self.drop_if_empty();
        row
    }

    /// Removes the rows that `keep` refuses and returns them, in order.
    pub(in crate::cache::memory) fn sweep(&mut self, keep: impl Fn(&R) -> bool) -> Vec<R> {
        let Some(indexed) = &mut self.0 else {
            return Vec::new();
        };
        let gone = indexed.table.sweep(keep);
        indexed.unlink(&gone);
        self.drop_if_empty();
        gone
    }

    /// Upserts the rows and removes the others, which it returns.
    pub(in crate::cache::memory) fn replace(&mut self, mixer: Mixer, rows: Vec<R>) -> Vec<R> {
        let mut listed: Vec<u64> = rows.iter().map(Row::key).collect();
        listed.sort_unstable();
        let gone = self.sweep(|row| listed.binary_search(&row.key()).is_ok());
        for row in rows {
            self.upsert(mixer, row);
        }
        gone
    }
}
