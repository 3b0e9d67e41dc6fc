//! Members as they lie in the table, for those who write them down and read them back.

use alloc::vec::Vec;

use crate::cache::memory::people::member::{MemberRow, MemberTable};
use crate::cache::memory::table::copied_rows::CopiedRows;
use crate::id::UserId;
use crate::wire::packed::Cursor;
use crate::wire::view::Membership;

impl MemberTable {
    /// What the numbers of roles in the rows stand for; zero for a role that is gone.
    pub(in crate::cache::memory) fn role_list(&self) -> impl Iterator<Item = u64> {
        self.roles.list()
    }

    /// Lets the numbers of roles stand for this. Changes nothing and is `false` if there are
    /// members or roles already, or a role comes twice.
    pub(in crate::cache::memory) fn set_role_list(&mut self, roles: Vec<u64>) -> bool {
        self.len() == 0 && self.roles.set_list(roles)
    }

    /// A copy of all rows, by user.
    pub(in crate::cache::memory) fn copied(&self) -> CopiedRows {
        self.table.copied()
    }

    /// Says that these members are looked for next; a few hundred at a time.
    pub(in crate::cache::memory) fn prefetch(&self, users: impl Iterator<Item = UserId>) {
        self.table.prefetch(users.map(UserId::get));
    }

    /// Puts back a row as it lay in a table with the same list of roles and the same generation.
    /// Changes nothing and is `false` if the member is there already or the row is none.
    pub(in crate::cache::memory) fn put_back(&mut self, user: UserId, row: &[u8]) -> bool {
        let MemberRow {
            generation,
            record,
            roles,
        } = MemberRow::of(row);
        let is_row = is_record(record, Membership::pass) && self.roles.knows(roles);
        if !is_row || self.table.contains(user.get()) {
            return false;
        }
        self.table.insert(user.get(), row, &[]);
        let is_newest = generation == self.generation;
        self.newest = self.newest.wrapping_add(usize::from(is_newest));
        self.index_roles(user);
        true
    }
}

/// A longer row than this may find no place in a table.
pub(in crate::cache::memory) const LONGEST: usize = (1 << 24) - 64;

/// Whether it is a record: nothing but zeros follows what `pass` passes over.
pub(in crate::cache::memory) fn is_record<'a>(
    record: &'a [u8],
    pass: impl FnOnce(&mut Cursor<'a>),
) -> bool {
    let mut from = Cursor::new(record);
    pass(&mut from);
    record.len() <= LONGEST && from.rest().iter().all(|&byte| byte == 0)
}
