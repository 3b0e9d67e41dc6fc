//! An inverted index: the ids of rows by the group to which they belong.

use alloc::vec::Vec;
use core::iter::Copied;
use core::slice;

use hashbrown::HashTable;

use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::{Row, Table};

/// Up to so many ids are searched one by one.
const SEARCHED: usize = 16;

/// The ids in each group; a group without any has no room either. An id may be in several groups.
#[derive(Debug)]
pub(in crate::cache::memory) struct Postings {
    groups: Table<Posting>,
    mixer: Mixer,
}

/// The ids in one group, in the order of insertion, except that the last one moves into a removed
/// one's place.
#[derive(Debug)]
struct Posting {
    group: u64,
    ids: Vec<u64>,
    /// The places of the ids, by id; empty as long as they are few.
    places: HashTable<u32>,
}

impl Row for Posting {
    fn key(&self) -> u64 {
        self.group
    }

    fn heap(&self) -> usize {
        let ids = self.ids.capacity().saturating_mul(size_of::<u64>());
        ids.saturating_add(self.places.allocation_size())
    }
}

impl Posting {
    const fn new(group: u64) -> Self {
        Self {
            group,
            ids: Vec::new(),
            places: HashTable::new(),
        }
    }

    fn find(&self, id: u64, mixer: Mixer) -> Option<usize> {
        if self.places.is_empty() {
            return self.ids.iter().position(|&other| other == id);
        }
        let same = |&place: &u32| self.ids.get(place as usize) == Some(&id);
        let place = self.places.find(mixer.hash(id), same)?;
        Some(*place as usize)
    }

    fn insert(&mut self, id: u64, mixer: Mixer) {
        let Ok(place) = u32::try_from(self.ids.len()) else {
            return;
        };
        if self.find(id, mixer).is_some() {
            return;
        }
        self.ids.push(id);
        if !self.places.is_empty() {
            self.set_place(id, place, mixer);
        } else if self.ids.len() > SEARCHED {
            self.index(mixer);
        }
    }

    /// Writes down the places of all ids.
    fn index(&mut self, mixer: Mixer) {
        for place in 0..self.ids.len() {
            if let (Some(&id), Ok(place)) = (self.ids.get(place), u32::try_from(place)) {
                self.set_place(id, place, mixer);
            }
        }
    }

    fn set_place(&mut self, id: u64, place: u32, mixer: Mixer) {
        let Self { ids, places, .. } = self;
        let rehash = |&place: &u32| ids.get(place as usize).map_or(0, |&id| mixer.hash(id));
        places.insert_unique(mixer.hash(id), place, rehash);
    }

    fn remove(&mut self, id: u64, mixer: Mixer) {
        let Some(place) = self.find(id, mixer) else {
            return;
        };
        let at = |hash, place, places: &mut HashTable<u32>, new: Option<u32>| {
            let entry = places.find_entry(hash, |&other| other as usize == place);
            match (entry, new) {
                (Ok(mut entry), Some(new)) => *entry.get_mut() = new,
                (Ok(entry), None) => drop(entry.remove()),
                (Err(_), _) => {}
            }
        };
        at(mixer.hash(id), place, &mut self.places, None);
        let last = self.ids.len().wrapping_sub(1);
        if let (Some(&moved), Ok(to)) = (self.ids.get(last), u32::try_from(place))
            && place != last
        {
            at(mixer.hash(moved), last, &mut self.places, Some(to));
        }
        self.ids.swap_remove(place);
        self.shrink(mixer);
    }

    /// Gives room back when three quarters of it are empty.
    fn shrink(&mut self, mixer: Mixer) {
        let wanted = self.ids.len().saturating_mul(2);
        if self.ids.capacity() / 2 <= wanted.max(SEARCHED / 4) {
            return;
        }
        self.ids.shrink_to(wanted);
        if self.ids.len() <= SEARCHED / 2 {
            self.places = HashTable::new();
            return;
        }
        let Self { ids, places, .. } = self;
        let rehash = |&place: &u32| ids.get(place as usize).map_or(0, |&id| mixer.hash(id));
        places.shrink_to(wanted, rehash);
    }
}

impl Postings {
    pub(in crate::cache::memory) const fn new(mixer: Mixer) -> Self {
        Self {
            groups: Table::new(mixer),
            mixer,
        }
    }

    /// Bytes held, in constant time.
    pub(in crate::cache::memory) fn bytes(&self) -> usize {
        size_of::<Self>().saturating_add(self.groups.bytes())
    }

    /// Adds an id to a group; once is enough.
    pub(in crate::cache::memory) fn insert(&mut self, group: u64, id: u64) {
        self.groups.insert(Posting::new(group));
        let mixer = self.mixer;
        self.groups
            .update(group, |posting| posting.insert(id, mixer));
    }

    /// Removes an id from a group, if it is there.
    pub(in crate::cache::memory) fn remove(&mut self, group: u64, id: u64) {
        let mixer = self.mixer;
        let emptied = self.groups.update(group, |posting| {
            posting.remove(id, mixer);
            posting.ids.is_empty()
        });
        if emptied == Some(true) {
            self.groups.remove(group);
        }
    }

    /// An id was in the one group and is in the other one now.
    pub(in crate::cache::memory) fn shift(&mut self, id: u64, from: Option<u64>, to: Option<u64>) {
        if from == to {
            return;
        }
        if let Some(from) = from {
            self.remove(from, id);
        }
        if let Some(to) = to {
            self.insert(to, id);
        }
    }

    /// Removes a group.
    pub(in crate::cache::memory) fn remove_group(&mut self, group: u64) {
        self.groups.remove(group);
    }

    pub(in crate::cache::memory) fn clear(&mut self) {
        *self = Self::new(self.mixer);
    }

    /// The ids in a group, in no order that means anything.
    pub(in crate::cache::memory) fn ids(&self, group: u64) -> Copied<slice::Iter<'_, u64>> {
        let posting = self.groups.get(group);
        let ids: &[u64] = posting.map_or(&[], |posting| &posting.ids);
        ids.iter().copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    proptest! {
        #[test]
        fn postings_are_sets_by_group(
            steps in prop::collection::vec((0..8_u8, 1..4_u64, 1..60_u64), 0..900),
        ) {
            let mut postings = Postings::new(Mixer::new(7));
            let mut sets: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
            for (step, group, id) in steps {
                match step {
                    0..4 => {
                        postings.insert(group, id);
                        sets.entry(group).or_default().insert(id);
                    }
                    4..7 => {
                        postings.remove(group, id);
                        sets.entry(group).or_default().remove(&id);
                    }
                    _ if id == 1 => {
                        postings.remove_group(group);
                        sets.remove(&group);
                    }
                    _ => {}
                }
                let ids: Vec<u64> = postings.ids(group).collect();
                let set: BTreeSet<u64> = ids.iter().copied().collect();
                prop_assert_eq!(ids.len(), set.len(), "each is there once");
                prop_assert_eq!(&set, sets.entry(group).or_default());
            }
            let weighed: usize = postings.groups.iter().map(Row::heap).sum();
            let fresh = postings.groups.bytes();
            prop_assert!(fresh >= weighed);
        }
    }

    #[test]
    fn room_is_given_back() {
        let mut postings = Postings::new(Mixer::new(1));
        let empty = postings.bytes();
        for id in 1..=10_000 {
            postings.insert(5, id);
        }
        let full = postings.bytes();
        assert!(full > 10_000 * 12 && full < 10_000 * 32, "{full}");
        for id in 1..=9_999 {
            postings.remove(5, id);
        }
        assert!(postings.ids(5).eq([10_000]));
        assert!(postings.bytes() < 1_000, "{}", postings.bytes());
        postings.remove(5, 10_000);
        assert!(postings.bytes() < empty + 500, "{}", postings.bytes());
    }
}
