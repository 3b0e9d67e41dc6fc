//! Roles.

use headcount_core::wire::{Permissions, Stated};
use serde_json::json;

use crate::world::{ME, World, guild, in_guild, member_json, role, role_json};

#[test]
fn guild_role_create_and_guild_role_update_keep_it() {
    let mut world = World::new();
    world.feed(
        "GUILD_ROLE_CREATE",
        &json!({"guild_id": "1", "role": role_json(300)}),
    );
    let mut changed = role_json(300);
    changed["name"] = json!("r\u{e9}\"");
    changed["icon"] = json!(null);
    changed["tags"] = json!({"premium_subscriber": null});
    changed["colors"] = json!({"primary_color": 5, "secondary_color": null});
    world.feed(
        "GUILD_ROLE_UPDATE",
        &json!({"guild_id": "1", "role": changed}),
    );
    let row = world.store.role(guild(1), role(300)).unwrap();
    assert_eq!(row.name.as_ref().unwrap(), &"r\u{e9}\"");
    assert_eq!(
        row.permissions,
        Some(Stated::Known(Permissions::from_bits(2048)))
    );
    assert_eq!(row.colors.value().unwrap().primary, Some(5));
    let tags = row.tags.value().unwrap();
    assert!(tags.is_boosters() && !tags.is_for_sale() && !tags.is_for_linked_accounts());
    assert_eq!(world.store.counts(guild(1)).roles, 3);
}

#[test]
fn guild_role_delete_strips_it_from_every_member() {
    let mut world = World::new();
    let mut two = member_json(11);
    two["roles"] = json!(["300", "200"]);
    world.feed("GUILD_MEMBER_ADD", &in_guild(two, 1));
    world.feed(
        "GUILD_ROLE_DELETE",
        &json!({"guild_id": "1", "role_id": "200"}),
    );
    assert!(world.store.role(guild(1), role(200)).is_none());
    assert_eq!(world.member(10).unwrap().roles(), []);
    assert_eq!(world.member(ME).unwrap().roles(), []);
    assert_eq!(world.member(11).unwrap().roles(), [role(300)]);
    world.feed(
        "GUILD_ROLE_DELETE",
        &json!({"guild_id": "1", "role_id": "200"}),
    );
    assert_eq!(world.store.counts(guild(1)).roles, 1);
}
