//! Reference counts: who holds a shared row.

use alloc::vec::Vec;

use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::packed_table::PackedTable;
use crate::id::{GuildId, UserId};
use crate::wire::packed::Sink;

/// A guild in four bytes, while it is in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache::memory) struct GuildNumber(u32);

/// Who holds a user, in four bytes: nobody, one guild, or several that [`RefCounts`] knows; and
/// whether it is the bot's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache::memory) struct UserRefs(u32);

impl UserRefs {
    pub(in crate::cache::memory) const BYTES: usize = 4;
    pub(in crate::cache::memory) const NOBODY: Self = Self(0);
    const OWN: u32 = 1 << 31;
    const SEVERAL: u32 = Self::OWN - 1;

    pub(in crate::cache::memory) const fn one(guild: GuildNumber) -> Self {
        Self(guild.0.wrapping_add(1))
    }

    pub(in crate::cache::memory) const fn from_bytes(bytes: [u8; 4]) -> Self {
        Self(u32::from_le_bytes(bytes))
    }

    pub(in crate::cache::memory) const fn to_bytes(self) -> [u8; 4] {
        self.0.to_le_bytes()
    }

    /// The same, whether or not it is the bot's own.
    pub(in crate::cache::memory) const fn owned(self, own: bool) -> Self {
        Self(if own {
            self.0 | Self::OWN
        } else {
            self.0 & !Self::OWN
        })
    }

    const fn guilds(self) -> u32 {
        self.0 & !Self::OWN
    }

    const fn with(self, guilds: u32) -> Self {
        Self((self.0 & Self::OWN) | guilds)
    }
}

/// The guilds by number, and those that hold users together.
#[derive(Debug)]
pub(in crate::cache::memory) struct RefCounts {
    guilds: Vec<GuildId>,
    free: Vec<u32>,
    /// Those of guilds that have gone, and that users may still name.
    leaving: Vec<u32>,
    /// By user: the numbers of the guilds plus one, by the guilds' ids; zeros end the list.
    several: PackedTable,
}

impl RefCounts {
    pub(in crate::cache::memory) const fn new(mixer: Mixer) -> Self {
        Self {
            guilds: Vec::new(),
            free: Vec::new(),
            leaving: Vec::new(),
            several: PackedTable::new(mixer),
        }
    }

    pub(in crate::cache::memory) fn bytes(&self) -> usize {
        let guilds = self.guilds.capacity().saturating_mul(size_of::<GuildId>());
        let free = self.free.capacity().saturating_mul(size_of::<u32>());
        self.several
            .bytes()
            .saturating_add(guilds)
            .saturating_add(free)
    }

    pub(in crate::cache::memory) fn enter(&mut self, guild: GuildId) -> GuildNumber {
        let number = self.free.pop();
        let reused = number.and_then(|number| self.guilds.get_mut(number as usize));
        if let (Some(number), Some(place)) = (number, reused) {
            *place = guild;
            return GuildNumber(number);
        }
        let number = u32::try_from(self.guilds.len()).unwrap_or(UserRefs::SEVERAL);
        self.guilds.push(guild);
        GuildNumber(number)
    }

    /// The guild is named as a holder no longer.
    pub(in crate::cache::memory) fn leave(&mut self, guild: GuildNumber) {
        self.leaving.retain(|leaving| *leaving != guild.0);
        self.free.push(guild.0);
    }

    /// The guild is no holder any more, though users may name it until it [leaves](Self::leave).
    pub(in crate::cache::memory) fn begin_leave(&mut self, guild: GuildNumber) {
        self.leaving.push(guild.0);
    }

    /// Whether users may name guilds that are no holders.
    #[inline]
    pub(in crate::cache::memory) const fn has_leaving(&self) -> bool {
        !self.leaving.is_empty()
    }

    /// Whether an entry is one of a guild that is there.
    fn is_here(&self, entry: u32) -> bool {
        let number = entry.checked_sub(1);
        number.is_some_and(|number| !self.leaving.contains(&number))
    }

    /// Whether the user is the bot's own, or has a guild that is there.
    pub(in crate::cache::memory) fn is_held(&self, user: UserId, holder: UserRefs) -> bool {
        let here = match holder.guilds() {
            UserRefs::SEVERAL => {
                let entries = self.entries(user).iter();
                let mut entries = entries.map(|&entry| u32::from_le_bytes(entry));
                entries.any(|entry| self.is_here(entry))
            }
            one => self.is_here(one),
        };
        here || holder != holder.owned(false)
    }

    fn id(&self, entry: u32) -> Option<GuildId> {
        self.guilds.get(entry.checked_sub(1)? as usize).copied()
    }

    /// The entries of a user that several guilds hold.
    fn entries(&self, user: UserId) -> &[[u8; 4]] {
        self.several
            .get(user.get())
            .map_or(&[], |row| row.as_chunks().0)
    }

    /// Adds a guild to a holder; once is enough.
    pub(in crate::cache::memory) fn add(
        &mut self,
        user: UserId,
        to: UserRefs,
        guild: GuildNumber,
    ) -> UserRefs {
        let entry = UserRefs::one(guild).0;
        match to.guilds() {
            0 => to.with(entry),
            one if one == entry => to,
            UserRefs::SEVERAL => {
                if !self.entries(user).contains(&entry.to_le_bytes()) {
                    self.write(user, |entries| entries.push(entry));
                }
                to
            }
            one => {
                self.write(user, |entries| entries.extend([one, entry]));
                to.with(UserRefs::SEVERAL)
            }
        }
    }

    /// Removes a guild from a holder, if it is there.
    pub(in crate::cache::memory) fn remove(
        &mut self,
        user: UserId,
        from: UserRefs,
        guild: GuildNumber,
    ) -> UserRefs {
        let entry = UserRefs::one(guild).0;
        match from.guilds() {
            one if one == entry => from.with(0),
            UserRefs::SEVERAL => {
                self.write(user, |entries| entries.retain(|other| *other != entry));
                match *self.entries(user) {
                    [one, [0, 0, 0, 0], ..] | [one] => {
                        self.several
                            .find(user.get())
                            .into_iter()
                            .for_each(|row_id| {
                                self.several.remove(row_id);
                            });
                        from.with(u32::from_le_bytes(one))
                    }
                    _ => from,
                }
            }
            _ => from,
        }
    }

    /// Lets `change` at the entries of a user, and keeps them by id.
    fn write(&mut self, user: UserId, change: impl FnOnce(&mut smallvec::SmallVec<[u32; 16]>)) {
        let entries = self
            .entries(user)
            .iter()
            .map(|&entry| u32::from_le_bytes(entry));
        let mut entries = entries.take_while(|&entry| entry != 0).collect();
        change(&mut entries);
        entries.sort_unstable_by_key(|&entry| self.id(entry));
        let mut row = Sink::new();
        entries
            .iter()
            .for_each(|entry| row.put(&entry.to_le_bytes()));
        match self.several.find(user.get()) {
            Some(row_id) => self.several.rewrite(row_id, &[], row.as_slice()),
            None => self.several.insert(user.get(), &[], row.as_slice()),
        }
    }

    /// The guilds of a holder, by id.
    pub(in crate::cache::memory) fn of(&self, user: UserId, holder: UserRefs) -> Guilds<'_> {
        let (one, several): (_, &[_]) = match holder.guilds() {
            0 => (None, &[]),
            UserRefs::SEVERAL => (None, self.entries(user)),
            one => (self.id(one).filter(|_| self.is_here(one)), &[]),
        };
        Guilds {
            one,
            several,
            holders: self,
        }
    }
}

/// The guilds that hold a user, by id.
#[derive(Clone, Debug)]
pub struct Guilds<'a> {
    one: Option<GuildId>,
    several: &'a [[u8; 4]],
    holders: &'a RefCounts,
}

impl Iterator for Guilds<'_> {
    type Item = GuildId;

    fn next(&mut self) -> Option<GuildId> {
        if let Some(one) = self.one.take() {
            return Some(one);
        }
        loop {
            let (&entry, rest) = self.several.split_first()?;
            self.several = rest;
            let entry = u32::from_le_bytes(entry);
            if entry == 0 || self.holders.is_here(entry) {
                return self.holders.id(entry);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_repeated_add_or_remove_changes_nothing() {
        let guild = |id| GuildId::new(id).unwrap();
        let user = UserId::new(9).unwrap();
        let mut holders = RefCounts::new(Mixer::new(1));
        let numbers = [30, 10, 20, 40].map(|id| holders.enter(guild(id)));
        let mut holder = UserRefs::NOBODY.owned(true);
        for place in [0, 1, 0, 2, 1] {
            holder = holders.add(user, holder, numbers[place]);
        }
        let all: Vec<_> = holders.of(user, holder).collect();
        assert_eq!(all, [10, 20, 30].map(guild));
        for place in [3, 2, 2, 1] {
            holder = holders.remove(user, holder, numbers[place]);
        }
        assert_eq!(holders.of(user, holder).collect::<Vec<_>>(), [guild(30)]);
        assert_eq!(holders.several.len(), 0, "one guild needs no list");
        holder = holders.remove(user, holder, numbers[0]);
        assert_eq!(
            (holder.owned(false), holders.of(user, holder).next()),
            (UserRefs::NOBODY, None)
        );
        holders.leave(numbers[1]);
        assert_eq!(
            holders.enter(guild(50)),
            numbers[1],
            "numbers are used again"
        );
    }
}
