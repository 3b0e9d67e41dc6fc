//! What mutations displace, told with the event that displaced it.

use headcount_core::cache::memory::Displaced;
use headcount_core::wire::Name;
use headcount_core::wire::view::View;
use serde_json::{Value, json};

use crate::world::World;

/// Feeds a dispatch, and gives back what it displaced.
fn replace(world: &mut World, name: &str, data: &Value) -> Displaced {
    let text = data.to_string();
    let view = View::parse(Name::from_wire(name), &text, world.kinds)
        .unwrap()
        .unwrap();
    let mutation = world.deriver.derive(view);
    world.store.replace(mutation).1
}

#[test]
fn a_member_that_changes_or_goes_is_told_as_it_was() {
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
