//! Role lists of one guild, each kept once however many members have it.

use alloc::boxed::Box;
use alloc::vec::Vec;

use hashbrown::HashTable;

use super::hash::Mixer;
use crate::id::RoleId;

/// A role list of the guild; zero is the empty one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct ListId(u32);

#[derive(Debug, Default)]
struct Entry {
    roles: Box<[RoleId]>,
    holders: u32,
}

#[derive(Debug)]
pub(super) struct RoleLists {
    /// List `n` is entry `n - 1`.
    entries: Vec<Entry>,
    index: HashTable<u32>,
    free: Vec<u32>,
    heap: usize,
    mixer: Mixer,
}

impl ListId {
    pub(super) const EMPTY: Self = Self(0);
}

impl RoleLists {
    pub(super) const fn new(mixer: Mixer) -> Self {
        Self {
            entries: Vec::new(),
            index: HashTable::new(),
            free: Vec::new(),
            heap: 0,
            mixer,
        }
    }

    pub(super) fn bytes(&self) -> usize {
        let entries = self.entries.capacity().saturating_mul(size_of::<Entry>());
        let free = self.free.capacity().saturating_mul(size_of::<u32>());
        let rest = self.index.allocation_size().saturating_add(self.heap);
        entries.saturating_add(free).saturating_add(rest)
    }

    pub(super) fn get(&self, list: ListId) -> &[RoleId] {
        self.entry(list).map_or(&[], |entry| &entry.roles)
    }

    fn entry(&self, list: ListId) -> Option<&Entry> {
        self.entries.get(list.0.checked_sub(1)? as usize)
    }

    fn entry_mut(&mut self, list: ListId) -> Option<&mut Entry> {
        self.entries.get_mut(list.0.checked_sub(1)? as usize)
    }

    fn hash(mixer: Mixer, roles: &[RoleId]) -> u64 {
        mixer.hash_all(roles.iter().map(|role| role.get()))
    }

    /// The list with these roles in this order, held once more.
    pub(super) fn hold(&mut self, roles: &[RoleId]) -> ListId {
        if roles.is_empty() {
            return ListId::default();
        }
        let hash = Self::hash(self.mixer, roles);
        let entries = &self.entries;
        let same = |&place: &u32| {
            entries
                .get(place as usize)
                .is_some_and(|entry| *entry.roles == *roles)
        };
        let place = match self.index.find(hash, same) {
            Some(&place) => place,
            None => self.add(hash, roles.into()),
        };
        let list = ListId(place.wrapping_add(1));
        if let Some(entry) = self.entry_mut(list) {
            entry.holders = entry.holders.saturating_add(1);
        }
        list
    }

    fn add(&mut self, hash: u64, roles: Box<[RoleId]>) -> u32 {
        self.heap = self.heap.wrapping_add(size_of_val(&*roles));
        let entry = Entry { roles, holders: 0 };
        let place = self.free.pop().unwrap_or(self.entries.len() as u32);
        match self.entries.get_mut(place as usize) {
            Some(free) => *free = entry,
            None => self.entries.push(entry),
        }
        self.link(hash, place);
        place
    }

    fn link(&mut self, hash: u64, place: u32) {
        let Self {
            entries,
            index,
            mixer,
            ..
        } = self;
        let rehash = |&place: &u32| {
            entries
                .get(place as usize)
                .map_or(0, |entry| Self::hash(*mixer, &entry.roles))
        };
        index.insert_unique(hash, place, rehash);
    }

    fn unlink(&mut self, place: u32) {
        let Some(entry) = self.entries.get(place as usize) else {
            return;
        };
        let hash = Self::hash(self.mixer, &entry.roles);
        if let Ok(found) = self.index.find_entry(hash, |&at| at == place) {
            found.remove();
        }
    }

    /// Ends one hold.
    pub(super) fn release(&mut self, list: ListId) {
        let Some(entry) = self.entry_mut(list) else {
            return;
        };
        entry.holders = entry.holders.saturating_sub(1);
        if entry.holders > 0 {
            return;
        }
        let place = list.0.wrapping_sub(1);
        self.unlink(place);
        if let Some(entry) = self.entry_mut(list) {
            let roles = core::mem::take(&mut entry.roles);
            self.heap = self.heap.wrapping_sub(size_of_val(&*roles));
            self.free.push(place);
        }
    }

    /// Takes a role out of every list. Lists that become the same stay apart.
    pub(super) fn strip(&mut self, role: RoleId) {
        for place in 0..self.entries.len() as u32 {
            let Some(entry) = self.entries.get(place as usize) else {
                continue;
            };
            if !entry.roles.contains(&role) {
                continue;
            }
            let rest: Box<[RoleId]> = entry
                .roles
                .iter()
                .copied()
                .filter(|&other| other != role)
                .collect();
            self.unlink(place);
            let hash = Self::hash(self.mixer, &rest);
            if let Some(entry) = self.entries.get_mut(place as usize) {
                let before = size_of_val(&*entry.roles);
                self.heap = self
                    .heap
                    .wrapping_sub(before)
                    .wrapping_add(size_of_val(&*rest));
                entry.roles = rest;
            }
            self.link(hash, place);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles<const N: usize>(ids: [u64; N]) -> [RoleId; N] {
        ids.map(|id| RoleId::new(id).unwrap())
    }

    #[test]
    fn equal_lists_are_one_and_go_with_the_last_holder() {
        let mut lists = RoleLists::new(Mixer::new(1));
        let first = lists.hold(&roles([1, 2]));
        assert_eq!(lists.hold(&roles([1, 2])), first);
        assert_ne!(lists.hold(&roles([2, 1])), first);
        lists.release(first);
        assert_eq!(lists.get(first), roles([1, 2]));
        lists.release(first);
        assert_eq!(lists.heap, 16);
        assert_eq!(lists.hold(&roles([3])), first, "the place is used again");
        assert_eq!(lists.get(first), roles([3]));
    }

    #[test]
    fn a_stripped_role_is_gone_from_every_list() {
        let mut lists = RoleLists::new(Mixer::new(1));
        let both = lists.hold(&roles([1, 2]));
        let one = lists.hold(&roles([1]));
        let other = lists.hold(&roles([2]));
        lists.strip(RoleId::new(1).unwrap());
        assert_eq!(lists.get(both), roles([2]));
        assert_eq!(lists.get(one), []);
        assert_eq!(lists.get(other), roles([2]));
        for list in [both, one, other] {
            lists.release(list);
        }
        assert_eq!((lists.heap, lists.index.len()), (0, 0));
    }
}
