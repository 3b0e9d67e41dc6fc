//! Channels.

use alloc::vec::Vec;
use core::num::NonZeroU64;

use super::{Overwrites, User};
use crate::id::{ApplicationId, ChannelId, EmojiId, GuildId, MessageId, UserId};
use crate::wire::row::row;
use crate::wire::{Field, Image, Stated, Text, Timestamp};

row! {
    /// A channel, of a guild or private.
    Channel {
        key "id" id: ChannelId;
        /// The guild; absent inside a guild.
        "guild_id" guild: Field<GuildId>,
        /// What kind of channel it is, as the wire numbers them; unknown numbers survive.
        "type" kind: Option<u16>,
        /// Its name.
        "name" name: Field<Text<'i>>,
        /// What it is about.
        "topic" topic: Field<Text<'i>>,
        /// Its place in the order; several channels may share one.
        "position" position: Field<i64>,
        /// Who may do what here; may name roles and members that are gone.
        "permission_overwrites" overwrites: Overwrites<'i>,
        /// The category above it.
        "parent_id" parent: Field<ChannelId>,
        /// Whether it is for adults.
        "nsfw" nsfw: Field<bool>,
        /// The newest message, or thread of a forum; it may be gone.
        "last_message_id" last_message: Field<MessageId>,
        /// When the newest pin was set.
        "last_pin_timestamp" last_pin: Field<Timestamp>,
        /// Bits per second of a voice channel.
        "bitrate" bitrate: Field<u32>,
        /// How many fit into a voice channel; zero for no limit.
        "user_limit" user_limit: Field<u32>,
        /// Seconds between two messages of a member.
        "rate_limit_per_user" rate_limit: Field<u32>,
        /// The region of a voice channel; none for automatic.
        "rtc_region" rtc_region: Field<Text<'i>>,
        /// The quality of video: 1 automatic, 2 full.
        "video_quality_mode" video_quality: Field<u16>,
        /// Minutes until a new thread is archived.
        "default_auto_archive_duration" auto_archive: Field<u32>,
        /// Seconds between two messages of a member in a new thread.
        "default_thread_rate_limit_per_user" thread_rate_limit: Field<u32>,
        /// The tags of a forum.
        "available_tags" tags: Field<Vec<ForumTag<'i>>>,
        /// How a forum is sorted.
        "default_sort_order" sort_order: Field<u16>,
        /// How a forum is laid out.
        "default_forum_layout" layout: Field<u16>,
        /// An emoji that a forum offers to react with.
        "default_reaction_emoji" default_reaction: Field<ForumEmoji<'i>>,
        /// Who is in it, outside guilds.
        "recipients" recipients: Field<Vec<User<'i>>>,
        /// Its picture, outside guilds.
        "icon" icon: Field<Image<'i>>,
        /// Whose it is, outside guilds.
        "owner_id" owner: Field<UserId>,
        /// The application that made it, outside guilds.
        "application_id" application: Field<ApplicationId>,
        /// Whether that application manages it.
        "managed" managed: Field<bool>,
        /// Flags.
        "flags" flags: Field<Stated<u64>>,
        /// What is said about a voice channel's talk; sent apart from the channel.
        "status" status: Field<Text<'i>>,
        /// When the talk began, in seconds since 1970; sent apart from the channel.
        "voice_start_time" voice_start: Field<i64>,
    }
}

row! {
    /// A tag of a forum.
    ForumTag {
        key "id" id: NonZeroU64;
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// Whether only moderators may set it.
        "moderated" moderated: Field<bool>,
        /// A custom emoji.
        "emoji_id" emoji: Field<EmojiId>,
        /// An ordinary emoji.
        "emoji_name" emoji_name: Field<Text<'i>>,
    }
}

row! {
    /// An emoji that a forum offers.
    ForumEmoji {
        /// A custom emoji.
        "emoji_id" id: Field<EmojiId>,
        /// An ordinary emoji.
        "emoji_name" name: Field<Text<'i>>,
    }
}
