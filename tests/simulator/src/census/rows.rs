//! Rows with every key that the product knows. No value is what its absence would be read as.

use serde_json::{Value, json};

pub(super) const TIME: &str = "2023-09-01T14:48:02.222000+00:00";
const HASH: &str = "0123456789abcdef0123456789abcdef";

fn merged(mut row: Value, more: &Value) -> Value {
    let fields = row.as_object_mut().expect("an object");
    for (key, value) in more.as_object().expect("an object") {
        fields.insert(key.clone(), value.clone());
    }
    row
}

/// A row with the guild's id beside its own keys.
pub(super) fn in_guild(row: Value) -> Value {
    merged(row, &json!({"guild_id": "1"}))
}

fn decoration() -> Value {
    json!({"sku_id": "901", "asset": format!("a_{HASH}"), "expires_at": null})
}

fn collectibles() -> Value {
    json!({"nameplate": {"sku_id": "902", "palette": "forest", "label": "trees",
        "asset": "nameplates/trees/"}})
}

pub(super) fn user(id: u64) -> Value {
    json!({
        "id": id.to_string(), "username": format!("user{id}"), "system": true,
        "public_flags": 64,
        "primary_guild": {"tag": "TAG", "identity_guild_id": "77", "identity_enabled": true,
            "badge": HASH},
        "global_name": format!("User {id}"), "discriminator": "1234",
        "collectibles": collectibles(), "bot": true, "banner": HASH,
        "avatar_decoration_data": decoration(), "avatar": HASH, "accent_color": 255,
        "display_name_styles": null, "display_name": "Shown", "clan": null,
    })
}

/// A user of whom nothing but the id is read.
fn named(id: u64) -> Value {
    json!({"id": id.to_string(), "username": format!("user{id}")})
}

pub(super) fn member(id: u64) -> Value {
    json!({
        "user": user(id), "unusual_dm_activity_until": TIME, "roles": ["200", "201"],
        "premium_since": TIME, "pending": true, "nick": format!("nick{id}"), "mute": true,
        "joined_at": TIME, "flags": 2, "deaf": true, "communication_disabled_until": TIME,
        "collectibles": collectibles(), "banner": HASH, "avatar_decoration_data": decoration(),
        "avatar": HASH,
    })
}

fn activity() -> Value {
    json!({
        "url": "https://watch.example", "type": 1,
        "timestamps": {"start": 1_700_000_000_000_u64, "end": 1_700_000_009_000_u64},
        "sync_id": "s", "status_display_type": 2, "state_url": "https://state.example",
        "state": "in a party", "session_id": "s",
        "secrets": {"spectate": "s1", "match": "s2", "join": "s3"}, "platform": "desktop",
        "party": {"size": [3, 5], "id": "party"}, "name": "a game", "instance": true,
        "id": "activity", "flags": 4, "emoji": {"name": "smile", "id": "801", "animated": true},
        "details_url": "https://details.example", "details": "level 4",
        "created_at": 1_700_000_000_001_u64,
        "buttons": ["Watch", {"label": "Join", "url": "https://join.example"}],
        "assets": {"small_url": "https://small.example", "small_text": "small",
            "small_image": "si", "large_url": "https://large.example", "large_text": "large",
            "large_image": "li", "invite_cover_image": "ic"},
        "application_id": "802",
    })
}

pub(super) fn presence(id: u64) -> Value {
    json!({
        "user": user(id), "status": "dnd", "processed_at_timestamp": 5,
        "client_status": {"desktop": "idle", "mobile": "dnd", "web": "online", "vr": "idle"},
        "activities": [activity(), {"name": "another", "type": 2}],
    })
}

pub(super) fn overwrites() -> Value {
    json!([
        {"id": "200", "type": 0, "allow": "1024", "deny": "2048"},
        {"id": "10", "type": 1, "allow": "4096", "deny": "8192"},
    ])
}

pub(super) fn channel(id: u64) -> Value {
    let usual = json!({
        "id": id.to_string(), "guild_id": "1", "type": 15, "name": format!("channel{id}"), "topic": "talk",
        "position": 3, "permission_overwrites": overwrites(), "parent_id": "100", "nsfw": true,
        "last_message_id": "301", "last_pin_timestamp": TIME, "bitrate": 64_000,
        "user_limit": 12, "rate_limit_per_user": 7, "rtc_region": "west",
        "video_quality_mode": 2, "default_auto_archive_duration": 60,
        "default_thread_rate_limit_per_user": 9, "default_sort_order": 1,
        "default_forum_layout": 2,
        "default_reaction_emoji": {"emoji_id": "803", "emoji_name": "tick"},
    });
    let forum = json!({
        "available_tags": [
            {"id": "401", "name": "solved", "moderated": true, "emoji_id": "804",
                "emoji_name": "star"},
            {"id": "402", "name": "open", "moderated": true, "emoji_id": "805",
                "emoji_name": "door"},
        ],
        "recipients": [user(21), user(22)], "icon": HASH, "owner_id": "23",
        "application_id": "806", "managed": true, "flags": 16, "status": "singing",
        "voice_start_time": 1_700_000_002,
    });
    merged(usual, &forum)
}

pub(super) fn thread(id: u64) -> Value {
    json!({
        "id": id.to_string(), "guild_id": "1", "type": 12, "parent_id": "101", "name": format!("thread{id}"),
        "owner_id": "10", "last_message_id": "302", "last_pin_timestamp": TIME,
        "rate_limit_per_user": 8, "message_count": 30, "total_message_sent": 31,
        "member_count": 4, "applied_tags": ["401", "402"], "flags": 2,
        "thread_metadata": {"archived": false, "auto_archive_duration": 1440,
            "archive_timestamp": TIME, "locked": true, "invitable": true,
            "create_timestamp": TIME},
    })
}

/// A thread with the bot's own membership inside.
pub(super) fn joined_thread(id: u64) -> Value {
    let own = json!({"id": id.to_string(), "user_id": "99", "join_timestamp": TIME, "flags": 1});
    merged(thread(id), &json!({"member": own}))
}

pub(super) fn role(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("role{id}"), "color": 255,
        "colors": {"primary_color": 1, "secondary_color": 2, "tertiary_color": 3},
        "hoist": true, "icon": HASH, "unicode_emoji": "star", "position": 4,
        "permissions": "2048", "managed": true, "mentionable": true, "flags": 1,
        "tags": {"bot_id": "24", "integration_id": "501", "premium_subscriber": null,
            "subscription_listing_id": "502", "available_for_purchase": null,
            "guild_connections": null},
    })
}

pub(super) fn emoji(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("emoji{id}"), "roles": ["200", "201"],
        "user": named(25), "require_colons": true, "managed": true, "animated": true,
        "available": true,
    })
}

pub(super) fn sticker(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("sticker{id}"), "description": "a wave",
        "tags": "wave", "type": 2, "format_type": 3, "available": true, "user": named(26),
        "pack_id": "503", "sort_value": 6,
    })
}

pub(super) fn sound(id: u64) -> Value {
    json!({
        "sound_id": id.to_string(), "name": format!("sound{id}"), "volume": 0.25,
        "emoji_id": "807", "emoji_name": "bell", "available": true, "user": named(27),
    })
}

pub(super) fn voice_state(id: u64) -> Value {
    json!({
        "user_id": id.to_string(), "channel_id": "101", "session_id": format!("voice{id}"),
        "deaf": true, "mute": true, "self_deaf": true, "self_mute": true, "self_stream": true,
        "self_video": true, "suppress": true, "request_to_speak_timestamp": TIME,
    })
}

pub(super) fn stage(id: u64) -> Value {
    json!({
        "id": id.to_string(), "channel_id": "101", "topic": format!("stage{id}"),
        "privacy_level": 2, "discoverable_disabled": true, "guild_scheduled_event_id": "504",
    })
}

pub(super) fn scheduled_event(id: u64) -> Value {
    json!({
        "id": id.to_string(), "channel_id": "101", "creator_id": "10",
        "name": format!("event{id}"), "description": "a quiz", "scheduled_start_time": TIME,
        "scheduled_end_time": TIME, "privacy_level": 2, "status": 1, "entity_type": 3,
        "entity_id": "505", "entity_metadata": {"location": "the hall"}, "user_count": 17,
        "image": HASH, "recurrence_rule": {"interval": 1},
    })
}

pub(super) fn integration(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("integration{id}"), "type": "twitch",
        "enabled": true, "account": {"id": "account", "name": "its name"}, "syncing": true,
        "role_id": "200", "enable_emoticons": true, "expire_behavior": 1,
        "expire_grace_period": 3, "user": named(28), "synced_at": TIME, "subscriber_count": 18,
        "revoked": true,
        "application": {"id": "506", "name": "app", "icon": HASH, "description": "does it",
            "bot": named(29)},
        "scopes": ["bot", "applications.commands"],
    })
}

pub(super) fn rule(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": format!("rule{id}"), "creator_id": "10", "event_type": 1,
        "trigger_type": 4,
        "trigger_metadata": {"keyword_filter": ["bad*", "worse*"],
            "regex_patterns": ["b.d", "w.rse"], "presets": [1, 3], "allow_list": ["fine", "good"],
            "mention_total_limit": 5, "mention_raid_protection_enabled": true},
        "actions": [
            {"type": 2, "metadata": {"channel_id": "101", "duration_seconds": 60,
                "custom_message": "stop"}},
            {"type": 1, "metadata": {"channel_id": "102", "duration_seconds": 61,
                "custom_message": "no"}},
        ],
        "enabled": true, "exempt_roles": ["200", "201"], "exempt_channels": ["101", "102"],
    })
}

pub(super) fn invite() -> Value {
    json!({
        "code": "abcdef", "channel_id": "101", "created_at": TIME, "expires_at": TIME,
        "inviter": named(30), "max_age": 86_400, "max_uses": 10, "uses": 2, "temporary": true,
        "target_type": 2, "target_user": named(31), "target_application": {"id": "507"},
        "role_ids": ["200", "201"],
    })
}

fn attachment(id: u64) -> Value {
    json!({
        "id": id.to_string(), "filename": format!("file{id}"), "title": "a file",
        "description": "shows it", "content_type": "image/png", "size": 1000,
        "url": "https://files.example", "proxy_url": "https://proxy.example", "height": 20,
        "width": 30, "ephemeral": true, "duration_secs": 1.5, "waveform": "AAAA", "flags": 4,
    })
}

fn reaction(id: u64) -> Value {
    json!({
        "emoji": {"id": id.to_string(), "name": format!("emoji{id}"), "animated": true},
        "count": 5, "count_details": {"normal": 3, "burst": 2}, "me": true, "me_burst": true,
        "burst_colors": ["#ff0000", "#00ff00"],
    })
}

fn poll() -> Value {
    json!({
        "question": {"text": "tea?"}, "answers": [{"answer_id": 1}], "expiry": TIME,
        "allow_multiselect": true, "layout_type": 1,
        "results": {"is_finalized": true, "answer_counts": [
            {"id": 1, "count": 4, "me_voted": true}, {"id": 2, "count": 5, "me_voted": true},
        ]},
    })
}

pub(super) fn message(id: u64) -> Value {
    let usual = json!({
        "id": id.to_string(), "channel_id": "101", "guild_id": "1", "author": user(10),
        "content": "hello", "timestamp": TIME, "edited_timestamp": TIME, "tts": true,
        "mention_everyone": true, "mentions": [named(32), named(33)],
        "mention_roles": ["200", "201"], "mention_channels": [{"id": "601"}, {"id": "602"}],
        "attachments": [attachment(603), attachment(604)], "embeds": [{"title": "t"}],
        "components": [{"type": 1}], "reactions": [reaction(605), reaction(606)],
        "pinned": true, "webhook_id": "607", "type": 19,
    });
    let rare = json!({
        "activity": {"type": 1}, "application": {"id": "608"}, "application_id": "609",
        "flags": 64,
        "message_reference": {"type": 1, "message_id": "610", "channel_id": "611",
            "guild_id": "612"},
        "referenced_message": {"id": "613"}, "message_snapshots": [{"message": {}}],
        "interaction_metadata": {"id": "614"}, "interaction": {"id": "615"},
        "thread": {"id": "616"},
        "sticker_items": [{"id": "617", "name": "wave", "format_type": 2},
            {"id": "618", "name": "bow", "format_type": 4}],
        "position": 6, "role_subscription_data": {"tier_name": "gold"}, "poll": poll(),
        "call": {"participants": ["10"]},
    });
    merged(usual, &rare)
}
