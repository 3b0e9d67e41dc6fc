//! Webhooks that the application put in, and marks that they have changed since.

use alloc::vec::Vec;

use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::channel_webhooks::ChannelWebhooks;
use crate::cache::memory::guild::entities::Entities;
use crate::id::{ChannelId, GuildId};
use crate::wire::view::Webhook;

/// What the store knows of a channel's webhooks.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Webhooks<'a> {
    /// Nothing: they were never put in, or a new session has forgotten them.
    Unknown,
    /// These, and they have not changed since they were put in.
    Fresh(&'a [Webhook<'static>]),
    /// They were these, and the gateway has said since that they have changed.
    Stale(&'a [Webhook<'static>]),
}

impl Entities {
    pub(in crate::cache::memory) fn put_webhooks(
        &mut self,
        channel: ChannelId,
        rows: Vec<Webhook<'static>>,
    ) {
        let hooks = ChannelWebhooks {
            channel,
            changed: false,
            rows: Some(rows),
        };
        self.hooks.upsert(self.mixer, hooks);
    }
}

impl MemoryStore {
    /// Whether the gateway has said that a channel's webhooks have changed, since they were last
    /// put in or the mark was taken away.
    #[must_use]
    pub fn webhooks_changed(&self, guild: GuildId, channel: ChannelId) -> bool {
        let hooks = self.hooks(guild, channel);
        hooks.is_some_and(|hooks| hooks.changed)
    }

    /// A channel's webhooks, as [`Mutation::webhooks`](crate::cache::Mutation::webhooks) put them
    /// in. Without the kind [`Kind::WebhookMark`](crate::cache::Kind) nothing says that they have
    /// changed.
    #[must_use]
    pub fn webhooks(&self, guild: GuildId, channel: ChannelId) -> Webhooks<'_> {
        let hooks = self.hooks(guild, channel);
        let rows = hooks.and_then(|hooks| hooks.rows.as_deref().map(|rows| (hooks.changed, rows)));
        match rows {
            None => Webhooks::Unknown,
            Some((false, rows)) => Webhooks::Fresh(rows),
            Some((true, rows)) => Webhooks::Stale(rows),
        }
    }

    fn hooks(&self, guild: GuildId, channel: ChannelId) -> Option<&ChannelWebhooks> {
        self.guild_rows(guild)?.entities.hooks.get(channel.get())
    }
}
