//! Our rows under the names that the wire has for their fields.

use headcount_core::cache::memory::{GuildRef, MemberRef, PresenceRef, UserRef};
use headcount_core::cache::{GuildStatus, MemoryStore};
use headcount_core::id::{ChannelId, EmojiId, RoleId, StickerId};
use peer_library::{Fields, RowKey, fields as value};
use serde_json::{Value, json};

use super::{guild_id, user_id};

/// A row, read as a user of the store reads it.
pub fn row(store: &MemoryStore, key: RowKey) -> Option<Fields> {
    Some(match key {
        RowKey::Guild(guild) => self::guild(store.guild(guild_id(guild))?),
        RowKey::Channel(guild, channel) => in_guild(guild, self::channel(store, channel)?),
        RowKey::Role(guild, role) => {
            let role = store.role(guild_id(guild), RoleId::new(role)?)?;
            in_guild(guild, wire("role", value(role)))
        }
        RowKey::Emoji(guild, emoji) => {
            let emoji = store.emoji(guild_id(guild), EmojiId::new(emoji)?)?;
            wire("emoji", value(emoji))
        }
        RowKey::Sticker(guild, sticker) => {
            let sticker = store.sticker(guild_id(guild), StickerId::new(sticker)?)?;
            in_guild(guild, wire("sticker", value(sticker)))
        }
        RowKey::Member(guild, user) => {
            in_guild(guild, member(store.member(guild_id(guild), user_id(user))?))
        }
        RowKey::User(id) => self::user(store.user(user_id(id))?),
        RowKey::Presence(guild, user) => {
            let presence = store.presence(guild_id(guild), user_id(user))?;
            in_guild(guild, self::presence(presence, store.user(user_id(user))))
        }
        RowKey::VoiceState(guild, user) => {
            let state = store.voice_state(guild_id(guild), user_id(user))?;
            in_guild(guild, wire("voice_state", value(state)))
        }
    })
}

/// Rows lie in their guilds, so they need not tell them.
fn in_guild(guild: u64, mut row: Fields) -> Fields {
    row.insert("guild_id".to_owned(), json!(guild));
    row
}

fn fields<const N: usize>(fields: [(&str, Value); N]) -> Fields {
    fields
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

fn guild(guild: GuildRef<'_>) -> Fields {
    let mut fields = wire("guild", value(guild.data()));
    fields.insert("member_count".to_owned(), json!(guild.member_count()));
    let available = guild.status() == GuildStatus::Available;
    fields.insert("unavailable".to_owned(), json!(!available));
    fields
}

fn channel(store: &MemoryStore, channel: u64) -> Option<Fields> {
    let id = ChannelId::new(channel)?;
    let channel = store.channel(id).map(|row| wire("channel", value(row)));
    channel.or_else(|| store.thread(id).map(|row| wire("thread", value(row))))
}

fn member(member: MemberRef<'_>) -> Fields {
    fields([
        ("user_id", json!(member.user().id())),
        ("user", json!(user(member.user()))),
        ("nick", json!(member.nick())),
        ("roles", json!(member.roles().collect::<Vec<_>>())),
        ("joined_at", json!(member.joined_at())),
        ("premium_since", json!(member.premium_since())),
        (
            "unusual_dm_activity_until",
            json!(member.unusual_dm_until()),
        ),
        ("communication_disabled_until", json!(member.timeout())),
        ("avatar", json!(member.avatar())),
        ("banner", json!(member.banner())),
        (
            "avatar_decoration_data",
            part("avatar_decoration_data", json!(member.decoration())),
        ),
        (
            "collectibles",
            part("collectibles", json!(member.collectibles())),
        ),
        ("deaf", json!(member.is_deaf())),
        ("mute", json!(member.is_mute())),
        ("pending", json!(member.is_pending())),
        ("flags", json!(member.flags())),
    ])
}

fn user(user: UserRef<'_>) -> Fields {
    fields([
        ("id", json!(user.id())),
        ("username", json!(user.username())),
        ("global_name", json!(user.global_name())),
        ("discriminator", json!(user.discriminator())),
        ("avatar", json!(user.avatar())),
        ("banner", json!(user.banner())),
        (
            "avatar_decoration_data",
            part("avatar_decoration_data", json!(user.decoration())),
        ),
        (
            "primary_guild",
            part("primary_guild", json!(user.primary_guild())),
        ),
        (
            "collectibles",
            part("collectibles", json!(user.collectibles())),
        ),
        ("accent_color", json!(user.accent_color())),
        ("bot", json!(user.is_bot())),
        ("system", json!(user.is_system())),
        ("public_flags", json!(user.public_flags())),
    ])
}

fn presence(presence: PresenceRef<'_>, user: Option<UserRef<'_>>) -> Fields {
    let clients = json!({
        "desktop": presence.desktop(),
        "mobile": presence.mobile(),
        "web": presence.web(),
        "vr": presence.vr(),
    });
    let id = || fields([("id", json!(presence.user()))]);
    fields([
        ("user_id", json!(presence.user())),
        ("user", json!(user.map_or_else(id, self::user))),
        ("status", lower(json!(presence.status()))),
        ("client_status", lower(clients)),
        (
            "activities",
            part(
                "activities",
                json!(presence.activities().collect::<Vec<_>>()),
            ),
        ),
    ])
}

/// What the wire calls otherwise than our rows do: inside what, by our name, by the wire's.
const NAMES: &[(&str, &str, &str)] = &[
    ("guild", "owner", "owner_id"),
    ("guild", "afk_channel", "afk_channel_id"),
    ("guild", "widget_channel", "widget_channel_id"),
    ("guild", "notifications", "default_message_notifications"),
    ("guild", "content_filter", "explicit_content_filter"),
    ("guild", "application", "application_id"),
    ("guild", "system_channel", "system_channel_id"),
    ("guild", "rules_channel", "rules_channel_id"),
    ("guild", "updates_channel", "public_updates_channel_id"),
    ("guild", "alerts_channel", "safety_alerts_channel_id"),
    ("guild", "vanity_code", "vanity_url_code"),
    ("guild", "boosts", "premium_subscription_count"),
    ("guild", "progress_bar", "premium_progress_bar_enabled"),
    ("guild", "locale", "preferred_locale"),
    ("guild", "max_video_users", "max_video_channel_users"),
    ("guild", "incidents", "incidents_data"),
    ("incidents_data", "spam_detected_at", "dm_spam_detected_at"),
    ("welcome_screen", "channels", "welcome_channels"),
    ("welcome_channels", "channel", "channel_id"),
    ("welcome_channels", "emoji", "emoji_id"),
    ("guild", "max_stage_users", "max_stage_video_channel_users"),
    ("channel", "kind", "type"),
    ("channel", "overwrites", "permission_overwrites"),
    ("channel", "parent", "parent_id"),
    ("channel", "last_message", "last_message_id"),
    ("channel", "last_pin", "last_pin_timestamp"),
    ("channel", "rate_limit", "rate_limit_per_user"),
    ("channel", "video_quality", "video_quality_mode"),
    ("channel", "auto_archive", "default_auto_archive_duration"),
    (
        "channel",
        "thread_rate_limit",
        "default_thread_rate_limit_per_user",
    ),
    ("channel", "tags", "available_tags"),
    ("channel", "sort_order", "default_sort_order"),
    ("channel", "layout", "default_forum_layout"),
    ("channel", "voice_start", "voice_start_time"),
    ("channel", "default_reaction", "default_reaction_emoji"),
    ("default_reaction_emoji", "id", "emoji_id"),
    ("default_reaction_emoji", "name", "emoji_name"),
    ("permission_overwrites", "kind", "type"),
    ("available_tags", "emoji", "emoji_id"),
    ("thread", "kind", "type"),
    ("thread", "parent", "parent_id"),
    ("thread", "owner", "owner_id"),
    ("thread", "last_message", "last_message_id"),
    ("thread", "last_pin", "last_pin_timestamp"),
    ("thread", "rate_limit", "rate_limit_per_user"),
    ("thread", "total_messages", "total_message_sent"),
    ("thread", "state", "thread_metadata"),
    ("thread", "tags", "applied_tags"),
    ("thread_metadata", "auto_archive", "auto_archive_duration"),
    ("thread_metadata", "archived_at", "archive_timestamp"),
    ("thread_metadata", "created_at", "create_timestamp"),
    ("tags", "bot", "bot_id"),
    ("tags", "integration", "integration_id"),
    ("tags", "subscription", "subscription_listing_id"),
    ("tags", "for_sale", "available_for_purchase"),
    ("tags", "linked", "guild_connections"),
    ("colors", "primary", "primary_color"),
    ("colors", "secondary", "secondary_color"),
    ("colors", "tertiary", "tertiary_color"),
    ("emoji", "creator", "user_id"),
    ("sticker", "creator", "user_id"),
    ("sticker", "kind", "type"),
    ("sticker", "format", "format_type"),
    ("voice_state", "user", "user_id"),
    ("voice_state", "channel", "channel_id"),
    ("voice_state", "session", "session_id"),
    (
        "voice_state",
        "request_to_speak",
        "request_to_speak_timestamp",
    ),
    ("avatar_decoration_data", "sku", "sku_id"),
    ("primary_guild", "guild", "identity_guild_id"),
    ("primary_guild", "enabled", "identity_enabled"),
    ("activities", "kind", "type"),
    ("activities", "application", "application_id"),
    ("activities", "times", "timestamps"),
    ("activities", "status_display", "status_display_type"),
    ("secrets", "match_secret", "match"),
    ("nameplate", "sku", "sku_id"),
    ("assets", "invite_cover", "invite_cover_image"),
    ("assets", "large", "large_image"),
    ("assets", "small", "small_image"),
];

/// A row or a part of one, by the wire's names.
fn wire(within: &str, row: Fields) -> Fields {
    let name = |ours: String| {
        let named = |name: &&(&str, &str, &str)| name.0 == within && name.1 == ours;
        match NAMES.iter().find(named) {
            Some((_, _, wire)) => (*wire).to_owned(),
            None => ours,
        }
    };
    let field = |(field, value): (String, Value)| {
        let field = name(field);
        let value = part(&field, value);
        (field, value)
    };
    row.into_iter().map(field).collect()
}

/// The same for what is inside a field.
fn part(within: &str, value: Value) -> Value {
    match value {
        Value::Object(parts) => wire(within, parts.into_iter().collect())
            .into_iter()
            .collect(),
        Value::Array(items) => items.into_iter().map(|item| part(within, item)).collect(),
        other => other,
    }
}

/// Statuses as the wire writes them.
fn lower(value: Value) -> Value {
    match value {
        Value::String(text) => Value::String(text.to_lowercase()),
        Value::Object(parts) => parts
            .into_iter()
            .map(|(name, value)| (name, lower(value)))
            .collect(),
        other => other,
    }
}
