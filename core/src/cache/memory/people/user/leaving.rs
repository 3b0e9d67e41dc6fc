//! Users of guilds that have gone, until all of them have been let go.

use crate::cache::memory::people::refcount::{GuildNumber, UserRefs};
use crate::cache::memory::people::user::{Users, holder};
use crate::cache::memory::table::packed_table::Found;
use crate::id::UserId;

impl Users {
    /// The guild counts as no holder from here on, though rows may still say that it is one.
    pub(in crate::cache::memory) fn begin_leave(&mut self, guild: GuildNumber) {
        self.holders.begin_leave(guild);
    }

    /// The guild holds no user any more, and never will under this number.
    pub(in crate::cache::memory) fn leave(&mut self, guild: GuildNumber) {
        self.holders.leave(guild);
    }

    /// A guild that goes holds these users no longer.
    pub(in crate::cache::memory) fn release_some(&mut self, users: &[u64], guild: GuildNumber) {
        let users = users.iter().filter_map(|&user| UserId::new(user));
        self.prefetch(users.clone());
        users.for_each(|user| self.release(user, guild));
    }

    /// Whether somebody holds the user whose row is there: a guild that goes does not count.
    #[inline]
    pub(super) fn is_held(&self, user: UserId, holder: UserRefs) -> bool {
        !self.holders.has_leaving()
            || self.holders.is_held(user, holder)
            || self.authors.contains(user.get())
    }

    /// The row of a user whom somebody holds.
    pub(super) fn find_held(&self, user: UserId) -> Option<Found> {
        let found = self.table.find(user.get())?;
        let is_held = self.is_held(user, holder(self.table.at(found)));
        is_held.then_some(found)
    }

    /// The row of a user who gets a holder, if there is one. What it says of a user whom nobody
    /// holds any longer is forgotten.
    pub(super) fn place(&mut self, user: UserId) -> Option<Found> {
        let found = self.table.find(user.get())?;
        let holder = holder(self.table.at(found));
        if self.is_held(user, holder) {
            return Some(found);
        }
        self.table.rewrite(found, &holder.to_bytes(), &[]);
        self.table.find(user.get())
    }
}
