//! Roles.

use super::{World, Writer, ids, name};

/// A role; number 0 is everyone's.
pub fn write(json: &mut Writer, world: World, guild: u64, role: u64) {
    let mut rng = world.rng(&[5, guild, role]);
    let rng = &mut rng;
    let color = rng.pick(&[0, 0, 15_844_367, 3_447_003, 10_181_046, 5_763_719]);
    json.raw("{\"version\":")
        .number(1_760_000_000_000 + rng.below(1 << 33));
    json.raw(",\"unicode_emoji\":null,\"tags\":{}");
    json.raw(",\"position\":").number(role);
    json.raw(",\"permissions\":").id(rng.below(1 << 40));
    json.raw(",\"name\":");
    if role == 0 {
        json.raw("\"@everyone\"");
    } else {
        name::shown(json, rng);
    }
    json.raw(",\"mentionable\":").bool(rng.chance(200));
    json.raw(",\"managed\":").bool(rng.chance(100));
    json.raw(",\"id\":");
    json.id(if role == 0 {
        ids::guild(guild)
    } else {
        ids::role(guild, role)
    });
    json.raw(",\"icon\":null,\"hoist\":").bool(rng.chance(300));
    json.raw(",\"flags\":0,\"colors\":{\"tertiary_color\":null,\"secondary_color\":null");
    json.raw(",\"primary_color\":")
        .number(color)
        .raw("},\"color\":")
        .number(color)
        .raw("}");
}
