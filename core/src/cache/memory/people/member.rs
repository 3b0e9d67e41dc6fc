//! Members, packed.

mod member_ref;
pub(in crate::cache::memory) mod packed_rows;

use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::cache::memory::people::role_interner::{MemberRoles, RoleInterner};
use crate::cache::memory::people::user::Users;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::packed_table::{Found, PackedTable};
use crate::cache::memory::table::postings::Postings;
use crate::id::{RoleId, UserId};
use crate::wire::packed::{Cursor, Sink, covers};
use crate::wire::view::{MemberRecord, Membership};

pub use member_ref::MemberRef;

/// A row of the table: a byte for the generation, the roles' numbers, and the record of a
/// [`Membership`].
#[derive(Clone, Copy, Debug)]
struct MemberRow<'a> {
    generation: u8,
    roles: &'a [u8],
    record: &'a [u8],
}

impl<'a> MemberRow<'a> {
    #[inline]
    fn of(row: &'a [u8]) -> Self {
        let mut from = Cursor::new(row);
        Self {
            generation: from.byte().unwrap_or(0),
            roles: from.counted().unwrap_or_default(),
            record: from.rest(),
        }
    }
}

/// The members of one guild.
#[derive(Debug)]
pub(in crate::cache::memory) struct MemberTable {
    table: PackedTable,
    roles: RoleInterner,
    /// Whose role it is, if somebody wants to know.
    by_role: Option<Box<Postings>>,
    /// Where the head of a row is written.
    head: Sink,
    /// When a row was last upserted, as [`crate::cache::memory::guild::rows::GuildRows`] counts.
    pub(in crate::cache::memory) generation: u8,
    /// How many rows are of this generation: where all are, nobody need be looked for.
    newest: usize,
}

impl MemberTable {
    pub(in crate::cache::memory) const fn new(mixer: Mixer) -> Self {
        Self {
            table: PackedTable::new(mixer),
            roles: RoleInterner::new(mixer),
            by_role: None,
            head: Sink::new(),
            generation: 0,
            newest: 0,
        }
    }

    pub(in crate::cache::memory) fn len(&self) -> usize {
        self.table.len()
    }

    pub(in crate::cache::memory) fn bytes(&self) -> usize {
        let index = self.by_role.as_ref().map_or(0, |index| index.bytes());
        self.table
            .bytes()
            .saturating_add(self.roles.bytes())
            .saturating_add(index)
    }

    /// Switches the index of members by role on or off.
    pub(in crate::cache::memory) fn set_index(&mut self, mixer: Mixer, on: bool) {
        self.by_role = on.then(|| {
            let mut by_role = Postings::new(mixer);
            for (key, row) in self.table.iter() {
                if let Some(user) = UserId::new(key) {
                    let roles = self.roles.resolve(MemberRow::of(row).roles);
                    index(&mut by_role, user, roles);
                }
            }
            Box::new(by_role)
        });
    }

    /// The members with a role: by the index, or by looking at each member where there is none.
    pub(in crate::cache::memory) fn with_role<'a>(
        &'a self,
        role: RoleId,
        users: &'a Users,
    ) -> impl Iterator<Item = MemberRef<'a>> {
        let by_role = self.by_role.as_deref();
        let ids = by_role.map(|by_role| by_role.ids(role.get()));
        let found = ids.into_iter().flatten();
        let found = found.filter_map(move |id| self.get(UserId::new(id)?, users));
        let scanned = by_role.is_none().then(|| self.iter(users));
        let scanned = scanned.into_iter().flatten();
        let has = move |member: &MemberRef<'_>| member.roles().any(|own| own == role);
        found.chain(scanned.filter(has))
    }

    pub(in crate::cache::memory) fn contains(&self, user: UserId) -> bool {
        self.table.contains(user.get())
    }

    /// Members that are not upserted from here on are of an older generation.
    pub(in crate::cache::memory) const fn begin_generation(&mut self) {
        self.generation = self.generation.wrapping_add(1);
        self.newest = 0;
    }

    /// Whether there are members of older generations.
    pub(in crate::cache::memory) fn has_older(&self) -> bool {
        self.newest < self.len()
    }

    /// The members of this generation or those of older ones: the user, the roles with the mark of
    /// a list that is not whole, and the record of a [`Membership`].
    pub(in crate::cache::memory) fn of_generation(
        &self,
        newest: bool,
    ) -> impl Iterator<Item = (UserId, impl Iterator<Item = RoleId>, &[u8])> {
        let rows = self.table.iter();
        let rows = rows.map(|(key, row)| (key, MemberRow::of(row)));
        let rows = rows.filter(move |(_, row)| (row.generation == self.generation) == newest);
        rows.filter_map(|(key, row)| {
            let roles = self.roles.resolve(row.roles).all();
            Some((UserId::new(key)?, roles, row.record))
        })
    }

    pub(in crate::cache::memory) fn users(&self) -> impl Iterator<Item = UserId> {
        self.table.iter().filter_map(|(key, _)| UserId::new(key))
    }

    /// Adds a member or merges what is said into the row.
    pub(in crate::cache::memory) fn upsert(&mut self, member: MemberRecord<'_>) {
        match self.table.find(member.id.get()) {
            Some(found) => self.merge(found, member, Some(self.generation)),
            None => self.insert(member),
        }
    }

    /// Merges what is said into the row; `false` if there is none.
    pub(in crate::cache::memory) fn patch(&mut self, member: MemberRecord<'_>) -> bool {
        let found = self.table.find(member.id.get());
        if let Some(found) = found {
            self.merge(found, member, None);
        }
        found.is_some()
    }

    fn insert(&mut self, member: MemberRecord<'_>) {
        let Self { roles, head, .. } = self;
        write_head(head, roles, self.generation, member, &[]);
        let (head, record) = (self.head.as_slice(), member.membership);
        let before = self.table.len();
        self.table.insert(member.id.get(), head, record);
        // One that is too long finds no place.
        let more = self.table.len().saturating_sub(before);
        self.newest = self.newest.saturating_add(more);
        self.index_roles(member.id);
    }

    /// Merges what is said into a row, which becomes one of this generation if there is one.
    fn merge(&mut self, found: Found, newer: MemberRecord<'_>, generation: Option<u8>) {
        let Self {
            table,
            roles,
            by_role,
            head,
            newest,
            ..
        } = self;
        let row = table.at(found);
        let old = MemberRow::of(row);
        let generation = generation.unwrap_or(old.generation);
        *newest = newest.wrapping_add(usize::from(generation != old.generation));
        write_head(head, roles, generation, newer, old.roles);
        let rest = row.strip_prefix(head.as_slice());
        if rest.is_some_and(|rest| rest.starts_with(newer.membership)) {
            return;
        }
        let changed = |_: &&mut _| MemberRow::of(head.as_slice()).roles != old.roles;
        let by_role = by_role.as_deref_mut().filter(changed);
        let reindexed = by_role.map(|by_role| {
            unindex(by_role, newer.id, roles.resolve(old.roles));
        });
        if covers(newer.membership, old.record, Membership::MASK) {
            table.rewrite(found, head.as_slice(), newer.membership);
        } else {
            let mut merged = Membership::unpack(&mut Cursor::new(old.record));
            merged.merge(Membership::unpack(&mut Cursor::new(newer.membership)));
            let mut record = Sink::new();
            merged.pack(&mut record);
            table.rewrite(found, head.as_slice(), record.as_slice());
        }
        if reindexed.is_some() {
            self.index_roles(newer.id);
        }
    }

    /// Puts a member into the index, if there is one, by the roles that the row says.
    fn index_roles(&mut self, user: UserId) {
        let Some(by_role) = &mut self.by_role else {
            return;
        };
        if let Some(row) = self.table.get(user.get()) {
            index(by_role, user, self.roles.resolve(MemberRow::of(row).roles));
        }
    }

    /// Whether there was such a member.
    pub(in crate::cache::memory) fn remove(&mut self, user: UserId) -> bool {
        let Some(found) = self.table.find(user.get()) else {
            return false;
        };
        let row = MemberRow::of(self.table.at(found));
        let is_newest = row.generation == self.generation;
        // Generations are counted round: a row of long ago may look like one of this.
        self.newest = self.newest.saturating_sub(usize::from(is_newest));
        if let Some(by_role) = &mut self.by_role {
            unindex(by_role, user, self.roles.resolve(row.roles));
        }
        self.table.remove(found);
        self.forget_roles();
        true
    }

    /// Removes the members of older generations; calls `gone` with each.
    pub(in crate::cache::memory) fn sweep(&mut self, mut gone: impl FnMut(UserId)) {
        if !self.has_older() {
            return;
        }
        let generation = self.generation;
        let keep = |_, row: &[u8]| MemberRow::of(row).generation == generation;
        let Self {
            table,
            roles,
            by_role,
            ..
        } = self;
        let gone = |key, row: &[u8]| {
            let Some(user) = UserId::new(key) else {
                return;
            };
            if let Some(by_role) = by_role {
                unindex(by_role, user, roles.resolve(MemberRow::of(row).roles));
            }
            gone(user);
        };
        table.sweep(keep, gone);
        self.newest = self.len();
        self.forget_roles();
    }

    fn forget_roles(&mut self) {
        if self.table.len() == 0 {
            self.roles.clear();
            self.by_role.iter_mut().for_each(|index| index.clear());
        }
    }

    /// Takes a role from everyone.
    pub(in crate::cache::memory) fn strip(&mut self, role: RoleId) {
        self.roles.strip(role);
        if let Some(by_role) = &mut self.by_role {
            by_role.remove_group(role.get());
        }
    }

    #[inline]
    pub(in crate::cache::memory) fn get<'a>(
        &'a self,
        user: UserId,
        users: &'a Users,
    ) -> Option<MemberRef<'a>> {
        Some(self.member(self.table.get(user.get())?, user, users))
    }

    /// The members with their users, who are among these.
    pub(in crate::cache::memory) fn iter<'a>(
        &'a self,
        users: &'a Users,
    ) -> impl Iterator<Item = MemberRef<'a>> {
        self.table
            .iter()
            .filter_map(move |(key, row)| Some(self.member(row, UserId::new(key)?, users)))
    }

    /// Some of the members with their users, as [`PackedTable::part`] says.
    pub(in crate::cache::memory) fn part<'a>(
        &'a self,
        users: &'a Users,
        from: u32,
        most: usize,
    ) -> (impl Iterator<Item = MemberRef<'a>>, Option<u32>) {
        let (rows, to) = self.table.part(from, most);
        let members =
            rows.filter_map(move |(key, row)| Some(self.member(row, UserId::new(key)?, users)));
        (members, to)
    }

    /// Takes up to `most` members out, or a few, and puts the ids of their users into `gone`;
    /// `false` if none is left. From the first call on the table is of no more use.
    pub(in crate::cache::memory) fn take_apart(
        &mut self,
        most: usize,
        gone: &mut Vec<u64>,
    ) -> bool {
        self.by_role = None;
        self.table.take_apart(most, gone)
    }

    const fn member<'a>(&'a self, row: &'a [u8], id: UserId, users: &'a Users) -> MemberRef<'a> {
        let roles = &self.roles;
        MemberRef {
            id,
            row,
            roles,
            users,
        }
    }
}

/// A member has these roles no longer.
fn unindex(by_role: &mut Postings, user: UserId, roles: MemberRoles<'_>) {
    roles.for_each(|role| by_role.remove(role.get(), user.get()));
}

/// A member has these roles.
fn index(by_role: &mut Postings, user: UserId, roles: MemberRoles<'_>) {
    roles.for_each(|role| by_role.insert(role.get(), user.get()));
}

/// Writes what comes before the record of a row.
fn write_head(
    head: &mut Sink,
    numbers: &mut RoleInterner,
    generation: u8,
    member: MemberRecord<'_>,
    old_roles: &[u8],
) {
    head.clear();
    head.byte(generation);
    match member.roles {
        // A list that could not be read at all leaves the old one, which is no longer the whole.
        Some(roles) if roles.is_empty() && !roles.is_whole() => {
            let old: Vec<RoleId> = numbers.resolve(old_roles).collect();
            numbers.pack(old.into_iter().chain(roles.all()), head);
        }
        Some(roles) => numbers.pack(roles.all(), head),
        None => {
            head.number(old_roles.len() as u64);
            head.put(old_roles);
        }
    }
}
