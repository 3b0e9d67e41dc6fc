//! Integrations, invitations, rules and webhooks: what no event of a new session refills.

use headcount_core::cache::memory::Webhooks;
use headcount_core::cache::{Kind, Mutation};
use headcount_core::id::{IntegrationId, RuleId};
use headcount_core::wire::view::Webhook;
use headcount_core::wire::{Field, OnlyId};
use serde_json::json;

use crate::entities::{rows, seven, with_unrefillable};
use crate::world::{World, channel, channel_json, guild, in_guild, ready, user};

#[test]
fn integration_create_adds_it() {
    let world = with_unrefillable();
    let row = world.store.integration(guild(1), seven::<IntegrationId>());
    assert_eq!(row.unwrap().user, Field::Value(OnlyId(user(10))));
}

#[test]
fn integration_update_keeps_who_let_it_in() {
    let mut world = with_unrefillable();
    let update = json!({"id": "7", "guild_id": "1", "name": "renamed", "type": "discord"});
    world.feed("INTEGRATION_UPDATE", &update);
    let row = world
        .store
        .integration(guild(1), seven::<IntegrationId>())
        .unwrap();
    assert_eq!(row.name.as_ref().unwrap(), &"renamed");
    assert_eq!(
        row.user,
        Field::Value(OnlyId(user(10))),
        "events leave it out"
    );
}

#[test]
fn integration_delete_removes_it() {
    let mut world = with_unrefillable();
    world.feed("INTEGRATION_DELETE", &json!({"id": "7", "guild_id": "1"}));
    assert_eq!(rows(&world, Kind::Integration), 0);
}

#[test]
fn invite_create_adds_it_and_creates_no_users() {
    let world = with_unrefillable();
    assert!(world.store.invite(guild(1), "abc").is_some());
    assert!(world.store.user(user(55)).is_none());
}

#[test]
fn invite_delete_removes_it() {
    let mut world = with_unrefillable();
    let delete = json!({"channel_id": "101", "guild_id": "1", "code": "abc"});
    world.feed("INVITE_DELETE", &delete);
    world.feed("INVITE_DELETE", &delete);
    let left = (rows(&world, Kind::Invite), world.store.bytes(Kind::Invite));
    assert_eq!(left, (0, 0));
}

#[test]
fn auto_moderation_rule_create_adds_it() {
    let world = with_unrefillable();
    let row = world.store.rule(guild(1), seven::<RuleId>()).unwrap();
    assert_eq!(row.actions.as_ref().unwrap().len(), 2);
}

#[test]
fn auto_moderation_rule_update_patches_it() {
    let mut world = with_unrefillable();
    let update = json!({"id": "7", "guild_id": "1", "enabled": false});
    world.feed("AUTO_MODERATION_RULE_UPDATE", &update);
    let row = world.store.rule(guild(1), seven::<RuleId>()).unwrap();
    let actions = row.actions.as_ref().unwrap().len();
    assert_eq!((row.enabled, actions), (Some(false), 2));
}

#[test]
fn auto_moderation_rule_delete_removes_it() {
    let mut world = with_unrefillable();
    let delete = json!({"id": "7", "guild_id": "1"});
    world.feed("AUTO_MODERATION_RULE_DELETE", &delete);
    assert_eq!(rows(&world, Kind::Rule), 0);
}

#[test]
fn webhooks_update_marks_the_channel() {
    let world = with_unrefillable();
    assert!(world.store.webhooks_changed(guild(1), channel(101)));
    assert!(!world.store.webhooks_changed(guild(1), channel(100)));
    let nothing = world.store.webhooks(guild(1), channel(101));
    assert_eq!(nothing, Webhooks::Unknown);
}

/// Puts in what the platform answers for channel 101.
fn put(world: &mut World, name: &str) {
    let answer = json!([{"id": "7", "type": 1, "guild_id": "1", "channel_id": "101",
        "name": name, "avatar": null, "token": "secret", "application_id": null,
        "user": {"id": "10", "username": "ten"}}]);
    let text = answer.to_string();
    let list = Webhook::list(&text).unwrap();
    world
        .store
        .apply(Mutation::webhooks(guild(1), channel(101), list));
}

#[test]
fn webhooks_that_are_put_in_are_fresh_until_they_change() {
    let mut world = with_unrefillable();
    put(&mut world, "one");
    let Webhooks::Fresh([row]) = world.store.webhooks(guild(1), channel(101)) else {
        panic!("not fresh");
    };
    assert_eq!(row.name.value().unwrap(), &"one");
    assert!(!format!("{row:?}").contains("secret"));
    assert!(!world.store.webhooks_changed(guild(1), channel(101)));
    let update = json!({"guild_id": "1", "channel_id": "101"});
    world.feed("WEBHOOKS_UPDATE", &update);
    let stale = world.store.webhooks(guild(1), channel(101));
    assert!(matches!(stale, Webhooks::Stale([_])), "{stale:?}");
    put(&mut world, "two");
    let fresh = world.store.webhooks(guild(1), channel(101));
    assert!(matches!(fresh, Webhooks::Fresh([_])), "{fresh:?}");
}

#[test]
fn webhooks_go_with_their_channel_and_with_the_session() {
    for new_session in [false, true] {
        let mut world = with_unrefillable();
        put(&mut world, "one");
        match new_session {
            true => world.feed("READY", &ready(&[1])),
            false => world.feed("CHANNEL_DELETE", &in_guild(channel_json(101), 1)),
        };
        let gone = world.store.webhooks(guild(1), channel(101));
        assert_eq!(gone, Webhooks::Unknown);
        assert_eq!(world.store.bytes(Kind::WebhookMark), 0);
    }
}
