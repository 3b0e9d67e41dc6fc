//! Presences and their activities.

use super::user::Place;
use super::{Rng, World, Writer, ids, name, user};

/// The data of a `PRESENCE_UPDATE` whose user is there.
pub fn here(json: &mut Writer, world: World, guild: u64, user: u64) {
    let mut rng = world.rng(&[4, guild, user]);
    let status = rng.pick(&["online", "online", "idle", "dnd"]);
    write(json, world, &mut rng, Some(guild), user, status);
}

/// The data of any `PRESENCE_UPDATE`; one in five has gone.
pub fn change(json: &mut Writer, world: World, rng: &mut Rng, guild: u64, user: u64) {
    let status = rng.pick(&["online", "online", "idle", "dnd", "offline"]);
    write(json, world, rng, Some(guild), user, status);
}

/// A presence inside a `GUILD_CREATE`.
pub fn inside(json: &mut Writer, world: World, guild: u64, user: u64) {
    let mut rng = world.rng(&[4, guild, user]);
    let status = rng.pick(&["online", "idle", "dnd"]);
    write(json, world, &mut rng, None, user, status);
}

fn write(
    json: &mut Writer,
    world: World,
    rng: &mut Rng,
    guild: Option<u64>,
    user: u64,
    status: &str,
) {
    json.raw("{\"user\":");
    if rng.chance(20) {
        user::write(json, world, user, Place::Event);
    } else {
        json.raw("{\"id\":").id(ids::user(user)).raw("}");
    }
    json.raw(",\"status\":\"").raw(status).raw("\"");
    json.raw(",\"processed_at_timestamp\":")
        .number(1_760_000_000_000 + rng.below(1 << 33));
    if let Some(guild) = guild {
        json.raw(",\"guild_id\":").id(ids::guild(guild));
    }
    json.raw(",\"client_status\":{");
    let there = status != "offline";
    if there {
        let clients: &[&str] =
            rng.pick(&[&["desktop"], &["mobile"], &["web"], &["mobile", "desktop"]]);
        json.list(clients, |json, client| {
            json.raw("\"")
                .raw(client)
                .raw("\":\"")
                .raw(status)
                .raw("\"");
        });
    }
    json.raw("},\"activities\":[");
    let count = if there {
        rng.pick(&[0, 0, 1, 1, 1, 1, 1, 1, 2, 3])
    } else {
        0
    };
    json.list(0..count, |json, at| activity(json, rng, at));
    json.raw("]}");
}

/// The first one is custom for one user in three; the others are games and music.
fn activity(json: &mut Writer, rng: &mut Rng, at: u64) {
    if at == 0 && rng.chance(330) {
        custom(json, rng);
    } else if rng.chance(400) {
        music(json, rng);
    } else {
        game(json, rng);
    }
}

fn created(json: &mut Writer, rng: &mut Rng) {
    json.raw(",\"created_at\":")
        .number(1_760_000_000_000 + rng.below(1 << 33));
}

fn custom(json: &mut Writer, rng: &mut Rng) {
    json.raw("{\"type\":4,\"state\":\"");
    let length = 1 + rng.below(5);
    name::words(json, rng, length);
    json.raw("\",\"name\":\"Custom Status\",\"id\":\"custom\"");
    match rng.below(5) {
        0 => {
            let emoji = rng.skewed(500);
            json.raw(",\"emoji\":{\"name\":\"emoji_").number(emoji);
            json.raw("\",\"id\":").id(ids::emoji(0, emoji));
            json.raw(",\"animated\":")
                .bool(emoji.is_multiple_of(3))
                .raw("}");
        }
        1 => _ = json.raw(",\"emoji\":{\"name\":\"🔥\"}"),
        _ => {}
    }
    created(json, rng);
    json.raw("}");
}

fn timestamps(json: &mut Writer, rng: &mut Rng, with_end: bool) {
    let start = 1_760_000_000_000 + rng.below(1 << 33);
    json.raw(",\"timestamps\":{\"start\":").number(start);
    if with_end {
        json.raw(",\"end\":")
            .number(start + 120_000 + rng.below(240_000));
    }
    json.raw("}");
}

fn session(json: &mut Writer, rng: &mut Rng) {
    json.raw(",\"session_id\":").hash(rng, 0);
}

fn music(json: &mut Writer, rng: &mut Rng) {
    json.raw("{\"type\":2");
    timestamps(json, rng, true);
    json.raw(",\"sync_id\":\"");
    for _ in 0..22 {
        json.text.push(char::from(
            rng.pick(b"abcdefghijkLMNOPQRSTUVWXYZ0123456789"),
        ));
    }
    json.raw("\",\"state\":\"");
    name::words(json, rng, 2);
    json.raw("\"");
    session(json, rng);
    json.raw(",\"party\":{\"id\":\"spotify:")
        .number(rng.next() >> 4)
        .raw("\"}");
    json.raw(",\"name\":\"Spotify\",\"id\":\"spotify:1\",\"flags\":48,\"details\":\"");
    let length = 1 + rng.below(5);
    name::words(json, rng, length);
    json.raw("\"");
    created(json, rng);
    json.raw(",\"assets\":{\"large_text\":\"");
    name::words(json, rng, 2);
    json.raw("\",\"large_image\":\"spotify:ab67616d0000b273");
    json.number(rng.next()).raw("\"}}");
}

fn game(json: &mut Writer, rng: &mut Rng) {
    let title = rng.skewed(400);
    json.raw("{\"type\":0");
    timestamps(json, rng, false);
    let rich = rng.chance(500);
    if rich {
        json.raw(",\"state\":\"");
        name::words(json, rng, 2);
        json.raw("\"");
    }
    session(json, rng);
    if rich {
        let size = 1 + rng.below(4);
        json.raw(",\"party\":{\"size\":[")
            .number(size)
            .raw(",5],\"id\":\"");
        json.number(rng.next()).raw("\"}");
    }
    json.raw(",\"name\":\"");
    name::words(json, &mut Rng::new(title), 1 + title % 3);
    json.raw("\",\"id\":\"").number(rng.next() >> 20).raw("\"");
    if rich {
        json.raw(",\"details\":\"");
        name::words(json, rng, 3);
        json.raw("\"");
    }
    created(json, rng);
    if rich {
        json.raw(",\"assets\":{\"large_text\":\"");
        name::words(json, rng, 2);
        json.raw("\",\"large_image\":")
            .id(ids::emoji(title, 1))
            .raw("}");
    }
    json.raw(",\"application_id\":")
        .id(ids::emoji(title, 0))
        .raw("}");
}
