//! Walks over the members of a guild, some at a time.

use crate::cache::memory::{MemberRef, MemoryStore};
use crate::id::GuildId;

/// So many members come at a time.
const MEMBERS: usize = 2_048;

/// A walk over the cached members of a guild while the store goes on changing.
///
/// Whoever shares a store holds it for some thousands of members at a time, and not for a million.
/// A member who is there all the while comes once; one who comes or leaves meanwhile may come.
///
/// ```
/// # use headcount_core::cache::MemoryStore;
/// # use headcount_core::cache::memory::MemberWalk;
/// # use headcount_core::id::GuildId;
/// # let (store, guild) = (MemoryStore::new(1), GuildId::new(7).unwrap());
/// let (mut walk, mut boosters) = (MemberWalk::new(guild), 0);
/// while let Some(members) = walk.next(&store) {
///     boosters += members.filter(|member| member.premium_since().is_some()).count();
///     // The store may be changed here.
/// }
/// ```
#[derive(Clone, Debug)]
pub struct MemberWalk {
    guild: GuildId,
    /// Where the next members begin; `None` after the last ones.
    from: Option<u32>,
}

impl MemberWalk {
    /// A walk that has not begun.
    #[must_use]
    pub const fn new(guild: GuildId) -> Self {
        Self {
            guild,
            from: Some(0),
        }
    }

    /// The next members, some thousands, in no order that means anything; `None` after the last
    /// ones, and when the guild is gone. The store has to be the same each time.
    pub fn next<'a>(
        &mut self,
        store: &'a MemoryStore,
    ) -> Option<impl Iterator<Item = MemberRef<'a>> + use<'a>> {
        let from = self.from.take()?;
        let members = &store.guild_rows(self.guild)?.members;
        let (members, to) = members.part(&store.shared.users, from, MEMBERS);
        self.from = to;
        Some(members)
    }
}
