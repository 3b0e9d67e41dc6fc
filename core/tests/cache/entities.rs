//! Expressions, voice, stages, events, integrations, invitations, rules and webhooks.

use headcount_core::cache::{Kind, Kinds, Policies, Warning};
use headcount_core::id::EmojiId;
use headcount_core::wire::{Field, OnlyId};
use headcount_core::{Intents, ShardId};
use serde_json::{Value, json};

use crate::world::{
    World, channel, channel_json, guild, guild_1, in_guild, member_json, ready, user,
};

pub(crate) fn emoji_json(id: u64) -> Value {
    json!({"id": id.to_string(), "name": "e", "roles": ["200", "1"], "user": {"id": "10"},
        "require_colons": true, "managed": false, "animated": false, "available": true})
}

pub(crate) fn sound_json(id: u64) -> Value {
    json!({"sound_id": id.to_string(), "name": "s", "volume": 0.5, "emoji_id": null,
        "emoji_name": "x", "available": true, "guild_id": "1"})
}

pub(crate) fn voice_json(user: u64, channel: u64) -> Value {
    json!({"user_id": user.to_string(), "channel_id": channel.to_string(), "session_id": "v",
        "deaf": false, "mute": false, "self_deaf": false, "self_mute": true, "self_video": false,
        "suppress": false, "request_to_speak_timestamp": null})
}

pub(crate) fn stage_json(id: u64, channel: u64) -> Value {
    json!({"id": id.to_string(), "guild_id": "1", "channel_id": channel.to_string(),
        "topic": "t", "privacy_level": 2, "discoverable_disabled": true,
        "guild_scheduled_event_id": null})
}

pub(crate) fn event_json(id: u64, channel: u64) -> Value {
    json!({"id": id.to_string(), "guild_id": "1", "channel_id": channel.to_string(),
        "name": "e", "scheduled_start_time": "2024-02-03T04:05:06+00:00",
        "scheduled_end_time": null, "privacy_level": 2, "status": 1, "entity_type": 2,
        "entity_id": null, "entity_metadata": null, "user_count": 1, "image": null,
        "recurrence_rule": {"interval": 1}})
}

pub(crate) fn rows(world: &World, kind: Kind) -> usize {
    world.store.rows(kind)
}

/// The row with the id 7.
pub(crate) fn seven<T: From<std::num::NonZeroU64>>() -> T {
    std::num::NonZeroU64::new(7).unwrap().into()
}

#[test]
fn guild_create_replaces_every_other_set_too() {
    let mut world = World::new();
    let mut create = guild_1();
    create["emojis"] = json!([emoji_json(7), emoji_json(8)]);
    create["stickers"] = json!([{"id": "7", "name": "s", "tags": "", "type": 2, "format_type": 1}]);
    create["soundboard_sounds"] = json!([sound_json(7)]);
    create["voice_states"] = json!([voice_json(10, 101)]);
    create["stage_instances"] = json!([stage_json(7, 101)]);
    create["guild_scheduled_events"] = json!([event_json(7, 101)]);
    world.feed("GUILD_CREATE", &create);
    let kinds = [
        Kind::Sticker,
        Kind::Sound,
        Kind::VoiceState,
        Kind::Stage,
        Kind::ScheduledEvent,
    ];
    assert_eq!(kinds.map(|kind| rows(&world, kind)), [1; 5]);
    assert_eq!(rows(&world, Kind::Emoji), 2);
    assert!(kinds.iter().all(|&kind| world.store.bytes(kind) > 0));
    for list in [
        "emojis",
        "stickers",
        "soundboard_sounds",
        "voice_states",
        "stage_instances",
        "guild_scheduled_events",
    ] {
        create[list] = json!([]);
    }
    world.feed("GUILD_CREATE", &create);
    assert_eq!(kinds.map(|kind| rows(&world, kind)), [0; 5]);
    assert_eq!(rows(&world, Kind::Emoji), 0);
    assert!(kinds.iter().all(|&kind| world.store.bytes(kind) == 0));
}

#[test]
fn guild_update_and_guild_emojis_update_replace_the_emojis() {
    let mut world = World::new();
    let list = json!({"guild_id": "1", "emojis": [emoji_json(7), emoji_json(8)]});
    world.feed("GUILD_EMOJIS_UPDATE", &list);
    let row = world.store.emoji(guild(1), seven::<EmojiId>()).unwrap();
    assert_eq!(row.creator, Field::Value(OnlyId(user(10))));
    world.feed(
        "GUILD_UPDATE",
        &json!({"id": "1", "name": "x", "emojis": [emoji_json(8)]}),
    );
    assert_eq!(rows(&world, Kind::Emoji), 1);
    world.feed(
        "GUILD_EMOJIS_UPDATE",
        &json!({"guild_id": "1", "emojis": []}),
    );
    assert_eq!(rows(&world, Kind::Emoji), 0);
}

#[test]
fn guild_role_delete_strips_it_from_emojis() {
    let mut world = World::new();
    world.feed(
        "GUILD_EMOJIS_UPDATE",
        &json!({"guild_id": "1", "emojis": [emoji_json(7)]}),
    );
    world.feed(
        "GUILD_ROLE_DELETE",
        &json!({"guild_id": "1", "role_id": "200"}),
    );
    let row = world.store.emoji(guild(1), seven::<EmojiId>()).unwrap();
    assert_eq!(row.roles, Field::Value(vec![crate::world::role(1)]));
}

#[test]
fn guild_stickers_update_replaces_them() {
    let mut world = World::new();
    let sticker = json!({"id": "7", "name": "s", "description": null, "tags": "a", "type": 2});
    world.feed(
        "GUILD_STICKERS_UPDATE",
        &json!({"guild_id": "1", "stickers": [sticker]}),
    );
    assert_eq!(rows(&world, Kind::Sticker), 1);
    world.feed(
        "GUILD_STICKERS_UPDATE",
        &json!({"guild_id": "1", "stickers": []}),
    );
    assert_eq!(rows(&world, Kind::Sticker), 0);
}

#[test]
fn voice_state_update_follows_the_user_and_keeps_no_guests_as_members() {
    let mut world = World::new();
    let mut state = in_guild(voice_json(30, 101), 1);
    state["member"] = member_json(30);
    world.feed("VOICE_STATE_UPDATE", &state);
    let row = world.store.voice_state(guild(1), user(30)).unwrap();
    assert_eq!(row.channel.value(), Some(&channel(101)));
    assert!(world.member(30).is_some());
    let mut guest = in_guild(voice_json(31, 101), 1);
    guest["member"] = member_json(31);
    guest["member"]["joined_at"] = json!(null);
    world.feed("VOICE_STATE_UPDATE", &guest);
    assert!(world.member(31).is_none());
    assert_eq!(rows(&world, Kind::VoiceState), 2);
    state["channel_id"] = json!(null);
    world.feed("VOICE_STATE_UPDATE", &state);
    assert!(world.store.voice_state(guild(1), user(30)).is_none());
    world.feed("VOICE_STATE_UPDATE", &voice_json(31, 5));
    world.feed(
        "GUILD_MEMBER_REMOVE",
        &json!({"guild_id": "1", "user": {"id": "31"}}),
    );
    assert_eq!(rows(&world, Kind::VoiceState), 0);
}

pub(crate) fn with_unrefillable() -> World {
    let mut world = World::new();
    let integration = json!({"id": "7", "guild_id": "1", "name": "n", "type": "discord",
        "enabled": true, "account": {"id": "a", "name": "b"}, "user": {"id": "10"},
        "application": {"id": "5", "name": "x", "icon": null, "description": ""}});
    world.feed("INTEGRATION_CREATE", &integration);
    let invite = json!({"channel_id": "101", "code": "abc", "guild_id": "1", "max_age": 0,
        "created_at": "2024-02-03T04:05:06+00:00", "inviter": {"id": "55"}, "max_uses": 0,
        "temporary": false, "uses": 0, "expires_at": null});
    world.feed("INVITE_CREATE", &invite);
    let rule = json!({"id": "7", "guild_id": "1", "name": "r", "creator_id": "10",
        "event_type": 1, "trigger_type": 1, "trigger_metadata": {"keyword_filter": ["x*"]},
        "actions": [{"type": 2, "metadata": {"channel_id": "101"}}, {"type": 1}],
        "enabled": true, "exempt_roles": ["200"], "exempt_channels": []});
    world.feed("AUTO_MODERATION_RULE_CREATE", &rule);
    world.feed(
        "WEBHOOKS_UPDATE",
        &json!({"guild_id": "1", "channel_id": "101"}),
    );
    world
}

const UNREFILLABLE: [Kind; 4] = [
    Kind::Integration,
    Kind::Invite,
    Kind::Rule,
    Kind::WebhookMark,
];

#[test]
fn a_new_session_drops_what_no_event_can_refill() {
    let mut world = with_unrefillable();
    assert_eq!(UNREFILLABLE.map(|kind| rows(&world, kind)), [1; 4]);
    world.feed("READY", &ready(&[1]));
    assert_eq!(UNREFILLABLE.map(|kind| rows(&world, kind)), [0; 4]);
    assert_eq!(rows(&world, Kind::Channel), 2);
}

#[test]
fn channel_delete_takes_all_that_hangs_on_it() {
    let mut world = with_unrefillable();
    world.feed("STAGE_INSTANCE_CREATE", &stage_json(7, 101));
    world.feed("STAGE_INSTANCE_CREATE", &stage_json(8, 100));
    world.feed("GUILD_SCHEDULED_EVENT_CREATE", &event_json(7, 101));
    world.feed("VOICE_STATE_UPDATE", &in_guild(voice_json(10, 101), 1));
    world.feed("VOICE_STATE_UPDATE", &in_guild(voice_json(11, 100), 1));
    world.feed("CHANNEL_DELETE", &in_guild(channel_json(101), 1));
    let kinds = [
        Kind::Stage,
        Kind::ScheduledEvent,
        Kind::VoiceState,
        Kind::Invite,
        Kind::WebhookMark,
        Kind::Rule,
    ];
    assert_eq!(kinds.map(|kind| rows(&world, kind)), [1, 0, 1, 0, 0, 1]);
    world.feed("GUILD_DELETE", &json!({"id": "1"}));
    assert_eq!(world.rows(), [(Kind::User, 1)]);
}

#[test]
fn kinds_that_are_off_are_not_decoded() {
    let mut world = World::caching(Kinds::ROLES, ShardId::ONE);
    let mut create = guild_1();
    for list in [
        "emojis",
        "stickers",
        "soundboard_sounds",
        "voice_states",
        "stage_instances",
        "guild_scheduled_events",
    ] {
        create[list] = json!([{"nonsense": 1}]);
    }
    world.feed("GUILD_CREATE", &create);
    for name in [
        "GUILD_EMOJIS_UPDATE",
        "VOICE_STATE_UPDATE",
        "STAGE_INSTANCE_CREATE",
        "INVITE_CREATE",
        "MESSAGE_CREATE",
        "MESSAGE_UPDATE",
        "WEBHOOKS_UPDATE",
    ] {
        assert!(world.try_feed(name, "not json").is_ok(), "{name}");
    }
    assert_eq!(world.rows(), [(Kind::Role, 2)]);
}

fn missing(kinds: Kinds, intents: Intents) -> Vec<Intents> {
    let policies = Policies::from(kinds);
    let warnings = policies
        .warnings(intents)
        .filter_map(|warning| match warning {
            Warning::Intent { missing, .. } => Some(missing),
            _ => None,
        });
    warnings.collect()
}

#[test]
fn each_kind_names_the_intents_that_its_events_need() {
    // Taken from the gateway's list of intents and their events.
    let table = [
        (Kinds::GUILDS, "GUILDS"),
        (Kinds::CHANNELS, "GUILDS"),
        (Kinds::THREADS, "GUILDS"),
        (Kinds::THREAD_MEMBERS, "GUILDS GUILD_MEMBERS"),
        (Kinds::ROLES, "GUILDS"),
        (Kinds::STAGES, "GUILDS"),
        (Kinds::MEMBERS, "GUILD_MEMBERS"),
        (Kinds::EMOJIS, "GUILD_EXPRESSIONS"),
        (Kinds::STICKERS, "GUILD_EXPRESSIONS"),
        (Kinds::SOUNDS, "GUILD_EXPRESSIONS"),
        (Kinds::INTEGRATIONS, "GUILD_INTEGRATIONS"),
        (Kinds::WEBHOOK_MARKS, "GUILD_WEBHOOKS"),
        (Kinds::INVITES, "GUILD_INVITES"),
        (Kinds::VOICE_STATES, "GUILD_VOICE_STATES"),
        (Kinds::PRESENCES, "GUILD_PRESENCES"),
        (
            Kinds::MESSAGES,
            "GUILD_MESSAGES MESSAGE_CONTENT GUILD_MESSAGE_REACTIONS GUILD_MESSAGE_POLLS",
        ),
        (Kinds::SCHEDULED_EVENTS, "GUILD_SCHEDULED_EVENTS"),
        (Kinds::RULES, "AUTO_MODERATION_CONFIGURATION"),
        (Kinds::USERS, ""),
        (Kinds::PRIVATE_CHANNELS, ""),
    ];
    let listed = table
        .iter()
        .fold(Kinds::empty(), |all, (kind, _)| all | *kind);
    assert_eq!(listed, Kinds::all());
    for (kind, names) in table {
        let named: Vec<Intents> = names
            .split_whitespace()
            .map(|name| Intents::from_name(name).unwrap())
            .collect();
        assert_eq!(missing(kind, Intents::empty()), named, "{kind:?}");
        let all = named.iter().fold(Intents::empty(), |all, one| all | *one);
        assert_eq!(missing(kind, all), []);
        for one in named {
            assert_eq!(missing(kind, Intents::all() - one), [one], "{kind:?}");
        }
    }
    assert_eq!(missing(Kinds::all(), Intents::all()), []);
}
