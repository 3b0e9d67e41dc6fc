//! Interning of the roles of a guild's members: numbers of one byte each instead of ids of eight.

use alloc::vec::Vec;
use core::fmt;

use hashbrown::HashTable;
use serde::ser::{Serialize, Serializer};

use crate::cache::memory::table::hash::Mixer;
use crate::id::RoleId;
use crate::wire::packed::{Cursor, Sink};
use crate::wire::view::RoleIds;

/// The roles that members of one guild have or had, numbered as they came.
///
/// There are as many as the guild's payloads have named; a guild without members forgets them.
#[derive(Debug)]
pub(in crate::cache::memory) struct RoleInterner {
    /// `None` where a role was deleted: nobody has it any more.
    roles: Vec<Option<RoleId>>,
    index: HashTable<u32>,
    mixer: Mixer,
    /// Bytes that the list and the table hold.
    allocated: usize,
}

impl RoleInterner {
    pub(in crate::cache::memory) const fn new(mixer: Mixer) -> Self {
        Self {
            roles: Vec::new(),
            index: HashTable::new(),
            mixer,
            allocated: 0,
        }
    }

    pub(in crate::cache::memory) const fn bytes(&self) -> usize {
        self.allocated
    }

    pub(in crate::cache::memory) fn clear(&mut self) {
        *self = Self::new(self.mixer);
    }

    /// What the numbers stand for; zero for a role that was deleted.
    pub(in crate::cache::memory) fn list(&self) -> impl Iterator<Item = u64> {
        let roles = self.roles.iter();
        roles.map(|role| role.map_or(0, RoleId::get))
    }

    /// Lets the numbers stand for this; `false`, and nothing has changed, if there are some or a
    /// role comes twice.
    pub(in crate::cache::memory) fn set_list(&mut self, list: Vec<u64>) -> bool {
        let mut sorted: Vec<u64> = list.iter().copied().filter(|&role| role != 0).collect();
        let count = sorted.len();
        sorted.sort_unstable();
        sorted.dedup();
        if !self.roles.is_empty() || sorted.len() != count {
            return false;
        }
        for role in list {
            match RoleId::new(role) {
                Some(role) => {
                    self.number_anew(role);
                }
                None => self.roles.push(None),
            }
        }
        self.weigh();
        true
    }

    fn find(&self, role: RoleId) -> Option<u32> {
        let same = |&number: &u32| self.roles.get(number as usize) == Some(&Some(role));
        self.index.find(self.mixer.hash(role.get()), same).copied()
    }

    #[inline]
    fn number(&mut self, role: RoleId) -> u32 {
        match self.find(role) {
            Some(number) => number,
            None => self.number_anew(role),
        }
    }

    #[cold]
    fn number_anew(&mut self, role: RoleId) -> u32 {
        let number = u32::try_from(self.roles.len()).unwrap_or(u32::MAX);
        self.roles.push(Some(role));
        let (roles, mixer) = (&self.roles, self.mixer);
        let rehash = |&number: &u32| {
            let role = roles.get(number as usize).copied().flatten();
            role.map_or(0, |role| mixer.hash(role.get()))
        };
        self.index
            .insert_unique(mixer.hash(role.get()), number, rehash);
        self.weigh();
        number
    }

    fn weigh(&mut self) {
        let list = self.roles.capacity().saturating_mul(size_of::<RoleId>());
        self.allocated = list.saturating_add(self.index.allocation_size());
    }

    /// Writes how many bytes the numbers take, and the numbers.
    pub(in crate::cache::memory) fn pack(
        &mut self,
        roles: impl Iterator<Item = RoleId>,
        to: &mut Sink,
    ) {
        let place = to.len();
        to.byte(0);
        roles.for_each(|role| to.number(u64::from(self.number(role))));
        let length = to.len().wrapping_sub(place).wrapping_sub(1);
        match u8::try_from(length) {
            Ok(length @ 0..0x80) => to.set(place, &[length]),
            Ok(_) | Err(_) => {
                let mut numbers = Sink::new();
                numbers.put(to.as_slice().get(place..).unwrap_or_default());
                to.truncate(place);
                to.number(length as u64);
                to.put(numbers.as_slice().get(1..).unwrap_or_default());
            }
        }
    }

    /// The roles with these numbers, as [`RoleInterner::pack`] wrote them.
    pub(in crate::cache::memory) const fn resolve<'a>(
        &'a self,
        numbers: &'a [u8],
    ) -> MemberRoles<'a> {
        MemberRoles {
            numbers: Cursor::new(numbers),
            of: self,
        }
    }

    /// Whether each of these numbers stands for something.
    pub(in crate::cache::memory) fn knows(&self, numbers: &[u8]) -> bool {
        let mut numbers = Cursor::new(numbers);
        let known = self.roles.len() as u64;
        core::iter::from_fn(|| numbers.number()).all(|number| number < known)
    }

    /// Takes a role from everyone.
    pub(in crate::cache::memory) fn strip(&mut self, role: RoleId) {
        let Some(number) = self.find(role) else {
            return;
        };
        let hash = self.mixer.hash(role.get());
        if let Ok(found) = self.index.find_entry(hash, |&other| other == number) {
            found.remove();
        }
        if let Some(place) = self.roles.get_mut(number as usize) {
            *place = None;
        }
    }
}

/// The roles of a member in the order of the wire, the one that everyone has left out.
#[derive(Clone, Copy)]
pub struct MemberRoles<'a> {
    numbers: Cursor<'a>,
    of: &'a RoleInterner,
}

impl<'a> MemberRoles<'a> {
    /// Whether every role that the payload listed could be read.
    #[must_use]
    pub fn is_whole(self) -> bool {
        let mut all = self;
        core::iter::from_fn(|| all.any_next()).all(|role| role != RoleIds::UNREAD)
    }

    /// The roles, and the mark of a list that could not be read whole.
    pub(in crate::cache::memory) fn all(mut self) -> impl Iterator<Item = RoleId> + 'a {
        core::iter::from_fn(move || self.any_next())
    }

    /// The next role, or the mark of a list that could not be read whole.
    #[inline]
    fn any_next(&mut self) -> Option<RoleId> {
        while let Some(number) = self.numbers.number() {
            let place = usize::try_from(number).ok()?;
            if let Some(role) = self.of.roles.get(place).copied().flatten() {
                return Some(role);
            }
        }
        None
    }
}

impl Iterator for MemberRoles<'_> {
    type Item = RoleId;

    #[inline]
    fn next(&mut self) -> Option<RoleId> {
        loop {
            match self.any_next()? {
                RoleIds::UNREAD => {}
                role => return Some(role),
            }
        }
    }

    /// In one loop over the numbers.
    #[inline]
    fn fold<B, F: FnMut(B, RoleId) -> B>(self, first: B, mut with: F) -> B {
        let (mut numbers, roles) = (self.numbers, self.of.roles.as_slice());
        let mut sum = first;
        while let Some(number) = numbers.number() {
            let place = usize::try_from(number).unwrap_or(usize::MAX);
            if let Some(Some(role)) = roles.get(place)
                && *role != RoleIds::UNREAD
            {
                sum = with(sum, *role);
            }
        }
        sum
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let count = (*self).fold(0_usize, |count, _| count.saturating_add(1));
        (count, Some(count))
    }
}

impl ExactSizeIterator for MemberRoles<'_> {}

impl PartialEq<[RoleId]> for MemberRoles<'_> {
    fn eq(&self, other: &[RoleId]) -> bool {
        Iterator::eq(*self, other.iter().copied())
    }
}

impl<const N: usize> PartialEq<[RoleId; N]> for MemberRoles<'_> {
    fn eq(&self, other: &[RoleId; N]) -> bool {
        *self == other[..]
    }
}

impl fmt::Debug for MemberRoles<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl Serialize for MemberRoles<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(*self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn role(id: u64) -> RoleId {
        RoleId::new(id).unwrap()
    }

    #[test]
    fn roles_come_back_in_order_until_they_are_stripped() {
        let mut numbers = RoleInterner::new(Mixer::new(1));
        let mut packed = Sink::new();
        numbers.pack((1..=200).rev().map(role), &mut packed);
        numbers.pack([7, 200].map(role).into_iter(), &mut packed);
        let mut from = Cursor::new(packed.as_slice());
        let (all, two) = (from.counted().unwrap(), from.counted().unwrap());
        assert_eq!(all.len(), 200 + 72, "one byte for the first 128");
        assert!(numbers.resolve(all).eq((1..=200).rev().map(role)));
        assert_eq!(numbers.resolve(two), [7, 200].map(role));
        numbers.strip(role(7));
        numbers.strip(role(999));
        assert_eq!(numbers.resolve(two), [role(200)]);
        assert_eq!(
            (numbers.resolve(two).len(), numbers.resolve(all).len()),
            (1, 199)
        );
        let mut again = Sink::new();
        numbers.pack([role(7)].into_iter(), &mut again);
        assert_eq!(
            numbers.resolve(two),
            [role(200)],
            "a new number, not the old one"
        );
    }
}
