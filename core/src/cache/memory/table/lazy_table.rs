//! Rows kept as they are read, in a table that is made when the first row comes.

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::{Row, Table};
use crate::cache::memory::usage::Weight;

/// A row that takes what a newer one says.
pub(in crate::cache::memory) trait MergeRow: Row {
    fn take(&mut self, newer: Self);
}

/// Makes the type of a row, identified by one of its fields, a [`MergeRow`] one.
macro_rules! merge_row {
    ($row:ty, $key:ident) => {
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
        }
    };
}
pub(in crate::cache::memory) use merge_row;

#[derive(Debug)]
pub(in crate::cache::memory) struct LazyTable<R>(Option<Box<Table<R>>>);

impl<R: MergeRow> LazyTable<R> {
    pub(in crate::cache::memory) const fn new() -> Self {
        Self(None)
    }

    pub(in crate::cache::memory) const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(in crate::cache::memory) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |table| table.len())
    }

    pub(in crate::cache::memory) fn weight(&self) -> Weight {
        self.0.as_ref().map_or_else(Weight::default, |table| {
            let weight = Weight::of(table);
            Weight {
                bytes: weight.bytes.saturating_add(size_of::<Table<R>>()),
                ..weight
            }
        })
    }

    pub(in crate::cache::memory) fn get(&self, key: u64) -> Option<&R> {
        self.0.as_ref()?.get(key)
    }

    pub(in crate::cache::memory) fn iter(&self) -> impl Iterator<Item = &R> {
        self.0.iter().flat_map(|table| table.iter())
    }

    /// Adds a row or merges it into the one that is there; whether it is new.
    pub(in crate::cache::memory) fn upsert(&mut self, mixer: Mixer, row: R) -> bool {
        let table = self.0.get_or_insert_with(|| Box::new(Table::new(mixer)));
        let key = row.key();
        let new = !table.contains(key);
        if new {
            table.insert(row);
        } else {
            table.update(key, |old| old.take(row));
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

    pub(in crate::cache::memory) fn remove(&mut self, key: u64) -> Option<R> {
        let table = self.0.as_mut()?;
        let row = table.remove(key);
        if table.len() == 0 {
            self.0 = None;
        }
        row
    }

    /// Removes the rows that `keep` refuses and returns them, in order.
    pub(in crate::cache::memory) fn sweep(&mut self, keep: impl Fn(&R) -> bool) -> Vec<R> {
        let Some(table) = &mut self.0 else {
            return Vec::new();
        };
        let gone = table.sweep(keep);
        if table.len() == 0 {
            self.0 = None;
        }
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
