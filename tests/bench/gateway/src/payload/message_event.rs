//! What happens to messages: ten events a group, which all concern the five messages that it begins
//! with.

use std::ops::Range;

use super::{Frames, Rng, World, Writer, ids, member, message};

/// Events of one group.
const GROUP: u64 = 10;
/// The messages that a group begins with.
const NEW: u64 = 5;

/// Event `number` of a guild whose members are `users`; a group happens in one guild.
pub fn write(world: World, number: u64, guild: u64, users: Range<u64>, frames: &mut Frames) {
    let mut rng = world.rng(&[10, number]);
    let rng = &mut rng;
    let user = users.start + rng.below(users.end - users.start);
    let known = number / GROUP * GROUP + rng.below(NEW);
    let (name, write): (_, &mut dyn FnMut(&mut Writer)) = match number % GROUP {
        0..NEW => ("MESSAGE_CREATE", &mut |json| {
            message::write_in(
                json,
                world,
                rng,
                guild,
                user,
                (number, Some(channel(number))),
            );
        }),
        NEW => ("MESSAGE_UPDATE", &mut |json| {
            message::write_in(json, world, rng, guild, user, (known, Some(channel(known))));
        }),
        6 | 7 => ("MESSAGE_REACTION_ADD", &mut |json| {
            reaction(json, world, guild, user, known, true);
        }),
        8 => ("MESSAGE_REACTION_REMOVE", &mut |json| {
            reaction(json, world, guild, user, known, false);
        }),
        _ => ("MESSAGE_DELETE", &mut |json| {
            message::deleted_in(json, guild, known, channel(known));
        }),
    };
    frames.dispatch(name, write);
}

/// Where a message is: a few channels have most of them.
fn channel(number: u64) -> u64 {
    message::channel(&mut Rng::new(number))
}

fn reaction(json: &mut Writer, world: World, guild: u64, user: u64, message: u64, comes: bool) {
    json.raw("{\"user_id\":")
        .id(ids::user(user))
        .raw(",\"type\":0,\"message_id\":")
        .id(ids::message(message));
    if comes {
        json.raw(",\"message_author_id\":").id(ids::user(user ^ 1));
        json.raw(",\"member\":");
        member::write_in_event(json, world, guild, user);
    }
    json.raw(",\"emoji\":{\"name\":\"👍\",\"id\":null},\"channel_id\":");
    json.id(ids::channel(guild, channel(message)));
    json.raw(",\"burst\":false,\"guild_id\":")
        .id(ids::guild(guild))
        .raw("}");
}
