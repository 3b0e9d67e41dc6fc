//! What mutations displace, emitted with the event that displaced it.

use headcount_core::cache::Store as _;
use headcount_core::cache::memory::Displaced;
use headcount_core::wire::Name;
use headcount_core::wire::view::Status;
use serde_json::{Value, json};

use crate::entities::{emoji_json, event_json, sound_json, stage_json, voice_json};
use crate::world::{ME, World, in_guild, user_json};

/// Feeds a dispatch, and gives back what it displaced. Two stores that share the work tell the
/// same as the one.
fn replace(world: &mut World, name: &str, data: &Value) -> Displaced {
    let text = data.to_string();
    let view = world.deriver.decode(Name::from_wire(name), &text);
    let view = view.unwrap().unwrap();
    let mutation = world.deriver.derive(view);
    let (applied, displaced) = world.store.replace(mutation.clone());
    for router in &mut world.routed {
        let routed = router.replace(mutation.clone());
        assert_eq!(routed, Ok((applied.clone(), displaced.clone())), "{name}");
    }
    world.assert_routed_alike();
    displaced
}

#[test]
fn a_member_that_changes_or_goes_is_reported_as_it_was() {
    let mut world = World::new();
    let update = |nick: &str| {
        json!({"guild_id": "1", "nick": nick, "roles": ["200"], "joined_at": null,
            "user": {"id": "10", "username": "ten"}})
    };
    replace(&mut world, "GUILD_MEMBER_UPDATE", &update("first"));
    let old = replace(&mut world, "GUILD_MEMBER_UPDATE", &update("second"))
        .member
        .unwrap();
    assert_eq!((old.user.get(), old.nick.as_deref()), (10, Some("first")));
    let gone = json!({"guild_id": "1", "user": {"id": "10", "username": "ten"}});
    let old = replace(&mut world, "GUILD_MEMBER_REMOVE", &gone)
        .member
        .unwrap();
    assert_eq!(old.nick.as_deref(), Some("second"));
    assert!(replace(&mut world, "GUILD_MEMBER_REMOVE", &gone).is_empty());
}

#[test]
fn channels_roles_and_guilds_too() {
    let mut world = World::new();
    let channel = json!({"id": "101", "guild_id": "1", "type": 0, "name": "new"});
    let old = replace(&mut world, "CHANNEL_UPDATE", &channel)
        .channel
        .unwrap();
    assert_eq!(old.id.get(), 101);
    let old = replace(&mut world, "CHANNEL_DELETE", &channel)
        .channel
        .unwrap();
    assert_eq!(old.name.value().unwrap(), "new");
    let role = json!({"guild_id": "1", "role_id": "200"});
    assert_eq!(
        replace(&mut world, "GUILD_ROLE_DELETE", &role)
            .role
            .unwrap()
            .id
            .get(),
        200
    );
    let guild = replace(&mut world, "GUILD_DELETE", &json!({"id": "1"}))
        .guild
        .unwrap();
    assert_eq!(guild.id.get(), 1);
    assert!(replace(&mut world, "GUILD_DELETE", &json!({"id": "1"})).is_empty());
}

#[test]
fn what_was_not_cached_displaces_nothing() {
    let mut world = World::new();
    let channel = json!({"id": "777", "guild_id": "1", "type": 0, "name": "new"});
    assert!(replace(&mut world, "CHANNEL_CREATE", &channel).is_empty());
}

#[test]
fn a_user_is_reported_only_if_it_has_changed() {
    let mut world = World::new();
    let update = |name: &str| {
        json!({"guild_id": "1", "roles": [], "joined_at": null,
            "user": {"id": "10", "username": name}})
    };
    let old = replace(&mut world, "GUILD_MEMBER_UPDATE", &update("ten"));
    assert_eq!(old.user.unwrap().username, "user10");
    let old = replace(&mut world, "GUILD_MEMBER_UPDATE", &update("ten"));
    assert!(old.user.is_none() && old.member.is_some());
    let banned = json!({"guild_id": "1", "user": {"id": "10", "username": "x"}});
    let old = replace(&mut world, "GUILD_BAN_ADD", &banned);
    assert_eq!(old.user.unwrap().username, "ten");
    let mut me = user_json(ME);
    me["username"] = json!("other");
    let old = replace(&mut world, "USER_UPDATE", &me)
        .current_user
        .unwrap();
    assert_eq!(old.username.unwrap(), "user99");
}

#[test]
fn presences_are_reported_as_they_were() {
    let mut world = World::new();
    let presence = |status: &str| {
        json!({"guild_id": "1", "user": {"id": "10"}, "status": status,
            "client_status": {"desktop": status}, "activities": [{"name": "a", "type": 0,
            "created_at": 1}]})
    };
    let first = replace(&mut world, "PRESENCE_UPDATE", &presence("idle"));
    assert!(first.is_empty());
    let old = replace(&mut world, "PRESENCE_UPDATE", &presence("offline"));
    let old = old.presence.unwrap();
    assert_eq!(
        (old.status, old.desktop),
        (Status::Idle, Some(Status::Idle))
    );
    assert_eq!((old.user.get(), old.activities.len()), (10, 1));
    assert!(replace(&mut world, "PRESENCE_UPDATE", &presence("offline")).is_empty());
}

/// Feeds the first dispatch, and says what the others displaced.
fn after(create: (&str, &Value), others: &[(&str, &Value)]) -> Vec<Displaced> {
    let mut world = World::new();
    assert!(replace(&mut world, create.0, create.1).is_empty());
    let displaced = others.iter().map(|one| replace(&mut world, one.0, one.1));
    displaced.collect()
}

macro_rules! each_is_told {
    ($($test:ident: $create:literal $row:expr => $field:ident of $($event:literal),+;)*) => {$(
        #[test]
        fn $test() {
            let row = $row;
            let others = [$(($event, &row)),+];
            let displaced = after(($create, &row), &others);
            for old in displaced {
                assert_eq!(old.$field.len(), 1);
                let mut rest = old;
                rest.$field.clear();
                assert!(rest.is_empty(), "{rest:?}");
            }
        }
    )*};
}

each_is_told! {
    voice_states: "VOICE_STATE_UPDATE" in_guild(voice_json(10, 101), 1)
        => voice_states of "VOICE_STATE_UPDATE", "VOICE_STATE_UPDATE";
    stages: "STAGE_INSTANCE_CREATE" stage_json(7, 101)
        => stages of "STAGE_INSTANCE_UPDATE", "STAGE_INSTANCE_DELETE";
    scheduled_events: "GUILD_SCHEDULED_EVENT_CREATE" event_json(7, 101)
        => scheduled_events of "GUILD_SCHEDULED_EVENT_UPDATE", "GUILD_SCHEDULED_EVENT_DELETE";
    sounds: "GUILD_SOUNDBOARD_SOUND_CREATE" sound_json(7)
        => sounds of "GUILD_SOUNDBOARD_SOUND_UPDATE", "GUILD_SOUNDBOARD_SOUND_DELETE";
    integrations: "INTEGRATION_CREATE" json!({"id": "7", "guild_id": "1", "name": "n"})
        => integrations of "INTEGRATION_UPDATE", "INTEGRATION_DELETE";
    rules: "AUTO_MODERATION_RULE_CREATE" json!({"id": "7", "guild_id": "1", "name": "n"})
        => rules of "AUTO_MODERATION_RULE_UPDATE", "AUTO_MODERATION_RULE_DELETE";
    invites: "INVITE_CREATE" json!({"code": "a", "guild_id": "1", "channel_id": "101"})
        => invites of "INVITE_DELETE";
    threads: "THREAD_CREATE" json!({"id": "500", "guild_id": "1", "type": 11, "parent_id": "101"})
        => threads of "THREAD_UPDATE", "THREAD_DELETE";
    emojis: "GUILD_EMOJIS_UPDATE" json!({"guild_id": "1", "emojis": [emoji_json(7)]})
        => emojis of "GUILD_EMOJIS_UPDATE";
    stickers: "GUILD_STICKERS_UPDATE"
        json!({"guild_id": "1", "stickers": [{"id": "7", "name": "s"}]})
        => stickers of "GUILD_STICKERS_UPDATE";
    messages: "MESSAGE_CREATE" crate::messages::message_json(900, 50)
        => messages of "MESSAGE_UPDATE", "MESSAGE_DELETE";
}

#[test]
fn a_bulk_delete_reports_those_that_were_kept() {
    let mut world = World::new();
    for id in [900, 901] {
        world.feed("MESSAGE_CREATE", &crate::messages::message_json(id, 50));
    }
    let bulk = json!({"ids": ["900", "901", "902"], "channel_id": "101", "guild_id": "1"});
    let old = replace(&mut world, "MESSAGE_DELETE_BULK", &bulk).messages;
    assert_eq!(
        old.iter().map(|row| row.id.get()).collect::<Vec<_>>(),
        [900, 901]
    );
}

#[test]
fn a_guild_that_comes_again_reports_nothing() {
    let mut world = World::new();
    let again = replace(&mut world, "GUILD_CREATE", &crate::world::guild_1());
    assert!(again.is_empty());
}
