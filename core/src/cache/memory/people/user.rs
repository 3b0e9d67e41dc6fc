//! Users, shared by the guilds that hold them.

mod leaving;
mod user_ref;

use alloc::vec::Vec;
use core::mem;

use crate::cache::memory::people::refcount::{GuildNumber, RefCounts, UserRefs};
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::packed_table::{Found, PackedTable};
use crate::cache::memory::table::{Row, Table};
use crate::id::{GuildId, UserId};
use crate::wire::packed::{Cursor, Sink, covers};
use crate::wire::view::User;

pub use user_ref::UserRef;

/// Who wrote messages that are kept, and how many: a holder too.
#[derive(Debug)]
struct Author {
    user: UserId,
    messages: u64,
}

impl Row for Author {
    fn key(&self) -> u64 {
        self.user.get()
    }

    fn heap(&self) -> usize {
        0
    }
}

/// All users that somebody holds. A row is a [`UserRefs`] and the record of a [`User`].
#[derive(Debug)]
pub(in crate::cache::memory) struct Users {
    table: PackedTable,
    /// Who holds the users that several guilds hold.
    holders: RefCounts,
    /// Where what comes of two records is written.
    merged: Sink,
    /// Where a user is written that is not packed yet.
    packed: Sink,
    authors: Table<Author>,
    /// Those who may have come under a policy for users, or out of it; `None` if there is none.
    noted: Option<Vec<UserId>>,
}

fn holder(row: &[u8]) -> UserRefs {
    row.first_chunk()
        .map_or(UserRefs::NOBODY, |bytes| UserRefs::from_bytes(*bytes))
}

fn record(row: &[u8]) -> &[u8] {
    row.get(UserRefs::BYTES..).unwrap_or_default()
}

impl Users {
    pub(in crate::cache::memory) const fn new(mixer: Mixer) -> Self {
        Self {
            table: PackedTable::new(mixer),
            holders: RefCounts::new(mixer),
            merged: Sink::new(),
            packed: Sink::new(),
            authors: Table::new(mixer),
            noted: None,
        }
    }

    /// Whether a policy wants to know of users whom no guild holds.
    pub(in crate::cache::memory) fn watch(&mut self, on: bool) {
        self.noted = on.then(|| self.noted.take().unwrap_or_default());
    }

    fn note(&mut self, user: UserId) {
        if let Some(noted) = &mut self.noted {
            noted.push(user);
        }
    }

    /// Whether there is something for a policy to look at.
    pub(in crate::cache::memory) fn has_noted(&self) -> bool {
        self.noted.as_ref().is_some_and(|noted| !noted.is_empty())
    }

    /// Those whom a policy has to look at, once.
    pub(in crate::cache::memory) fn take_noted(&mut self) -> Vec<UserId> {
        self.noted.as_mut().map_or_else(Vec::new, mem::take)
    }

    /// A user whom messages or private channels alone hold.
    pub(in crate::cache::memory) fn correspondent(&self, user: UserId) -> Option<UserRef<'_>> {
        let row = self.table.get(user.get())?;
        (holder(row) == UserRefs::NOBODY).then(|| self.row(user, row))
    }

    /// All of them.
    pub(in crate::cache::memory) fn correspondents(&self) -> impl Iterator<Item = UserId> {
        let wrote = self.authors.iter().map(|author| author.user);
        wrote.filter(|&user| self.correspondent(user).is_some())
    }

    /// A policy takes one of them away.
    pub(in crate::cache::memory) fn evict(&mut self, user: UserId) {
        let found = self.table.find(user.get());
        let found = found.filter(|&found| holder(self.table.at(found)) == UserRefs::NOBODY);
        if let Some(found) = found {
            self.table.remove(found);
        }
    }

    pub(in crate::cache::memory) fn len(&self) -> usize {
        self.table.len()
    }

    /// Bytes held, with who holds what.
    pub(in crate::cache::memory) fn bytes(&self) -> usize {
        let authors = self.authors.bytes();
        self.table
            .bytes()
            .saturating_add(self.holders.bytes())
            .saturating_add(authors)
    }

    /// The number of a guild that will hold users.
    pub(in crate::cache::memory) fn enter(&mut self, guild: GuildId) -> GuildNumber {
        self.holders.enter(guild)
    }

    /// A guild's member has this user: adds or updates the row, and the guild to its holders.
    pub(in crate::cache::memory) fn hold(
        &mut self,
        user: UserId,
        newer: &[u8],
        guild: GuildNumber,
    ) {
        let Some(found) = self.place(user) else {
            let holder = UserRefs::one(guild).to_bytes();
            self.table.insert(user.get(), &holder, newer);
            return;
        };
        let before = holder(self.table.at(found));
        if before == UserRefs::NOBODY {
            self.note(user);
        }
        let after = self.holders.add(user, before, guild);
        self.merge(found, user, after, newer);
    }

    /// The same for a user that is read back: what was written last takes the place of the rest,
    /// unless there was nothing to write.
    pub(in crate::cache::memory) fn put_back(
        &mut self,
        user: UserId,
        last: &[u8],
        guild: GuildNumber,
    ) {
        let Some(found) = self.place(user).filter(|_| !last.is_empty()) else {
            return self.hold(user, last, guild);
        };
        let before = holder(self.table.at(found));
        if before == UserRefs::NOBODY {
            self.note(user);
        }
        let after = self.holders.add(user, before, guild);
        self.table.rewrite(found, &after.to_bytes(), last);
    }

    /// Updates a user that is there; never adds one, and never changes who holds it.
    pub(in crate::cache::memory) fn patch(&mut self, user: UserId, newer: &[u8]) {
        if let Some(found) = self.find_held(user) {
            self.patch_found(found, user, newer);
        }
    }

    /// The same for a user that is not packed yet.
    pub(in crate::cache::memory) fn patch_user(&mut self, user: &User<'_>) {
        if let Some(found) = self.find_held(user.id) {
            self.with_packed(user, |users, packed| {
                users.patch_found(found, user.id, packed);
            });
        }
    }

    fn patch_found(&mut self, found: Found, user: UserId, newer: &[u8]) {
        let holder = holder(self.table.at(found));
        self.merge(found, user, holder, newer);
        if holder == UserRefs::NOBODY {
            self.note(user);
        }
    }

    /// Puts the holder and what is said into the row.
    fn merge(&mut self, found: Found, user: UserId, holder: UserRefs, newer: &[u8]) {
        let holder = holder.to_bytes();
        let row = self.table.at(found);
        let old = record(row);
        if old.starts_with(newer) {
            if !row.starts_with(&holder)
                && let Some(place) = self.table.at_mut(found).first_chunk_mut()
            {
                *place = holder;
            }
            return;
        }
        if covers(newer, old, User::MASK) {
            self.table.rewrite(found, &holder, newer);
            return;
        }
        let mut merged = User::unpack(user, &mut Cursor::new(old));
        merged.merge(User::unpack(user, &mut Cursor::new(newer)));
        self.merged.clear();
        merged.pack(&mut self.merged);
        self.table.rewrite(found, &holder, self.merged.as_slice());
    }

    /// The bot's own user: it stays.
    pub(in crate::cache::memory) fn own(&mut self, user: &User<'_>) {
        self.ensure(user);
        self.note(user.id);
        if let Some(found) = self.table.find(user.id.get()) {
            self.set_holder(found, holder(self.table.at(found)).owned(true));
        }
    }

    /// The user is the bot's no longer.
    pub(in crate::cache::memory) fn disown(&mut self, user: UserId) {
        if let Some(found) = self.table.find(user.get()) {
            let left = holder(self.table.at(found)).owned(false);
            self.set_or_drop(found, user, left);
        }
    }

    /// A guild holds the user no longer; the row goes with its last holder.
    pub(in crate::cache::memory) fn release(&mut self, user: UserId, guild: GuildNumber) {
        if let Some(found) = self.table.find(user.get()) {
            let before = holder(self.table.at(found));
            let left = self.holders.remove(user, before, guild);
            self.set_or_drop(found, user, left);
        }
    }

    /// A guild that goes holds none of these users any longer; there are `count` of them.
    pub(in crate::cache::memory) fn release_all(
        &mut self,
        users: impl Iterator<Item = UserId>,
        count: usize,
        guild: GuildNumber,
    ) {
        if !self.table.in_one_go(count) {
            users.for_each(|user| self.release(user, guild));
            return;
        }
        let (holders, authors) = (&mut self.holders, &self.authors);
        let mut noted = self.noted.as_mut();
        self.table.retain(|key, row| {
            let Some(user) = UserId::new(key) else {
                return false;
            };
            let before = holder(row);
            let left = holders.remove(user, before, guild);
            if let Some(place) = row.first_chunk_mut().filter(|_| left != before) {
                *place = left.to_bytes();
            }
            if left != UserRefs::NOBODY || left == before {
                return true;
            }
            let wrote = authors.contains(key);
            if let Some(noted) = noted.as_mut().filter(|_| wrote) {
                noted.push(user);
            }
            wrote
        });
    }

    /// A message that is kept has this author.
    pub(in crate::cache::memory) fn hold_author(&mut self, user: UserId, newer: &[u8]) {
        self.put(user, newer);
        let more = |row: &mut Author| row.messages = row.messages.saturating_add(1);
        if self.authors.update(user.get(), more).is_none() {
            self.authors.insert(Author { user, messages: 1 });
        }
        if self.noted.is_some() && self.correspondent(user).is_some() {
            self.note(user);
        }
    }

    /// The same for one whom a private channel has.
    pub(in crate::cache::memory) fn hold_recipient(&mut self, user: &User<'_>) {
        self.with_packed(user, |users, packed| users.hold_author(user.id, packed));
    }

    /// A message of this author is kept no longer.
    pub(in crate::cache::memory) fn release_author(&mut self, user: UserId) {
        let left = self.authors.update(user.get(), |row| {
            row.messages = row.messages.saturating_sub(1);
            row.messages
        });
        if left == Some(0) {
            self.authors.remove(user.get());
            if let Some(found) = self.table.find(user.get()) {
                self.set_or_drop(found, user, holder(self.table.at(found)));
            }
        }
    }

    /// Adds the user or updates the row; who holds it stays as it is.
    fn ensure(&mut self, user: &User<'_>) {
        self.with_packed(user, |users, packed| users.put(user.id, packed));
    }

    /// The same for one that is packed.
    fn put(&mut self, user: UserId, newer: &[u8]) {
        match self.place(user) {
            Some(found) => self.merge(found, user, holder(self.table.at(found)), newer),
            None => {
                let nobody = UserRefs::NOBODY.to_bytes();
                self.table.insert(user.get(), &nobody, newer);
            }
        }
    }

    /// Packs a user where the one before was packed.
    fn with_packed(&mut self, user: &User<'_>, work: impl FnOnce(&mut Self, &[u8])) {
        let mut packed = mem::take(&mut self.packed);
        packed.clear();
        user.pack(&mut packed);
        work(self, packed.as_slice());
        self.packed = packed;
    }

    fn set_holder(&mut self, found: Found, holder: UserRefs) {
        if let Some(place) = self.table.at_mut(found).first_chunk_mut() {
            *place = holder.to_bytes();
        }
    }

    fn set_or_drop(&mut self, found: Found, user: UserId, left: UserRefs) {
        let wrote = self.authors.len() > 0 && self.authors.contains(user.get());
        if left == UserRefs::NOBODY {
            self.note(user);
        }
        if left == UserRefs::NOBODY && !wrote {
            self.table.remove(found);
        } else {
            self.set_holder(found, left);
        }
    }

    #[inline]
    pub(in crate::cache::memory) fn get(&self, user: UserId) -> Option<UserRef<'_>> {
        let row = self.table.get(user.get())?;
        self.is_held(user, holder(row)).then(|| self.row(user, row))
    }

    /// Says that these users are looked for next; a few hundred at a time.
    pub(in crate::cache::memory) fn prefetch(&self, users: impl Iterator<Item = UserId>) {
        self.table.prefetch(users.map(UserId::get));
    }

    /// The record of a [`User`]; empty if nobody holds one.
    pub(in crate::cache::memory) fn packed(&self, user: UserId) -> &[u8] {
        let row = self.table.get(user.get());
        let row = row.filter(|row| self.is_held(user, holder(row)));
        record(row.unwrap_or_default())
    }

    /// A user whom a member holds, and who is there for this reason.
    pub(in crate::cache::memory) fn held(&self, user: UserId) -> UserRef<'_> {
        self.row(user, self.table.get(user.get()).unwrap_or_default())
    }

    const fn row<'a>(&'a self, id: UserId, row: &'a [u8]) -> UserRef<'a> {
        let holders = &self.holders;
        UserRef { id, row, holders }
    }
}
