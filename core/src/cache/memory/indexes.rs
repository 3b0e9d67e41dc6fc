//! Indexes that are kept if somebody wants them.

use alloc::vec::Vec;

use bitflags::bitflags;

use crate::cache::memory::MemoryStore;
use crate::id::GuildId;

bitflags! {
    /// Indexes of a [`MemoryStore`], all of them off unless they are switched on.
    ///
    /// What they answer is answered without them too, by looking at every row of the guild; with
    /// one, in time proportional to the answer. Each costs 12 to 32 bytes for a row and group, and
    /// some 100 bytes for a group, counted among the rows' [`bytes`](MemoryStore::bytes); the one
    /// of members also time for each role of a member that comes, goes or gets other roles.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
    pub struct Indexes: u8 {
        /// For [`MemoryStore::members_with_role`].
        const MEMBERS_BY_ROLE = 1;
        /// For [`MemoryStore::voice_states_in`] and [`MemoryStore::members_in_voice`].
        const VOICE_BY_CHANNEL = 1 << 1;
        /// For [`MemoryStore::threads_of`].
        const THREADS_BY_CHANNEL = 1 << 2;
        /// For [`MemoryStore::private_channel_with`].
        const PRIVATE_CHANNELS_BY_USER = 1 << 3;
    }
}

impl MemoryStore {
    /// The same store with these indexes and no others.
    ///
    /// ```
    /// use headcount_core::cache::MemoryStore;
    /// use headcount_core::cache::memory::Indexes;
    ///
    /// let store = MemoryStore::new(42).indexed(Indexes::MEMBERS_BY_ROLE);
    /// assert_eq!(store.indexes(), Indexes::MEMBERS_BY_ROLE);
    /// ```
    #[must_use]
    pub fn indexed(mut self, indexes: Indexes) -> Self {
        self.set_indexes(indexes);
        self
    }

    /// The indexes that are kept.
    #[must_use]
    pub const fn indexes(&self) -> Indexes {
        self.indexes
    }

    /// Keeps these indexes and no others from now on; builds those that are new from the rows that
    /// are there.
    pub fn set_indexes(&mut self, indexes: Indexes) {
        self.indexes = indexes;
        self.private_channels.set_indexes(indexes);
        let guilds: Vec<GuildId> = self.guilds.iter().map(|guild_rows| guild_rows.id).collect();
        let mixer = self.mixer;
        for guild in guilds {
            self.reweighed(guild, |guild_rows, _| {
                guild_rows.set_indexes(indexes, mixer);
            });
        }
    }
}
