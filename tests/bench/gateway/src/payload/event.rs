//! The steady mix of a bot with all intents.

use std::ops::Range;

use super::{Frames, Rng, World, Writer, channel, ids, member, message, presence, role};

/// Event `number` of a guild whose members are `users`.
pub fn write(world: World, number: u64, guild: u64, users: Range<u64>, frames: &mut Frames) {
    of(world, number, guild, users, 0..1_000, frames);
}

/// One of the presences of the mix.
pub fn presence(world: World, number: u64, guild: u64, users: Range<u64>, frames: &mut Frames) {
    of(world, number, guild, users, PRESENCES, frames);
}

/// One of the voice states of the mix.
pub fn voice_state(world: World, number: u64, guild: u64, users: Range<u64>, frames: &mut Frames) {
    of(world, number, guild, users, VOICE_STATES, frames);
}

/// One of the presences and typings of the mix.
pub fn unwanted(world: World, number: u64, guild: u64, users: Range<u64>, frames: &mut Frames) {
    let kind = if number.is_multiple_of(9) {
        TYPINGS
    } else {
        PRESENCES
    };
    of(world, number, guild, users, kind, frames);
}

const PRESENCES: Range<u64> = 0..700;
const TYPINGS: Range<u64> = 820..900;
const VOICE_STATES: Range<u64> = 900..940;

/// An event from this part of the mix, in thousandths.
fn of(
    world: World,
    number: u64,
    guild: u64,
    users: Range<u64>,
    part: Range<u64>,
    frames: &mut Frames,
) {
    let mut rng = world.rng(&[9, number]);
    let user = users.start + rng.below(users.end - users.start);
    let dice = part.start + rng.below(part.end - part.start);
    let rng = &mut rng;
    let (name, write): (_, &mut dyn FnMut(&mut Writer)) = match dice {
        0..700 => ("PRESENCE_UPDATE", &mut |json| {
            presence::change(json, world, rng, guild, user)
        }),
        700..820 => ("MESSAGE_CREATE", &mut |json| {
            message::write(json, world, rng, guild, user, number)
        }),
        820..900 => ("TYPING_START", &mut |json| {
            typing(json, world, rng, guild, user)
        }),
        900..940 => ("VOICE_STATE_UPDATE", &mut |json| {
            voice(json, world, rng, guild, user)
        }),
        940..970 => ("GUILD_MEMBER_UPDATE", &mut |json| {
            member::write_update(json, world, guild, user, number);
        }),
        970..990 => ("MESSAGE_REACTION_ADD", &mut |json| {
            reaction(json, world, rng, guild, user, number);
        }),
        990..994 => ("MESSAGE_DELETE", &mut |json| {
            message::deleted(json, rng, guild, number)
        }),
        994..997 => ("GUILD_ROLE_UPDATE", &mut |json| {
            json.raw("{\"role\":");
            role::write(json, world, guild, 1 + number % 19);
            json.raw(",\"guild_id\":").id(ids::guild(guild)).raw("}");
        }),
        _ => ("CHANNEL_UPDATE", &mut |json| {
            channel::write_update(json, world, guild, number % 30, number);
        }),
    };
    frames.dispatch(name, write);
}

fn typing(json: &mut Writer, world: World, rng: &mut Rng, guild: u64, user: u64) {
    json.raw("{\"user_id\":").id(ids::user(user));
    json.raw(",\"timestamp\":")
        .number(1_760_000_000 + rng.below(1 << 24))
        .raw(",\"member\":");
    member::write_in_event(json, world, guild, user);
    json.raw(",\"channel_id\":")
        .id(ids::channel(guild, message::channel(rng)));
    json.raw(",\"guild_id\":").id(ids::guild(guild)).raw("}");
}

/// Half come or move, half leave.
fn voice(json: &mut Writer, world: World, rng: &mut Rng, guild: u64, user: u64) {
    json.raw("{\"member\":");
    member::write_in_event(json, world, guild, user);
    json.raw(",\"user_id\":").id(ids::user(user));
    json.raw(",\"suppress\":false,\"session_id\":").hash(rng, 0);
    json.raw(",\"self_video\":false,\"self_mute\":")
        .bool(rng.chance(300));
    json.raw(",\"self_deaf\":false,\"request_to_speak_timestamp\":null,\"mute\":false");
    json.raw(",\"guild_id\":")
        .id(ids::guild(guild))
        .raw(",\"deaf\":false,\"channel_id\":");
    let place = 1 + 5 * rng.below(6);
    json.some(rng.chance(500), |json| {
        _ = json.id(ids::channel(guild, place))
    });
    json.raw("}");
}

fn reaction(json: &mut Writer, world: World, rng: &mut Rng, guild: u64, user: u64, number: u64) {
    json.raw("{\"user_id\":")
        .id(ids::user(user))
        .raw(",\"type\":0,\"message_id\":");
    json.id(ids::message(number))
        .raw(",\"message_author_id\":")
        .id(ids::user(user ^ 1));
    json.raw(",\"member\":");
    member::write_in_event(json, world, guild, user);
    json.raw(",\"emoji\":{\"name\":\"👍\",\"id\":null},\"channel_id\":");
    json.id(ids::channel(guild, message::channel(rng)));
    json.raw(",\"burst\":false,\"guild_id\":")
        .id(ids::guild(guild))
        .raw("}");
}
