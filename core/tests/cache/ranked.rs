//! The highest role of a member, and the color in which its name is shown.

use headcount_core::cache::memory::PermissionsUnknown;
use headcount_core::cache::{Kind, Policy};
use serde_json::{Value, json};

use crate::world::{World, guild, in_guild, member_json, role, user};

fn put_role(world: &mut World, id: u64, position: u64, color: &Value) {
    let data = json!({"guild_id": "1", "role": {"id": id.to_string(), "name": "r",
        "position": position, "colors": {"primary_color": color}, "color": 0,
        "permissions": "0"}});
    world.feed("GUILD_ROLE_CREATE", &data);
}

fn join(world: &mut World, id: u64, roles: &[u64]) {
    let mut data = in_guild(member_json(id), 1);
    data["roles"] = roles.iter().map(ToString::to_string).collect();
    world.feed("GUILD_MEMBER_ADD", &data);
}

#[test]
fn the_highest_role_is_by_position_and_then_the_older_one() {
    let mut world = World::new();
    put_role(&mut world, 301, 5, &json!(0));
    put_role(&mut world, 302, 5, &json!(0));
    put_role(&mut world, 303, 4, &json!(0));
    join(&mut world, 20, &[302, 303, 301]);
    join(&mut world, 21, &[]);
    let highest = |world: &World, id| {
        let found = world.store.highest_role(guild(1), user(id));
        found.map(|role| role.id)
    };
    assert_eq!(highest(&world, 20), Ok(role(301)));
    assert_eq!(highest(&world, 21), Ok(role(1)), "that of everyone");
    let absent = PermissionsUnknown::Member(guild(1), user(22));
    assert_eq!(highest(&world, 22), Err(absent));
    let gone = json!({"guild_id": "1", "role_id": "301"});
    world.feed("GUILD_ROLE_DELETE", &gone);
    assert_eq!(highest(&world, 20), Ok(role(302)));
}

#[test]
fn the_color_is_that_of_the_highest_role_that_has_one() {
    let mut world = World::new();
    put_role(&mut world, 301, 9, &json!(0));
    put_role(&mut world, 302, 5, &json!(0x00_ff_00));
    put_role(&mut world, 303, 4, &json!(0xff_00_00));
    join(&mut world, 20, &[303, 301, 302]);
    join(&mut world, 21, &[301]);
    let color = |id| world.store.display_color(guild(1), user(id));
    assert_eq!((color(20), color(21)), (Ok(Some(0x00_ff_00)), Ok(None)));
}

#[test]
fn a_role_that_a_policy_may_have_taken_is_not_guessed_at() {
    let mut world = World::new();
    put_role(&mut world, 301, 9, &json!(1));
    join(&mut world, 20, &[301]);
    let evicted = world.store.set_policy(Kind::Role, Policy::lru(1));
    assert!(evicted.is_ok_and(|rows| rows > 0));
    _ = world.store.role(guild(1), role(1));
    let unknown = world.store.display_color(guild(1), user(20));
    let has = world.store.roles(guild(1)).any(|row| row.id == role(301));
    let expected = PermissionsUnknown::Role(guild(1), role(301));
    assert_eq!(unknown, if has { Ok(Some(1)) } else { Err(expected) });
    world.store.set_policy(Kind::Role, Policy::none()).unwrap();
    assert_eq!(world.store.display_color(guild(1), user(20)), Err(expected));
}
