//! Messages.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU64;

use super::{Poll, Reaction, User};
use crate::id::{
    ApplicationId, ChannelId, GuildId, MessageId, RoleId, StickerId, UserId, WebhookId,
};
use crate::wire::packed::{keyed_record_payloads, packed, record_payloads};
use crate::wire::{Field, Json, OnlyId, Text, Timestamp};

packed! {
    /// A message, or what a payload says of one.
    Message {
        key "id" id: MessageId;
        apart
        /// The channel or thread.
        "channel_id" channel: Option<ChannelId>;
        apart
        /// The guild, if it is in one.
        "guild_id" guild: Field<GuildId>;
        apart
        /// Who wrote it; no user if `webhook` says so.
        "author" author: Option<Box<User<'i>>>;
        /// The webhook that wrote it.
        "webhook_id" webhook: Field<WebhookId>,
        /// What kind it is, as the wire numbers them.
        "type" kind: Option<u16>,
        /// Whether it is read aloud; updates always say no.
        "tts" tts: Option<bool>,
        /// When it was written.
        "timestamp" timestamp: Option<Timestamp>,
        /// The thread that it began.
        "thread" thread: Field<OnlyId<ChannelId>>,
        /// Its stickers.
        "sticker_items" stickers: Field<Vec<StickerItem<'i>>>,
        /// A purchase that it announces.
        "role_subscription_data" role_subscription: Field<Json<'i>>,
        /// The message it answers; null if that is gone.
        "referenced_message" referenced: Field<OnlyId<MessageId>>,
        /// The reactions, in the order of their first appearance.
        "reactions" reactions: Field<Vec<Reaction<'i>>>,
        /// Its place in a thread, roughly.
        "position" position: Field<u64>,
        /// Its poll.
        "poll" poll: Field<Box<Poll<'i>>>,
        /// Whether it is pinned.
        "pinned" pinned: Option<bool>,
        beside "nonce";
        /// What it forwards.
        "message_snapshots" snapshots: Field<Json<'i>>,
        /// What it answers or forwards.
        "message_reference" reference: Field<MessageReference<'i>>,
        /// Whom it mentions.
        "mentions" mentions: Option<Vec<OnlyId<UserId>>>,
        /// Which roles it mentions.
        "mention_roles" mention_roles: Option<Vec<RoleId>>,
        /// Whether it mentions everyone.
        "mention_everyone" mention_everyone: Option<bool>,
        /// Which channels of other guilds it mentions.
        "mention_channels" mention_channels: Field<Vec<OnlyId<ChannelId>>>,
        beside "member";
        /// The interaction behind it.
        "interaction_metadata" interaction: Field<Json<'i>>,
        /// The interaction behind it, as older servers send it.
        "interaction" old_interaction: Field<Json<'i>>,
        beside "id";
        /// Flags.
        "flags" flags: Field<u64>,
        /// What is embedded.
        "embeds" embeds: Field<Json<'i>>,
        /// When it was last edited.
        "edited_timestamp" edited_at: Field<Timestamp>,
        /// What is written.
        "content" content: Option<Text<'i>>,
        /// Buttons and the like.
        "components" components: Field<Json<'i>>,
        beside "channel_type", "channel_id";
        /// A call that it announces.
        "call" call: Field<Json<'i>>,
        beside "author";
        /// What is attached.
        "attachments" attachments: Option<Vec<Attachment<'i>>>,
        /// The application that wrote it.
        "application_id" application_id: Field<ApplicationId>,
        /// The application it belongs to.
        "application" application: Field<Json<'i>>,
        /// An activity it invites to.
        "activity" activity: Field<Json<'i>>,
    }
}

packed! {
    /// A file of a message.
    Attachment {
        key "id" id: NonZeroU64;
        /// The width of a picture in pixels.
        "width" width: Field<u32>,
        /// The shape of a recording, in base64.
        "waveform" waveform: Field<Text<'i>>,
        /// Where it is.
        "url" url: Option<Text<'i>>,
        /// Its title.
        "title" title: Field<Text<'i>>,
        /// Its size in bytes.
        "size" size: Option<u64>,
        /// Where a cached copy is.
        "proxy_url" proxy_url: Option<Text<'i>>,
        beside "id";
        /// The height of a picture in pixels.
        "height" height: Field<u32>,
        /// Flags.
        "flags" flags: Field<u64>,
        /// Its name.
        "filename" filename: Option<Text<'i>>,
        /// Whether it goes soon.
        "ephemeral" ephemeral: Field<bool>,
        /// The length of a recording in seconds.
        "duration_secs" duration: Field<f64>,
        /// What it shows.
        "description" description: Field<Text<'i>>,
        /// What it holds, as a media type.
        "content_type" content_type: Field<Text<'i>>,
    }
}

packed! {
    /// A sticker of a message.
    StickerItem {
        key "id" id: StickerId;
        /// Its name.
        "name" name: Option<Text<'i>>,
        beside "id";
        /// 1 PNG, 2 APNG, 3 Lottie, 4 GIF.
        "format_type" format: Option<u16>,
    }
}

packed! {
    /// What a message answers or forwards.
    MessageReference {
        /// 0 an answer, 1 a forward.
        "type" kind: Option<u16>,
        /// The message.
        "message_id" message: Field<MessageId>,
        /// Its guild.
        "guild_id" guild: Field<GuildId>,
        /// Its channel.
        "channel_id" channel: Field<ChannelId>,
    }
}

record_payloads!(MessageReference);
keyed_record_payloads!(Attachment id, StickerItem id);
