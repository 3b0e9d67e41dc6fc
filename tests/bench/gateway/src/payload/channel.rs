//! Channels.

use super::{Rng, World, Writer, ids, name};

/// A channel inside a `GUILD_CREATE`: categories, texts, voices.
pub fn write(json: &mut Writer, world: World, guild: u64, channel: u64) {
    keys(json, world, guild, channel, 0);
    json.raw("}");
}

/// The data of a `CHANNEL_UPDATE`.
pub fn write_update(json: &mut Writer, world: World, guild: u64, channel: u64, version: u64) {
    keys(json, world, guild, channel, version);
    json.raw(",\"guild_id\":").id(ids::guild(guild)).raw("}");
}

fn keys(json: &mut Writer, world: World, guild: u64, channel: u64, version: u64) {
    let mut rng = world.rng(&[6, guild, channel, version]);
    let rng = &mut rng;
    match channel % 5 {
        0 => category(json, rng, guild, channel),
        1 => voice(json, rng, guild, channel),
        _ => text(json, rng, guild, channel),
    }
}

fn category(json: &mut Writer, rng: &mut Rng, guild: u64, channel: u64) {
    json.raw("{\"type\":4,\"position\":").number(channel);
    overwrites(json, rng, guild);
    json.raw(",\"name\":");
    name::shown(json, rng);
    json.raw(",\"id\":")
        .id(ids::channel(guild, channel))
        .raw(",\"flags\":0");
}

fn voice(json: &mut Writer, rng: &mut Rng, guild: u64, channel: u64) {
    json.raw("{\"voice_background_display\":null,\"version\":")
        .number(1_700_000_000_000 + channel);
    json.raw(",\"user_limit\":")
        .number(rng.below(20))
        .raw(",\"type\":2,\"status\":null");
    json.raw(",\"rtc_region\":null,\"rate_limit_per_user\":0,\"position\":")
        .number(channel);
    overwrites(json, rng, guild);
    json.raw(",\"parent_id\":")
        .id(ids::channel(guild, channel - 1));
    json.raw(",\"nsfw\":false,\"name\":");
    name::shown(json, rng);
    json.raw(",\"last_message_id\":null,\"id\":")
        .id(ids::channel(guild, channel));
    json.raw(",\"flags\":0,\"bitrate\":64000");
}

fn text(json: &mut Writer, rng: &mut Rng, guild: u64, channel: u64) {
    json.raw("{\"version\":")
        .number(1_700_000_000_000 + channel)
        .raw(",\"type\":0,\"topic\":");
    let topical = rng.chance(500);
    json.some(topical, |json| {
        json.raw("\"");
        name::words(json, rng, 12);
        json.raw("\"");
    });
    json.raw(",\"theme_color\":null,\"rate_limit_per_user\":")
        .number(rng.pick(&[0, 0, 5]));
    json.raw(",\"position\":").number(channel);
    overwrites(json, rng, guild);
    json.raw(",\"parent_id\":")
        .id(ids::channel(guild, channel / 5 * 5));
    json.raw(",\"nsfw\":")
        .bool(rng.chance(50))
        .raw(",\"name\":");
    name::shown(json, rng);
    json.raw(",\"last_pin_timestamp\":\"2024-03-01T10:20:30+00:00\"");
    json.raw(",\"last_message_id\":").id(ids::message(channel));
    json.raw(",\"id\":").id(ids::channel(guild, channel));
    json.raw(",\"icon_emoji\":{\"name\":\"👋\",\"id\":null},\"flags\":0");
}

fn overwrites(json: &mut Writer, rng: &mut Rng, guild: u64) {
    let count = rng.below(6);
    json.raw(",\"permission_overwrites\":[");
    json.list(0..count, |json, at| {
        json.raw("{\"type\":0,\"id\":").id(ids::role(guild, at + 1));
        json.raw(",\"deny\":").id(rng.below(1 << 40));
        json.raw(",\"allow\":").id(rng.below(1 << 40)).raw("}");
    });
    json.raw("]");
}
