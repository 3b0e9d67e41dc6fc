//! Walking over the cache without holding it all the time.

use headcount_core::cache::memory::{MemberRef, MemberWalk};
use headcount_core::id::GuildId;

use super::Handle;

impl Handle {
    /// Hands `look` the cached members of a guild, in no order that means anything. The store's
    /// lock is given up after some thousands of them, so that nobody waits for all: a member who
    /// is there all the while comes once, one who comes or leaves meanwhile may come.
    ///
    /// # Panics
    /// Inside of [`Handle::cache`] and of a predicate.
    ///
    /// ```
    /// # use headcount_driver::{Handle, core::id::GuildId};
    /// # fn look(handle: &Handle, guild: GuildId) {
    /// let mut boosters = 0;
    /// handle.for_each_member(guild, |member| {
    ///     boosters += u32::from(member.premium_since().is_some());
    /// });
    /// # }
    /// ```
    #[track_caller]
    pub fn for_each_member(&self, guild: GuildId, mut look: impl FnMut(MemberRef<'_>)) {
        let mut walk = MemberWalk::new(guild);
        loop {
            let more = self.cache(|store| {
                let members = walk.next(store);
                members.map(|members| members.for_each(&mut look))
            });
            if more.is_none() {
                return;
            }
        }
    }
}
