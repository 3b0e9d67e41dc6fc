//! One payload of each dispatch that the product reads.

use serde_json::{Value, json};

use super::rows::{
    TIME, channel, emoji, in_guild, integration, invite, joined_thread, member, message, presence,
    role, rule, scheduled_event, sound, stage, sticker, thread, user, voice_state,
};

/// Guilds 1 and 2 will follow; the bot is user 99.
pub(super) fn ready() -> Value {
    json!({
        "session_id": "5e55", "resume_gateway_url": "wss://resume.example", "user": user(99),
        "guilds": [{"id": "1", "unavailable": true}, {"id": "2", "unavailable": true}],
        "application": {"id": "98", "flags": 8, "flags_new": "4294967304"}, "shard": [0, 1],
    })
}

/// Guild 1 lists two of its three members.
pub(super) fn guild_create() -> Value {
    let mut all = guild();
    let content = json!({
        "unavailable": false,
        "channels": [channel(101), channel(102)],
        "threads": [joined_thread(151), joined_thread(152)],
        "members": [member(99), member(10)], "presences": [presence(99), presence(10)],
        "voice_states": [voice_state(99), voice_state(10)],
        "soundboard_sounds": [sound(701), sound(702)],
        "stage_instances": [stage(703), stage(704)],
        "guild_scheduled_events": [scheduled_event(705), scheduled_event(706)],
    });
    let fields = all.as_object_mut().expect("an object");
    fields.extend(content.as_object().expect("an object").clone());
    all
}

/// What an update states of a guild.
fn guild() -> Value {
    json!({
        "id": "1", "name": "guild", "icon": "an icon", "splash": "a splash",
        "discovery_splash": "another splash", "banner": "a banner", "description": "about",
        "owner_id": "10", "afk_channel_id": "103", "afk_timeout": 300, "widget_enabled": true,
        "widget_channel_id": "104", "verification_level": 2,
        "default_message_notifications": 1, "explicit_content_filter": 2,
        "features": ["NEWS", "COMMUNITY"], "mfa_level": 1, "application_id": "711",
        "system_channel_id": "105", "system_channel_flags": 5, "rules_channel_id": "106",
        "public_updates_channel_id": "107", "safety_alerts_channel_id": "108",
        "max_presences": 9000, "max_members": 500_000, "vanity_url_code": "vanity",
        "premium_tier": 3, "premium_subscription_count": 14,
        "premium_progress_bar_enabled": true, "preferred_locale": "en-GB",
        "max_video_channel_users": 25, "max_stage_video_channel_users": 50, "nsfw_level": 3,
        "welcome_screen": {"description": "welcome", "welcome_channels": [
            {"channel_id": "101", "description": "talk", "emoji_id": "811", "emoji_name": "hi"},
            {"channel_id": "102", "description": "read", "emoji_id": "812", "emoji_name": "ho"},
        ]},
        "incidents_data": {"invites_disabled_until": TIME, "dms_disabled_until": TIME,
            "dm_spam_detected_at": TIME, "raid_detected_at": TIME},
        "region": "west", "joined_at": TIME, "large": true, "member_count": 3,
        "roles": [role(1), role(200)], "emojis": [emoji(712), emoji(713)],
        "stickers": [sticker(714), sticker(715)],
    })
}

/// Chunk 0 of 2 of the answer to this request.
pub(super) fn chunk(nonce: &str) -> Value {
    json!({
        "guild_id": "1", "chunk_index": 0, "chunk_count": 2, "members": [member(11), member(12)],
        "presences": [presence(11), presence(12)], "not_found": ["13", "14"], "nonce": nonce,
    })
}

/// The whole of that answer in one chunk.
pub(super) fn only_chunk(nonce: &str) -> Value {
    let mut all = chunk(nonce);
    all["chunk_count"] = json!(1);
    all
}

/// Every dispatch that has a view, but READY, `GUILD_CREATE` and `GUILD_MEMBERS_CHUNK`; a member
/// request with this nonce waits.
pub(super) fn others(nonce: &str) -> Vec<(&'static str, Value)> {
    let mut all = about_guilds(nonce);
    all.extend(about_threads());
    all.extend(about_entities());
    all.extend(about_voice_and_events());
    all.extend(about_messages());
    all
}

fn about_guilds(nonce: &str) -> Vec<(&'static str, Value)> {
    let seen = |name: &str| json!({"guild_id": "1", name: "101"});
    vec![
        ("USER_UPDATE", user(99)),
        ("GUILD_UPDATE", guild()),
        ("GUILD_DELETE", json!({"id": "1", "unavailable": true})),
        (
            "GUILD_SYNC",
            json!({"id": "1", "large": true, "members": [member(10), member(15)],
                "presences": [presence(10), presence(15)]}),
        ),
        (
            "RATE_LIMITED",
            json!({"opcode": 8, "retry_after": 30.5, "meta": {"guild_id": "1", "nonce": nonce}}),
        ),
        ("GUILD_MEMBER_ADD", in_guild(member(16))),
        ("GUILD_MEMBER_UPDATE", in_guild(member(10))),
        (
            "GUILD_MEMBER_REMOVE",
            json!({"guild_id": "1", "user": user(10)}),
        ),
        ("PRESENCE_UPDATE", in_guild(presence(10))),
        ("CHANNEL_CREATE", in_guild(channel(103))),
        ("CHANNEL_UPDATE", in_guild(channel(101))),
        ("CHANNEL_DELETE", in_guild(channel(101))),
        (
            "CHANNEL_PINS_UPDATE",
            json!({"guild_id": "1", "channel_id": "101", "last_pin_timestamp": TIME}),
        ),
        (
            "GUILD_ROLE_CREATE",
            json!({"guild_id": "1", "role": role(202)}),
        ),
        (
            "GUILD_ROLE_UPDATE",
            json!({"guild_id": "1", "role": role(200)}),
        ),
        (
            "GUILD_ROLE_DELETE",
            json!({"guild_id": "1", "role_id": "200"}),
        ),
        ("GUILD_BAN_ADD", json!({"guild_id": "1", "user": user(10)})),
        (
            "GUILD_BAN_REMOVE",
            json!({"guild_id": "1", "user": user(10)}),
        ),
        ("WEBHOOKS_UPDATE", seen("channel_id")),
    ]
}

fn about_threads() -> Vec<(&'static str, Value)> {
    let mut created = in_guild(joined_thread(153));
    created["newly_created"] = json!(true);
    let added = |id: u64| {
        json!({"id": "151", "user_id": id.to_string(), "join_timestamp": TIME, "flags": 1,
            "member": member(id), "presence": presence(id)})
    };
    let own = json!({"id": "151", "user_id": "99", "join_timestamp": TIME, "flags": 1});
    let other = json!({"id": "152", "user_id": "34", "join_timestamp": TIME, "flags": 1});
    vec![
        ("THREAD_CREATE", created),
        ("THREAD_UPDATE", in_guild(thread(151))),
        ("THREAD_DELETE", in_guild(thread(151))),
        (
            "THREAD_LIST_SYNC",
            json!({"guild_id": "1", "channel_ids": ["101", "102"],
                "threads": [joined_thread(151), thread(152)], "members": [own, other]}),
        ),
        ("THREAD_MEMBER_UPDATE", in_guild(own.clone())),
        (
            "THREAD_MEMBERS_UPDATE",
            json!({"guild_id": "1", "id": "151", "member_count": 7,
                "added_members": [added(10), added(17)], "removed_member_ids": ["18", "99"]}),
        ),
    ]
}

fn about_entities() -> Vec<(&'static str, Value)> {
    let list = |key: &str, rows: Value| json!({"guild_id": "1", key: rows});
    vec![
        (
            "GUILD_EMOJIS_UPDATE",
            list("emojis", json!([emoji(712), emoji(716)])),
        ),
        (
            "GUILD_STICKERS_UPDATE",
            list("stickers", json!([sticker(714), sticker(717)])),
        ),
        ("GUILD_SOUNDBOARD_SOUND_CREATE", in_guild(sound(703))),
        ("GUILD_SOUNDBOARD_SOUND_UPDATE", in_guild(sound(701))),
        (
            "GUILD_SOUNDBOARD_SOUND_DELETE",
            json!({"guild_id": "1", "sound_id": "701"}),
        ),
        (
            "GUILD_SOUNDBOARD_SOUNDS_UPDATE",
            list("soundboard_sounds", json!([sound(701), sound(702)])),
        ),
        (
            "SOUNDBOARD_SOUNDS",
            list("soundboard_sounds", json!([sound(701), sound(702)])),
        ),
    ]
}

fn about_voice_and_events() -> Vec<(&'static str, Value)> {
    let list = |key: &str, rows: Value| json!({"guild_id": "1", key: rows});
    let interested = json!({"guild_id": "1", "guild_scheduled_event_id": "705", "user_id": "10"});
    let mut state = in_guild(voice_state(10));
    state["member"] = member(10);
    vec![
        ("VOICE_STATE_UPDATE", state),
        (
            "CHANNEL_INFO",
            list(
                "channels",
                json!([
                    {"id": "101", "status": "singing", "voice_start_time": 1_700_000_003},
                    {"id": "102", "status": "reading", "voice_start_time": 1_700_000_004},
                ]),
            ),
        ),
        (
            "VOICE_CHANNEL_STATUS_UPDATE",
            json!({"guild_id": "1", "id": "101", "status": "quiet"}),
        ),
        (
            "VOICE_CHANNEL_START_TIME_UPDATE",
            json!({"guild_id": "1", "id": "101", "voice_start_time": 1_700_000_005}),
        ),
        ("STAGE_INSTANCE_CREATE", in_guild(stage(718))),
        ("STAGE_INSTANCE_UPDATE", in_guild(stage(703))),
        ("STAGE_INSTANCE_DELETE", in_guild(stage(703))),
        (
            "GUILD_SCHEDULED_EVENT_CREATE",
            in_guild(scheduled_event(719)),
        ),
        (
            "GUILD_SCHEDULED_EVENT_UPDATE",
            in_guild(scheduled_event(705)),
        ),
        (
            "GUILD_SCHEDULED_EVENT_DELETE",
            in_guild(scheduled_event(705)),
        ),
        ("GUILD_SCHEDULED_EVENT_USER_ADD", interested.clone()),
        ("GUILD_SCHEDULED_EVENT_USER_REMOVE", interested),
        ("INTEGRATION_CREATE", in_guild(integration(720))),
        ("INTEGRATION_UPDATE", in_guild(integration(720))),
        ("INTEGRATION_DELETE", json!({"guild_id": "1", "id": "720"})),
        ("INVITE_CREATE", in_guild(invite())),
        (
            "INVITE_DELETE",
            json!({"guild_id": "1", "channel_id": "101", "code": "abcdef"}),
        ),
        ("AUTO_MODERATION_RULE_CREATE", in_guild(rule(721))),
        ("AUTO_MODERATION_RULE_UPDATE", in_guild(rule(721))),
        ("AUTO_MODERATION_RULE_DELETE", in_guild(rule(721))),
    ]
}

fn about_messages() -> Vec<(&'static str, Value)> {
    let at = json!({"guild_id": "1", "channel_id": "101", "message_id": "301", "user_id": "99",
        "emoji": {"id": "712", "name": "emoji", "animated": true}, "burst": true});
    let vote = json!({"guild_id": "1", "channel_id": "101", "message_id": "301", "user_id": "99",
        "answer_id": 2});
    let ids = json!({"guild_id": "1", "channel_id": "101", "ids": ["301", "302"]});
    vec![
        ("MESSAGE_CREATE", message(303)),
        ("MESSAGE_UPDATE", message(301)),
        (
            "MESSAGE_DELETE",
            json!({"guild_id": "1", "channel_id": "101", "id": "301"}),
        ),
        ("MESSAGE_DELETE_BULK", ids),
        ("MESSAGE_REACTION_ADD", at.clone()),
        ("MESSAGE_REACTION_REMOVE", at.clone()),
        ("MESSAGE_REACTION_REMOVE_ALL", at.clone()),
        ("MESSAGE_REACTION_REMOVE_EMOJI", at),
        ("MESSAGE_POLL_VOTE_ADD", vote.clone()),
        ("MESSAGE_POLL_VOTE_REMOVE", vote),
    ]
}

/// What states something of a member that is known already; of use only where the gateway does not
/// report members anyway.
pub(super) fn in_passing() -> Vec<(&'static str, Value)> {
    let mut created = message(303);
    let mut of_author = member(10);
    of_author.as_object_mut().expect("an object").remove("user");
    created["member"] = of_author;
    vec![
        ("MESSAGE_CREATE", created),
        (
            "TYPING_START",
            json!({"guild_id": "1", "user_id": "10", "member": member(10)}),
        ),
        (
            "INTERACTION_CREATE",
            json!({"guild_id": "1", "id": "731", "member": member(10)}),
        ),
    ]
}
