//! What guilds share: users, and which channel lies in which guild.

use crate::cache::memory::people::user::Users;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::{Row, Table};
use crate::id::{ChannelId, GuildId};

/// Where a channel lies.
#[derive(Debug)]
struct ChannelPlace {
    channel: ChannelId,
    guild: GuildId,
}

impl Row for ChannelPlace {
    fn key(&self) -> u64 {
        self.channel.get()
    }

    fn heap(&self) -> usize {
        0
    }
}

#[derive(Debug)]
pub(super) struct SharedRows {
    pub(super) users: Users,
    /// How many messages of each channel are kept.
    pub(super) messages_per_channel: usize,
    places: Table<ChannelPlace>,
}

impl SharedRows {
    pub(super) const fn new(mixer: Mixer) -> Self {
        Self {
            users: Users::new(mixer),
            messages_per_channel: 100,
            places: Table::new(mixer),
        }
    }

    /// The guild of a channel.
    pub(super) fn guild_of(&self, channel: ChannelId) -> Option<GuildId> {
        self.places.get(channel.get()).map(|place| place.guild)
    }

    pub(super) fn place(&mut self, channel: ChannelId, guild: GuildId) {
        self.places.insert(ChannelPlace { channel, guild });
    }

    pub(super) fn displace(&mut self, channel: ChannelId) {
        self.places.remove(channel.get());
    }

    /// Bytes of the places.
    pub(super) fn bytes(&self) -> usize {
        self.places.bytes()
    }
}
