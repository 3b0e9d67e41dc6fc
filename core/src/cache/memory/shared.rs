//! What guilds share: users, messages, and which channel lies in which guild.

use crate::cache::memory::messages::{MessageTable, learn};
use crate::cache::memory::people::user::Users;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::{Row, Table};
use crate::cache::{Op, Rows};
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
    /// The messages in guilds.
    pub(super) messages: MessageTable,
    /// How many messages of each channel are kept.
    pub(super) messages_per_channel: usize,
    places: Table<ChannelPlace>,
}

impl SharedRows {
    pub(super) const fn new(mixer: Mixer) -> Self {
        Self {
            users: Users::new(mixer),
            messages: MessageTable::new(mixer),
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

    /// What rows say of users who are held, though the rows themselves are not kept.
    pub(super) fn learn(&mut self, op: &Op<'_>) {
        let (Op::Upsert(rows) | Op::Patch(rows) | Op::Replace(rows)) = op else {
            return;
        };
        let users = &mut self.users;
        if let Rows::Members(members) = rows {
            let members = members.records();
            members.for_each(|member| users.patch(member.id, member.user));
        } else if let Rows::Users(rows) = rows {
            rows.iter().for_each(|user| users.patch_user(user));
        } else if let Rows::Messages(rows) = rows {
            rows.records().for_each(|message| learn(&message, users));
        }
    }

    /// Bytes of the places.
    pub(super) fn bytes(&self) -> usize {
        self.places.bytes()
    }
}
