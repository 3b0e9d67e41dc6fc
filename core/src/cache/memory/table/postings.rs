//! An inverted index: the ids of rows by the group to which they belong.

use alloc::boxed::Box;

use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::index::Index;
use crate::cache::memory::table::segmented_vec::SegmentedVec;
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
    ids: SegmentedVec<u64>,
    /// Where the ids are, as soon as they are many.
    places: Option<Box<Index>>,
}

impl Row for Posting {
    fn key(&self) -> u64 {
        self.group
    }

    fn heap(&self) -> usize {
        let weigh = |places: &Index| size_of::<Index>().saturating_add(places.bytes());
        let places = self.places.as_deref().map_or(0, weigh);
        self.ids.bytes().saturating_add(places)
    }
}

/// The ids with their hashes and places.
fn hashes(ids: &SegmentedVec<u64>, mixer: Mixer) -> impl Iterator<Item = (u64, u32)> {
    let ids = ids.iter().zip(0..);
    ids.map(move |(&id, place)| (mixer.hash(id), place))
}

impl Posting {
    const fn new(group: u64) -> Self {
        Self {
            group,
            ids: SegmentedVec::new(),
            places: None,
        }
    }

    fn find(&self, id: u64, mixer: Mixer) -> Option<u32> {
        let same = |place: u32| self.ids.get(place as usize) == Some(&id);
        match &self.places {
            Some(places) => places.find(mixer.hash(id), same),
            None => self
                .ids
                .iter()
                .zip(0..)
                .find_map(|(&other, place)| (other == id).then_some(place)),
        }
    }

    fn insert(&mut self, id: u64, mixer: Mixer) {
        let Ok(place) = u32::try_from(self.ids.len()) else {
            return;
        };
        if self.find(id, mixer).is_some() {
            return;
        }
        self.ids.push(id);
        let ids = &self.ids;
        if let Some(places) = &mut self.places {
            places.insert(mixer.hash(id), place, || hashes(ids, mixer));
        } else if ids.len() > SEARCHED {
            self.places = Some(Box::new(Index::of(ids.len(), hashes(ids, mixer))));
        }
    }

    fn remove(&mut self, id: u64, mixer: Mixer) {
        let Some(place) = self.find(id, mixer) else {
            return;
        };
        let last = self.ids.len().wrapping_sub(1);
        self.ids.swap_remove(place as usize);
        self.ids.shrink();
        let ids = &self.ids;
        if ids.len() <= SEARCHED / 2 {
            self.places = None;
        }
        if let Some(places) = &mut self.places {
            places.remove(mixer.hash(id), place, || hashes(ids, mixer));
            if let (Some(&moved), Ok(from)) = (ids.get(place as usize), u32::try_from(last)) {
                places.replace(mixer.hash(moved), from, place);
            }
        }
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
            posting.ids.len() == 0
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
    pub(in crate::cache::memory) fn ids(&self, group: u64) -> impl Iterator<Item = u64> + Clone {
        let posting = self.groups.get(group).into_iter();
        posting.flat_map(|posting| posting.ids.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};
    use std::vec::Vec;

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
