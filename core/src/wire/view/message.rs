//! Messages.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU64;

use super::{Poll, Reaction, User};
use crate::id::{
    ApplicationId, ChannelId, GuildId, MessageId, RoleId, StickerId, UserId, WebhookId,
};
use crate::wire::row::row;
use crate::wire::{Field, Json, OnlyId, Text, Timestamp};

row! {
    /// A message, or what a payload says of one.
    Message {
        key "id" id: MessageId;
        /// The channel or thread.
        "channel_id" channel: Option<ChannelId>,
        /// The guild, if it is in one.
        "guild_id" guild: Field<GuildId>,
        /// Who wrote it; no user if `webhook` says so.
        "author" author: Option<Box<User<'i>>>,
        /// What is written.
        "content" content: Option<Text<'i>>,
        /// When it was written.
        "timestamp" timestamp: Option<Timestamp>,
        /// When it was last edited.
        "edited_timestamp" edited_at: Field<Timestamp>,
        /// Whether it is read aloud; updates always say no.
        "tts" tts: Option<bool>,
        /// Whether it mentions everyone.
        "mention_everyone" mention_everyone: Option<bool>,
        /// Whom it mentions.
        "mentions" mentions: Option<Vec<OnlyId<UserId>>>,
        /// Which roles it mentions.
        "mention_roles" mention_roles: Option<Vec<RoleId>>,
        /// Which channels of other guilds it mentions.
        "mention_channels" mention_channels: Field<Vec<OnlyId<ChannelId>>>,
        /// What is attached.
        "attachments" attachments: Option<Vec<Attachment<'i>>>,
        /// What is embedded.
        "embeds" embeds: Field<Json<'i>>,
        /// Buttons and the like.
        "components" components: Field<Json<'i>>,
        /// The reactions, in the order of their first appearance.
        "reactions" reactions: Field<Vec<Reaction<'i>>>,
        /// Whether it is pinned.
        "pinned" pinned: Option<bool>,
        /// The webhook that wrote it.
        "webhook_id" webhook: Field<WebhookId>,
        /// What kind it is, as the wire numbers them.
        "type" kind: Option<u16>,
        /// An activity it invites to.
        "activity" activity: Field<Json<'i>>,
        /// The application it belongs to.
        "application" application: Field<Json<'i>>,
        /// The application that wrote it.
        "application_id" application_id: Field<ApplicationId>,
        /// Flags.
        "flags" flags: Field<u64>,
        /// What it answers or forwards.
        "message_reference" reference: Field<MessageReference<'i>>,
        /// The message it answers; null if that is gone.
        "referenced_message" referenced: Field<OnlyId<MessageId>>,
        /// What it forwards.
        "message_snapshots" snapshots: Field<Json<'i>>,
        /// The interaction behind it.
        "interaction_metadata" interaction: Field<Json<'i>>,
        /// The interaction behind it, as older servers send it.
        "interaction" old_interaction: Field<Json<'i>>,
        /// The thread that it began.
        "thread" thread: Field<OnlyId<ChannelId>>,
        /// Its stickers.
        "sticker_items" stickers: Field<Vec<StickerItem<'i>>>,
        /// Its place in a thread, roughly.
        "position" position: Field<u64>,
        /// A purchase that it announces.
        "role_subscription_data" role_subscription: Field<Json<'i>>,
        /// Its poll.
        "poll" poll: Field<Box<Poll<'i>>>,
        /// A call that it announces.
        "call" call: Field<Json<'i>>,
    }
}

row! {
    /// A file of a message.
    Attachment {
        key "id" id: NonZeroU64;
        /// Its name.
        "filename" filename: Option<Text<'i>>,
        /// Its title.
        "title" title: Field<Text<'i>>,
        /// What it shows.
        "description" description: Field<Text<'i>>,
        /// What it holds, as a media type.
        "content_type" content_type: Field<Text<'i>>,
        /// Its size in bytes.
        "size" size: Option<u64>,
        /// Where it is.
        "url" url: Option<Text<'i>>,
        /// Where a cached copy is.
        "proxy_url" proxy_url: Option<Text<'i>>,
        /// The height of a picture in pixels.
        "height" height: Field<u32>,
        /// The width of a picture in pixels.
        "width" width: Field<u32>,
        /// Whether it goes soon.
        "ephemeral" ephemeral: Field<bool>,
        /// The length of a recording in seconds.
        "duration_secs" duration: Field<f64>,
        /// The shape of a recording, in base64.
        "waveform" waveform: Field<Text<'i>>,
        /// Flags.
        "flags" flags: Field<u64>,
    }
}

row! {
    /// A sticker of a message.
    StickerItem {
        key "id" id: StickerId;
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// 1 PNG, 2 APNG, 3 Lottie, 4 GIF.
        "format_type" format: Option<u16>,
    }
}

row! {
    /// What a message answers or forwards.
    MessageReference {
        /// 0 an answer, 1 a forward.
        "type" kind: Option<u16>,
        /// The message.
        "message_id" message: Field<MessageId>,
        /// Its channel.
        "channel_id" channel: Field<ChannelId>,
        /// Its guild.
        "guild_id" guild: Field<GuildId>,
    }
}
