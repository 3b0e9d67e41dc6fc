//! Whole guilds.

use super::{ROLES, Rng, World, Writer, channel, ids, member, name, presence, role};

/// How many rows of each kind.
#[derive(Clone, Copy)]
pub struct Size {
    members: u64,
    presences: u64,
    voices: u64,
    roles: u64,
    channels: u64,
    emojis: u64,
}

/// With members inline.
pub const FULL: Size = Size {
    members: 50,
    presences: 34,
    voices: 3,
    roles: 20,
    channels: 30,
    emojis: 20,
};

/// With members to come in chunks.
pub const BARE: Size = Size {
    members: 0,
    presences: 0,
    voices: 0,
    roles: ROLES,
    channels: 30,
    emojis: 20,
};

/// The keys come in an order that differs from guild to guild, as a hash table gives them.
pub fn write(json: &mut Writer, world: World, guild: u64, size: Size) {
    let mut rng = world.rng(&[7, guild]);
    let mut parts = lists(world, guild, size);
    parts.extend(texts(&mut rng, guild));
    parts.extend(PLAIN.iter().map(|&(key, value)| (key, value.to_owned())));
    rng.shuffle(&mut parts);
    json.raw("{").list(parts, |json, (key, value)| {
        json.raw("\"").raw(key).raw("\":").raw(&value);
    });
    json.raw("}");
}

fn text(write: impl FnOnce(&mut Writer)) -> String {
    let mut json = Writer::default();
    write(&mut json);
    json.text
}

fn array(count: u64, mut write: impl FnMut(&mut Writer, u64)) -> String {
    text(|json| {
        _ = json
            .raw("[")
            .list(0..count, |json, at| write(json, at))
            .raw("]")
    })
}

fn lists(world: World, guild: u64, size: Size) -> Vec<(&'static str, String)> {
    let user = |at: u64| guild * 50 + at;
    vec![
        (
            "members",
            array(size.members, |json, at| {
                member::write(json, world, guild, user(at), 0)
            }),
        ),
        (
            "presences",
            array(size.presences, |json, at| {
                presence::inside(json, world, guild, user(at))
            }),
        ),
        (
            "voice_states",
            array(size.voices, |json, at| voice(json, guild, user(at))),
        ),
        (
            "roles",
            array(size.roles, |json, at| role::write(json, world, guild, at)),
        ),
        (
            "channels",
            array(size.channels, |json, at| {
                channel::write(json, world, guild, at)
            }),
        ),
        (
            "emojis",
            array(size.emojis, |json, at| emoji(json, world, guild, at)),
        ),
        ("stickers", array(2, |json, at| sticker(json, guild, at))),
        (
            "member_count",
            text(|json| _ = json.number(size.members.max(1))),
        ),
        ("large", text(|json| _ = json.bool(size.members == 0))),
    ]
}

/// A voice state inside the guild.
fn voice(json: &mut Writer, guild: u64, user: u64) {
    json.raw("{\"user_id\":").id(ids::user(user));
    json.raw(",\"suppress\":false,\"session_id\":")
        .hash(&mut Rng::new(user), 0);
    json.raw(",\"self_video\":false,\"self_mute\":true,\"self_deaf\":false");
    json.raw(",\"request_to_speak_timestamp\":null,\"mute\":false,\"deaf\":false");
    json.raw(",\"channel_id\":")
        .id(ids::channel(guild, 1))
        .raw("}");
}

fn emoji(json: &mut Writer, world: World, guild: u64, emoji: u64) {
    let mut rng = world.rng(&[8, guild, emoji]);
    json.raw("{\"version\":0,\"roles\":[],\"require_colons\":true,\"name\":");
    name::unique(json, &mut rng);
    json.raw(",\"managed\":false,\"id\":")
        .id(ids::emoji(guild, emoji));
    json.raw(",\"available\":true,\"animated\":")
        .bool(rng.chance(300))
        .raw("}");
}

fn sticker(json: &mut Writer, guild: u64, sticker: u64) {
    json.raw("{\"type\":2,\"tags\":\"wave\",\"name\":\"sticker ")
        .number(sticker);
    json.raw("\",\"id\":")
        .id(ids::emoji(guild, 1_000 + sticker));
    json.raw(",\"guild_id\":").id(ids::guild(guild));
    json.raw(",\"format_type\":1,\"description\":\"made for us\",\"available\":true");
    json.raw(",\"asset\":\"\"}");
}

fn texts(rng: &mut Rng, guild: u64) -> Vec<(&'static str, String)> {
    let channel = |at: u64| text(|json| _ = json.id(ids::channel(guild, at)));
    vec![
        ("id", text(|json| _ = json.id(ids::guild(guild)))),
        ("name", text(|json| name::shown(json, rng))),
        ("owner_id", text(|json| _ = json.id(ids::user(guild * 50)))),
        ("icon", text(|json| _ = json.hash(rng, 200))),
        ("splash", text(|json| _ = json.hash(rng, 0))),
        (
            "description",
            text(|json| {
                json.raw("\"");
                name::words(json, rng, 9);
                json.raw("\"");
            }),
        ),
        ("system_channel_id", channel(2)),
        ("rules_channel_id", channel(3)),
        ("afk_channel_id", channel(1)),
        (
            "features",
            "[\"COMMUNITY\",\"NEWS\",\"INVITE_SPLASH\",\"ANIMATED_ICON\"]".to_owned(),
        ),
        ("premium_subscription_count", rng.below(20).to_string()),
    ]
}

const PLAIN: &[(&str, &str)] = &[
    ("afk_timeout", "300"),
    ("application_command_counts", "{\"1\":12}"),
    ("application_id", "null"),
    ("banner", "null"),
    ("default_message_notifications", "1"),
    ("discovery_splash", "null"),
    ("embedded_activities", "[]"),
    ("explicit_content_filter", "2"),
    ("guild_scheduled_events", "[]"),
    ("home_header", "null"),
    ("hub_type", "null"),
    ("incidents_data", "null"),
    ("joined_at", "\"2024-02-03T04:05:06.789000+00:00\""),
    ("latest_onboarding_question_id", "null"),
    ("lazy", "true"),
    ("max_members", "500000"),
    ("max_stage_video_channel_users", "50"),
    ("max_video_channel_users", "25"),
    ("mfa_level", "1"),
    ("nsfw", "false"),
    ("nsfw_level", "0"),
    ("owner_configured_content_level", "0"),
    ("preferred_locale", "\"en-US\""),
    ("premium_progress_bar_enabled", "false"),
    ("premium_tier", "2"),
    ("public_updates_channel_id", "null"),
    ("region", "\"deprecated\""),
    ("safety_alerts_channel_id", "null"),
    ("soundboard_sounds", "[]"),
    ("stage_instances", "[]"),
    ("system_channel_flags", "4"),
    ("threads", "[]"),
    ("unavailable", "false"),
    ("vanity_url_code", "null"),
    ("verification_level", "3"),
    ("version", "1760000000000"),
];
