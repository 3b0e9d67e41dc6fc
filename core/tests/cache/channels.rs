//! Channels.

use headcount_core::id::MessageId;
use headcount_core::wire::{Field, Permissions, Stated, Timestamp};
use serde_json::json;

use crate::world::{World, channel, channel_json, guild, guild_json, in_guild};

#[test]
fn channel_create_adds_it() {
    let mut world = World::new();
    let mut data = in_guild(channel_json(102), 1);
    data["permission_overwrites"] =
        json!([{"id": "77", "type": 0, "allow": "1024", "deny": "18446744073709551615"}]);
    data["type"] = json!(999);
    world.feed("CHANNEL_CREATE", &data);
    let row = world.store.channel(channel(102)).unwrap();
    assert_eq!(row.kind, Some(999), "unknown kinds survive");
    let overwrites = row.overwrites.rows().unwrap();
    assert_eq!(overwrites[0].deny, Some(Stated::Known(Permissions::ALL)));
    assert_eq!(world.store.counts(guild(1)).channels, 3);
}

#[test]
fn channel_update_patches_and_keeps_what_is_newer() {
    let mut world = World::new();
    let mut data = in_guild(channel_json(101), 1);
    data["topic"] = json!("old");
    data["last_message_id"] = json!("900");
    data["status"] = json!("talking");
    world.feed("CHANNEL_UPDATE", &data);
    let update = json!({"id": "101", "guild_id": "1", "type": 0, "topic": null,
        "last_message_id": "800"});
    world.feed("CHANNEL_UPDATE", &update);
    let row = world.store.channel(channel(101)).unwrap();
    assert_eq!(row.topic, Field::Null);
    assert_eq!(
        row.name.value().unwrap(),
        &"channel101",
        "absent means unchanged"
    );
    assert_eq!(row.last_message.value(), MessageId::new(900).as_ref());
    assert_eq!(row.status.value().unwrap(), &"talking");
    let update = json!({"id": "101", "guild_id": "1", "type": 0, "last_message_id": "1000"});
    world.feed("CHANNEL_UPDATE", &update);
    let row = world.store.channel(channel(101)).unwrap();
    assert_eq!(row.last_message.value(), MessageId::new(1000).as_ref());
}

#[test]
fn channel_delete_removes_it_and_leaves_the_children_of_a_category() {
    let mut world = World::new();
    let mut child = in_guild(channel_json(103), 1);
    child["parent_id"] = json!("100");
    world.feed("CHANNEL_CREATE", &child);
    world.feed("CHANNEL_DELETE", &in_guild(channel_json(100), 1));
    assert!(world.store.channel(channel(100)).is_none());
    assert!(world.store.channel(channel(103)).is_some());
    let before = world.rows();
    world.feed("CHANNEL_DELETE", &in_guild(channel_json(100), 1));
    assert_eq!(world.rows(), before);
}

#[test]
fn channel_pins_update_patches_and_never_creates() {
    let mut world = World::new();
    let at = "2024-02-03T04:05:06+00:00";
    let pins = json!({"guild_id": "1", "channel_id": "101", "last_pin_timestamp": at});
    world.feed("CHANNEL_PINS_UPDATE", &pins);
    let pin = |world: &World| world.store.channel(channel(101)).unwrap().last_pin;
    assert_eq!(pin(&world), Field::Value(Timestamp::parse(at).unwrap()));
    world.feed(
        "CHANNEL_PINS_UPDATE",
        &json!({"guild_id": "1", "channel_id": "101"}),
    );
    assert_eq!(pin(&world), Field::Value(Timestamp::parse(at).unwrap()));
    let none = json!({"guild_id": "1", "channel_id": "101", "last_pin_timestamp": null});
    world.feed("CHANNEL_PINS_UPDATE", &none);
    assert_eq!(pin(&world), Field::Null);
    let unknown = json!({"guild_id": "1", "channel_id": "555", "last_pin_timestamp": at});
    world.feed("CHANNEL_PINS_UPDATE", &unknown);
    assert!(world.store.channel(channel(555)).is_none());
}

#[test]
fn a_channel_lies_in_one_guild() {
    let mut world = World::new();
    world.feed("GUILD_CREATE", &guild_json(2, &[], 0));
    world.feed("CHANNEL_CREATE", &in_guild(channel_json(101), 2));
    assert_eq!(world.store.counts(guild(1)).channels, 1);
    assert_eq!(
        world.store.channel(channel(101)).unwrap().guild,
        Field::Value(guild(2))
    );
    world.feed("GUILD_DELETE", &json!({"id": "1"}));
    assert!(world.store.channel(channel(101)).is_some());
}
