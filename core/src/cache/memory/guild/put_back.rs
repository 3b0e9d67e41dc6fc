//! Packed rows that are read back.

use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::people::member::packed_rows::{LONGEST, is_record};
use crate::cache::memory::people::user::Users;
use crate::id::UserId;
use crate::wire::view::{PresenceRecord, Status, User};

impl GuildRows {
    /// A member and the record of its user; `None` if either is none, or the member is here.
    pub(in crate::cache::memory) fn put_back_member(
        &mut self,
        user: UserId,
        record: &[u8],
        row: &[u8],
        users: &mut Users,
    ) -> Option<()> {
        let is_user = is_record(record, User::pass);
        let is_new = self.known() && is_user && self.members.put_back(user, row);
        is_new.then(|| users.put_back(user, record, self.number))
    }

    /// A presence, after the members; `None` if it is none, or is here.
    pub(in crate::cache::memory) fn put_back_presence(
        &mut self,
        id: UserId,
        presence: &[u8],
    ) -> Option<()> {
        let row = PresenceRecord {
            id,
            user: &[],
            presence,
        };
        let is_there = (2..LONGEST).contains(&presence.len()) && row.status() != Status::Offline;
        if !self.known() || !is_there || self.presences.contains(id.get()) {
            return None;
        }
        self.orphans = self.orphans || !self.members.contains(id);
        self.presences.insert(id.get(), &[], presence);
        Some(())
    }
}
