//! Messages.

use super::user::Place;
use super::{Rng, World, Writer, ids, member, name, user};

/// The data of a `MESSAGE_CREATE`.
pub fn write(json: &mut Writer, world: World, rng: &mut Rng, guild: u64, author: u64, number: u64) {
    write_in(json, world, rng, guild, author, (number, None));
}

/// The same in a channel of choice, or in any.
pub fn write_in(
    json: &mut Writer,
    world: World,
    rng: &mut Rng,
    guild: u64,
    author: u64,
    (number, place): (u64, Option<u64>),
) {
    json.raw("{\"type\":0,\"tts\":false,\"timestamp\":\"2025-06-0");
    json.number(1 + rng.below(9))
        .raw("T10:11:12.345000+00:00\",\"pinned\":false,\"nonce\":");
    json.id(ids::message(number) + 5).raw(",\"mentions\":[");
    let mentioned = author ^ 1;
    if rng.chance(120) {
        mention(json, world, guild, mentioned);
    }
    json.raw("],\"mention_roles\":[],\"mention_everyone\":false,\"member\":{");
    member::without_user(json, world, guild, author, 0);
    json.raw("},\"id\":")
        .id(ids::message(number))
        .raw(",\"flags\":0,\"embeds\":[");
    if rng.chance(80) {
        embed(json, rng);
    }
    json.raw("],\"edited_timestamp\":null,\"content\":\"");
    let length = 1 + rng.skewed(60);
    name::words(json, rng, length);
    json.raw("\",\"components\":[],\"channel_type\":0,\"channel_id\":");
    let place = place.unwrap_or_else(|| channel(rng));
    json.id(ids::channel(guild, place)).raw(",\"author\":");
    user::write(json, world, author, Place::Event);
    json.raw(",\"attachments\":[");
    if rng.chance(80) {
        attachment(json, rng);
    }
    json.raw("],\"guild_id\":").id(ids::guild(guild)).raw("}");
}

/// The data of a `MESSAGE_DELETE`.
pub fn deleted(json: &mut Writer, rng: &mut Rng, guild: u64, number: u64) {
    deleted_in(json, guild, number, channel(rng));
}

/// The same in a channel of choice.
pub fn deleted_in(json: &mut Writer, guild: u64, number: u64, channel: u64) {
    json.raw("{\"id\":")
        .id(ids::message(number))
        .raw(",\"channel_id\":");
    json.id(ids::channel(guild, channel));
    json.raw(",\"guild_id\":").id(ids::guild(guild)).raw("}");
}

/// A text channel of the guild.
pub fn channel(rng: &mut Rng) -> u64 {
    2 + 5 * rng.skewed(6)
}

fn mention(json: &mut Writer, world: World, guild: u64, mentioned: u64) {
    user::write(json, world, mentioned, Place::Event);
    json.text.pop();
    json.raw(",\"member\":{");
    member::without_user(json, world, guild, mentioned, 0);
    json.raw("}}");
}

fn embed(json: &mut Writer, rng: &mut Rng) {
    json.raw("{\"type\":\"rich\",\"title\":\"");
    name::words(json, rng, 4);
    json.raw("\",\"fields\":[{\"value\":\"1\",\"name\":\"one\",\"inline\":true}]");
    json.raw(",\"description\":\"");
    name::words(json, rng, 20);
    json.raw("\",\"color\":5793266}");
}

fn attachment(json: &mut Writer, rng: &mut Rng) {
    let id = ids::message(rng.below(1 << 24));
    json.raw("{\"width\":800,\"url\":\"https://cdn.example.com/attachments/")
        .number(id);
    json.raw("/picture.png\",\"size\":")
        .number(rng.below(1 << 20));
    json.raw(",\"proxy_url\":\"https://media.example.net/attachments/")
        .number(id);
    json.raw("/picture.png\",\"id\":")
        .id(id)
        .raw(",\"height\":600");
    json.raw(",\"filename\":\"picture.png\",\"content_type\":\"image/png\"}");
}
