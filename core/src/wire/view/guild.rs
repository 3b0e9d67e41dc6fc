//! Guilds.

use alloc::vec::Vec;

use crate::id::{ApplicationId, ChannelId, EmojiId, GuildId, UserId};
use crate::wire::row::row;
use crate::wire::{Field, Image, Stated, Text, Timestamp};

row! {
    /// A guild's own data, without what lives in it.
    Guild {
        key "id" id: GuildId;
        /// Its name.
        "name" name: Option<Text<'i>>,
        /// Its picture.
        "icon" icon: Field<Image<'i>>,
        /// The picture of an invitation.
        "splash" splash: Field<Image<'i>>,
        /// The picture in the directory.
        "discovery_splash" discovery_splash: Field<Image<'i>>,
        /// The picture above its channels.
        "banner" banner: Field<Image<'i>>,
        /// What it is about.
        "description" description: Field<Text<'i>>,
        /// Whose it is.
        "owner_id" owner: Option<Stated<UserId>>,
        /// Where the silent are moved to.
        "afk_channel_id" afk_channel: Field<ChannelId>,
        /// Seconds of silence before that.
        "afk_timeout" afk_timeout: Option<u32>,
        /// Whether it has a widget.
        "widget_enabled" widget_enabled: Field<bool>,
        /// Where the widget's invitation leads.
        "widget_channel_id" widget_channel: Field<ChannelId>,
        /// How well known a member must be to write, as the wire numbers it.
        "verification_level" verification_level: Option<u16>,
        /// Whether all messages notify (0) or mentions alone (1).
        "default_message_notifications" notifications: Option<u16>,
        /// Whose pictures are looked at, as the wire numbers it.
        "explicit_content_filter" content_filter: Option<u16>,
        /// What it may use beyond the usual.
        "features" features: Field<Vec<Text<'i>>>,
        /// Whether moderators need a second factor (1).
        "mfa_level" mfa_level: Option<u16>,
        /// The bot that made it.
        "application_id" application: Field<ApplicationId>,
        /// Where the platform's own messages go.
        "system_channel_id" system_channel: Field<ChannelId>,
        /// Which of these are left out.
        "system_channel_flags" system_channel_flags: Option<u64>,
        /// Where the rules are.
        "rules_channel_id" rules_channel: Field<ChannelId>,
        /// Where moderators hear from the platform.
        "public_updates_channel_id" updates_channel: Field<ChannelId>,
        /// Where safety alerts go.
        "safety_alerts_channel_id" alerts_channel: Field<ChannelId>,
        /// The most presences it may have; none for the default.
        "max_presences" max_presences: Field<u64>,
        /// The most members it may have.
        "max_members" max_members: Field<u64>,
        /// Its own invitation.
        "vanity_url_code" vanity_code: Field<Text<'i>>,
        /// Its level of boosts.
        "premium_tier" premium_tier: Option<u16>,
        /// How many boosts it has.
        "premium_subscription_count" boosts: Field<u64>,
        /// Whether its boosts are shown.
        "premium_progress_bar_enabled" progress_bar: Option<bool>,
        /// Its language.
        "preferred_locale" locale: Field<Text<'i>>,
        /// How many may watch a video.
        "max_video_channel_users" max_video_users: Field<u32>,
        /// How many may watch a video on a stage.
        "max_stage_video_channel_users" max_stage_users: Field<u32>,
        /// For whom it is, as the wire numbers it.
        "nsfw_level" nsfw_level: Option<u16>,
        /// What newcomers see.
        "welcome_screen" welcome_screen: Field<WelcomeScreen<'i>>,
        /// What the guild is protected from.
        "incidents_data" incidents: Field<Incidents<'i>>,
        /// The region of its voice channels; replaced by the channels' own.
        "region" region: Field<Text<'i>>,
        /// When the bot came; only when the guild becomes available.
        "joined_at" joined_at: Option<Timestamp>,
        /// Whether it counts as large; only when the guild becomes available.
        "large" large: Option<bool>,
        /// How many members it has; only when the guild becomes available.
        "member_count" member_count: Option<u64>,
    }
}

row! {
    /// What newcomers see.
    WelcomeScreen {
        /// What the guild says of itself.
        "description" description: Field<Text<'i>>,
        /// The channels it points to, up to five.
        "welcome_channels" channels: Field<Vec<WelcomeChannel<'i>>>,
    }
}

row! {
    /// A channel that newcomers are pointed to.
    WelcomeChannel {
        key "channel_id" channel: ChannelId;
        /// What is said of it.
        "description" description: Option<Text<'i>>,
        /// A custom emoji.
        "emoji_id" emoji: Field<EmojiId>,
        /// The name of that, or an ordinary emoji.
        "emoji_name" emoji_name: Field<Text<'i>>,
    }
}

row! {
    /// What a guild is protected from, and until when.
    Incidents {
        /// Until when nobody may be invited.
        "invites_disabled_until" invites_disabled_until: Field<Timestamp>,
        /// Until when members may not write to each other.
        "dms_disabled_until" dms_disabled_until: Field<Timestamp>,
        /// When spam was noticed.
        "dm_spam_detected_at" spam_detected_at: Field<Timestamp>,
        /// When a raid was noticed.
        "raid_detected_at" raid_detected_at: Field<Timestamp>,
    }
}
