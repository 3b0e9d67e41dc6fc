//! A guild that goes: out of sight at once, and freed some rows at a time if it is large.

use alloc::vec::Vec;

use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::shared::SharedRows;

/// What a guild that has gone still is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache::memory) enum Remains {
    /// Rows that have to be freed.
    Some,
    /// Nothing.
    None,
}

impl GuildRows {
    /// Lets go of what others share but the users, and of these too if there are no more than
    /// `most` members; what remains to be [freed](Self::free).
    pub(in crate::cache::memory) fn dissolve(
        &mut self,
        shared: &mut SharedRows,
        most: usize,
    ) -> Remains {
        self.entities.dissolve(shared);
        for channel in self.channels.iter() {
            shared.displace(channel.id);
        }
        let count = self.members.len();
        if count.max(self.presences.len()) > most {
            shared.users.begin_leave(self.number);
            return Remains::Some;
        }
        let users = self.members.users();
        shared.users.release_all(users, count, self.number);
        shared.users.leave(self.number);
        Remains::None
    }

    /// Frees about so many rows of a guild that has gone; what remains of it.
    pub(in crate::cache::memory) fn free(
        &mut self,
        shared: &mut SharedRows,
        rows: usize,
    ) -> Remains {
        let mut gone = Vec::with_capacity(rows);
        let some = self.members.take_apart(rows, &mut gone);
        shared.users.release_some(&gone, self.number);
        if some || self.presences.take_apart(rows, &mut gone) {
            return Remains::Some;
        }
        shared.users.leave(self.number);
        Remains::None
    }
}
