//! Members.

use super::user::Place;
use super::{ROLES, Rng, World, Writer, ids, name, time, user};

/// A member with its user, as in a chunk.
pub fn write(json: &mut Writer, world: World, guild: u64, user: u64, version: u64) {
    json.raw("{\"user\":");
    user::write(json, world, user, Place::Member);
    json.raw(",");
    without_user(json, world, guild, user, version);
    json.raw("}");
}

/// A member with its user, as in an event.
pub fn write_in_event(json: &mut Writer, world: World, guild: u64, user: u64) {
    json.raw("{\"user\":");
    user::write(json, world, user, Place::Event);
    json.raw(",");
    without_user(json, world, guild, user, 0);
    json.raw("}");
}

/// The data of a `GUILD_MEMBER_UPDATE`.
pub fn write_update(json: &mut Writer, world: World, guild: u64, user: u64, version: u64) {
    json.raw("{\"user\":");
    user::write(json, world, user, Place::Event);
    json.raw(",");
    without_user(json, world, guild, user, version);
    json.raw(",\"guild_id\":").id(ids::guild(guild)).raw("}");
}

/// The keys of a member without its user.
pub fn without_user(json: &mut Writer, world: World, guild: u64, user: u64, version: u64) {
    let mut joined = world.rng(&[2, guild, user]);
    let mut rng = world.rng(&[3, guild, user, version]);
    let rng = &mut rng;
    json.raw("\"roles\":");
    roles(json, rng, guild);
    let boosts = rng.chance(20);
    json.raw(",\"premium_since\":")
        .some(boosts, |json| time::past(json, rng));
    json.raw(",\"pending\":").bool(rng.chance(40));
    let nicked = rng.chance(180);
    json.raw(",\"nick\":")
        .some(nicked, |json| name::shown(json, rng));
    json.raw(",\"mute\":").bool(rng.chance(5));
    json.raw(",\"joined_at\":");
    time::past(json, &mut joined);
    json.raw(",\"flags\":")
        .number(rng.pick(&[0, 0, 0, 2, 2, 10]));
    json.raw(",\"deaf\":").bool(rng.chance(3));
    let silenced = rng.chance(5);
    json.raw(",\"communication_disabled_until\":");
    json.some(silenced, |json| time::future(json, rng));
    let (bannered, pictured) = (rng.chance(5), rng.chance(30));
    json.raw(",\"banner\":")
        .some(bannered, |json| _ = json.hash(rng, 100));
    json.raw(",\"avatar\":")
        .some(pictured, |json| _ = json.hash(rng, 200));
}

/// One to ten roles, two to three on average, some far more common than others.
fn roles(json: &mut Writer, rng: &mut Rng, guild: u64) {
    let mut held = [0; 10];
    let wanted = 1 + rng.skewed(22).min(9) as usize;
    let mut count = 0;
    for _ in 0..2 * wanted {
        let role = 1 + rng.skewed(ROLES - 1);
        if count < wanted && !held[..count].contains(&role) {
            held[count] = role;
            count += 1;
        }
    }
    let of_guild = |json: &mut Writer, &role: &u64| _ = json.id(ids::role(guild, role));
    json.raw("[").list(&held[..count], of_guild).raw("]");
}
