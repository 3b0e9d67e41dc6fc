//! What is known of a channel with messages, packed.

use crate::id::{ChannelId, GuildId, MessageId};
use crate::wire::packed::Cursor;

/// A channel of a guild, or outside all guilds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache::memory) struct RingPlace {
    pub(in crate::cache::memory) guild: Option<GuildId>,
    pub(in crate::cache::memory) channel: ChannelId,
}

/// The channels with messages of one guild, or those outside all guilds: each knows the next.
#[derive(Debug)]
pub(in crate::cache::memory) struct Rings {
    pub(super) guild: Option<GuildId>,
    pub(super) first: Option<ChannelId>,
}

impl Rings {
    /// None yet.
    pub(in crate::cache::memory) const fn new(guild: Option<GuildId>) -> Self {
        Self { guild, first: None }
    }

    pub(in crate::cache::memory) const fn place(&self, channel: ChannelId) -> RingPlace {
        RingPlace {
            guild: self.guild,
            channel,
        }
    }
}

/// A channel with messages, which are linked by age; outside guilds also one that had some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::cache::memory) struct RingRow {
    pub(in crate::cache::memory) channel: ChannelId,
    /// How many messages there are.
    pub(in crate::cache::memory) count: u32,
    pub(super) oldest: Option<MessageId>,
    pub(super) newest: Option<MessageId>,
    /// The neighbours among [`Rings`].
    pub(super) before: Option<ChannelId>,
    pub(super) behind: Option<ChannelId>,
}

impl RingRow {
    const BYTES: usize = 44;

    /// Of a channel without messages.
    pub(super) const fn new(channel: ChannelId) -> Self {
        Self {
            channel,
            count: 0,
            oldest: None,
            newest: None,
            before: None,
            behind: None,
        }
    }

    pub(super) fn of(row: &[u8]) -> Option<Self> {
        let mut from = Cursor::new(row);
        let count = u32::from_le_bytes(from.array()?);
        let mut id = || from.array().map(u64::from_le_bytes);
        Some(Self {
            channel: ChannelId::new(id()?)?,
            count,
            oldest: MessageId::new(id()?),
            newest: MessageId::new(id()?),
            before: ChannelId::new(id()?),
            behind: ChannelId::new(id()?),
        })
    }

    pub(super) fn to_bytes(self) -> [u8; Self::BYTES] {
        let (message, channel) = (MessageId::get, ChannelId::get);
        let ids = [
            self.channel.get(),
            self.oldest.map_or(0, message),
            self.newest.map_or(0, message),
            self.before.map_or(0, channel),
            self.behind.map_or(0, channel),
        ];
        let mut bytes = [0; Self::BYTES];
        let (count, rest) = bytes.split_at_mut(4);
        count.copy_from_slice(&self.count.to_le_bytes());
        for (to, id) in rest.chunks_exact_mut(8).zip(ids) {
            to.copy_from_slice(&id.to_le_bytes());
        }
        bytes
    }
}
