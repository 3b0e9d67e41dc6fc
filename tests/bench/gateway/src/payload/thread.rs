//! Threads.

use super::{World, Writer, ids, name};

/// How many channels a guild has, of which three in five have threads.
const CHANNELS: u64 = 30;

/// The channels that have threads, by their numbers.
pub fn parents() -> impl Iterator<Item = u64> {
    (0..CHANNELS).filter(|channel| channel % 5 > 1)
}

/// The data of a `THREAD_CREATE`: an active thread of one of the guild's channels of texts.
pub fn write_create(json: &mut Writer, world: World, guild: u64, thread: u64) {
    let mut rng = world.rng(&[10, guild, thread]);
    let rng = &mut rng;
    let parent = rng.below(CHANNELS / 5) * 5 + 2 + rng.below(3);
    let messages = 1 + rng.below(200);
    json.raw("{\"type\":11,\"total_message_sent\":")
        .number(messages);
    json.raw(",\"thread_metadata\":{\"locked\":false");
    json.raw(",\"create_timestamp\":\"2024-03-01T10:20:30.456000+00:00\"");
    json.raw(",\"auto_archive_duration\":4320,\"archived\":false");
    json.raw(",\"archive_timestamp\":\"2024-03-01T10:20:30.456000+00:00\"}");
    json.raw(",\"rate_limit_per_user\":0,\"parent_id\":")
        .id(ids::channel(guild, parent));
    json.raw(",\"owner_id\":").id(ids::user(rng.below(1 << 16)));
    json.raw(",\"newly_created\":true,\"name\":");
    name::shown(json, rng);
    json.raw(",\"message_count\":").number(messages);
    json.raw(",\"member_count\":").number(1 + rng.below(50));
    json.raw(",\"last_message_id\":").id(ids::message(thread));
    json.raw(",\"id\":").id(ids::thread(guild, thread));
    json.raw(",\"guild_id\":").id(ids::guild(guild));
    json.raw(",\"flags\":0}");
}
