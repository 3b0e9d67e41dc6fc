//! Webhooks, which the gateway never sends: an application asks for them itself.

use alloc::vec::Vec;

use crate::id::{ApplicationId, ChannelId, GuildId, UserId, WebhookId};
use crate::wire::row::row;
use crate::wire::{Field, Image, Malformed, OnlyId, Text, field::Read as _, json::Reader};

row! {
    /// A webhook, without its token: that is a secret, and is never kept.
    Webhook {
        key "id" id: WebhookId;
        /// 1 takes messages in, 2 follows a channel, 3 belongs to an application.
        "type" kind: Option<u16>,
        /// The guild.
        "guild_id" guild: Field<GuildId>,
        /// The channel.
        "channel_id" channel: Field<ChannelId>,
        /// Who made it.
        "user" creator: Field<OnlyId<UserId>>,
        /// Its name.
        "name" name: Field<Text<'i>>,
        /// Its picture.
        "avatar" avatar: Field<Image<'i>>,
        /// The application that made it.
        "application_id" application: Field<ApplicationId>,
    }
}

impl<'i> Webhook<'i> {
    /// Reads the list that the platform answers when asked for a channel's webhooks.
    ///
    /// # Errors
    /// [`Malformed`] if it is no such list.
    pub fn list(text: &'i str) -> Result<Vec<Self>, Malformed> {
        let mut reader = Reader::new(text);
        let list = Vec::read(&mut reader)?;
        reader.end()?;
        Ok(list)
    }
}
