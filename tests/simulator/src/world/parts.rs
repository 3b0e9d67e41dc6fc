//! What a guild consists of beside people: roles, channels, emojis and smaller things.
use crate::json::{Escaped, Id, Null, Writer};
use crate::rng::Rng;
use crate::snowflake::{Part, Time, message_id, part_id};
use crate::world::guild::Guild;
use crate::world::name;
use crate::world::user::Image;

fn rng(seed: u64, id: u64) -> Rng {
    Rng::of(&[seed, id, 5])
}

/// The id of the guild's role; role 0 is `@everyone`.
pub(crate) fn role_id(guild: &Guild, number: u32) -> u64 {
    if number == 0 {
        guild.id()
    } else {
        part_id(guild.number(), Part::Role, number)
    }
}

/// Writes one role.
pub(crate) fn role(seed: u64, guild: &Guild, number: u32, w: &mut Writer) {
    let id = role_id(guild, number);
    let mut rng = rng(seed, id ^ u64::from(guild.roles.revision(number)));
    let color = rng.below(0x100_0000);
    w.field("version", 1_700_000_000_000 + rng.below(1_000_000));
    w.field("unicode_emoji", Null);
    w.object("tags", |w| {
        if number == 1 {
            w.field("premium_subscriber", Null);
        }
    });
    w.field("position", number);
    w.field("permissions", (rng.next() >> 14).to_string().as_str());
    let shown = name::shown(&mut rng);
    w.field(
        "name",
        if number == 0 {
            "@everyone"
        } else {
            shown.as_str()
        },
    );
    w.field("mentionable", rng.percent(30));
    w.field("managed", number == 1);
    w.field("id", Id(id));
    w.field("icon", Null);
    w.field("hoist", rng.percent(30));
    w.field("flags", 0_u32);
    w.object("colors", |w| {
        w.field("tertiary_color", Null);
        w.field("secondary_color", Null);
        w.field("primary_color", color);
    });
    w.field("color", color);
}

/// The id of the guild's channel.
pub(crate) fn channel_id(guild: &Guild, number: u32) -> u64 {
    part_id(guild.number(), Part::Channel, number)
}

/// Writes one channel; with its guild's id outside `GUILD_CREATE`. The first is a category, the
/// last six are for voice, the others for text.
pub(crate) fn channel(seed: u64, guild: &Guild, number: u32, alone: bool, w: &mut Writer) {
    let id = channel_id(guild, number);
    let mut rng = rng(seed, id ^ u64::from(guild.channels.revision(number)));
    let planned = guild.channel_count();
    let kind = match number {
        0 => 4_u32,
        _ if number < planned && number + 6 >= planned => 2,
        _ => 0,
    };
    w.field("version", 1_700_000_000_000 + rng.below(1_000_000));
    if kind == 2 {
        w.field("user_limit", 0_u32);
    }
    w.field("type", kind);
    if kind == 0 {
        let words = rng.below(14);
        w.field(
            "topic",
            rng.percent(60)
                .then(|| name::words(&mut rng, words))
                .as_ref(),
        );
    }
    if kind == 2 {
        w.field("rtc_region", Null);
    }
    if kind != 4 {
        w.field("rate_limit_per_user", 0_u32);
    }
    w.field("position", number);
    w.list("permission_overwrites", |w| overwrites(guild, &mut rng, w));
    w.field(
        "parent_id",
        (number > 0 && guild.channels.has(0)).then(|| Id(channel_id(guild, 0))),
    );
    if kind != 4 {
        w.field("nsfw", false);
    }
    w.field("name", name::account(&mut rng).as_str());
    if kind == 0 {
        w.field("last_pin_timestamp", Time::of(id));
    }
    if kind != 4 {
        w.field(
            "last_message_id",
            rng.percent(80).then(|| Id(message_id(rng.below(1 << 30)))),
        );
    }
    w.field("id", Id(id));
    w.field("icon_emoji", Null);
    if alone {
        w.field("guild_id", Id(guild.id()));
    }
    w.field("flags", 0_u32);
    if kind == 2 {
        w.field("bitrate", 64_000_u32);
    }
}

/// The id of the guild's thread.
pub(crate) fn thread_id(guild: &Guild, number: u32) -> u64 {
    part_id(guild.number(), Part::Thread, number)
}

/// Writes one thread.
pub(crate) fn thread(seed: u64, guild: &Guild, number: u32, w: &mut Writer) {
    let id = thread_id(guild, number);
    let mut rng = rng(seed, id ^ u64::from(guild.threads.revision(number)));
    w.field("type", 11_u32);
    w.field("total_message_sent", 0_u32);
    w.object("thread_metadata", |w| {
        w.field("locked", false);
        w.field("create_timestamp", Time::of(id));
        w.field("auto_archive_duration", 4320_u32);
        w.field("archived", false);
        w.field("archive_timestamp", Time::of(id));
    });
    w.field("rate_limit_per_user", 0_u32);
    w.field("parent_id", guild.parent_of(number).map(Id));
    w.field("owner_id", Id(guild.id() + 1));
    w.field("name", name::words(&mut rng, 3).as_str());
    w.field("message_count", 0_u32);
    w.field("member_count", 1_u32);
    w.field("last_message_id", Null);
    w.field("id", Id(id));
    w.field("guild_id", Id(guild.id()));
    w.field("flags", 0_u32);
}

/// What is drawn does not depend on which roles are still there.
fn overwrites(guild: &Guild, rng: &mut Rng, w: &mut Writer) {
    for number in 0..guild.role_count().min(1 + rng.below(5) as u32) {
        let (deny, allow) = (rng.next() >> 20, rng.next() >> 30);
        if guild.roles.has(number) {
            w.entry(|w| {
                w.field("type", 0_u32);
                w.field("id", Id(role_id(guild, number)));
                w.field("deny", deny.to_string().as_str());
                w.field("allow", allow.to_string().as_str());
            });
        }
    }
}

/// Writes one emoji.
pub(crate) fn emoji(seed: u64, guild: &Guild, number: u32, w: &mut Writer) {
    let id = part_id(guild.number(), Part::Emoji, number);
    let mut rng = rng(seed, id);
    w.field("version", 0_u32);
    w.list("roles", |_| {});
    w.field("require_colons", true);
    w.field("name", name::account(&mut rng).as_str());
    w.field("managed", false);
    w.field("id", Id(id));
    w.field("available", true);
    w.field("animated", rng.percent(30));
}

/// Writes one sticker.
pub(crate) fn sticker(seed: u64, guild: &Guild, number: u32, w: &mut Writer) {
    let id = part_id(guild.number(), Part::Sticker, number);
    let mut rng = rng(seed, id);
    w.field("version", 1_700_000_000_000 + rng.below(1_000_000));
    w.field("type", 2_u32);
    w.field("tags", Escaped("🙂"));
    w.field("name", name::account(&mut rng).as_str());
    w.field("id", Id(id));
    w.field("guild_id", Id(guild.id()));
    w.field("format_type", 1_u32);
    w.field("description", name::words(&mut rng, 4).as_str());
    w.field("available", true);
    w.field("asset", "");
}

/// Writes one sound of the guild's board.
pub(crate) fn sound(seed: u64, guild: &Guild, number: u32, w: &mut Writer) {
    let id = part_id(guild.number(), Part::Sound, number);
    let mut rng = rng(seed, id);
    w.field("volume", 0.5 + rng.below(5) as f64 / 10.0);
    w.field("user_id", Id(guild.id() + 1));
    w.field("sound_id", Id(id));
    w.field("name", name::account(&mut rng).as_str());
    w.field("guild_id", Id(guild.id()));
    w.field("emoji_name", "🔊");
    w.field("emoji_id", Null);
    w.field("available", true);
}

/// Writes one scheduled event.
pub(crate) fn event(seed: u64, guild: &Guild, number: u32, w: &mut Writer) {
    let id = part_id(guild.number(), Part::Event, number);
    let mut rng = rng(seed, id);
    let start = Time::of(id).plus(rng.below(100_000_000_000));
    w.field("user_count", rng.below(50));
    w.field("status", 1_u32);
    w.field("scheduled_start_time", start);
    w.field("scheduled_end_time", start.plus(3_600_000));
    w.field("recurrence_rule", Null);
    w.field("privacy_level", 2_u32);
    w.field("name", name::words(&mut rng, 3).as_str());
    w.field("image", rng.percent(50).then(|| Image::draw(&mut rng)));
    w.field("id", Id(id));
    w.field("guild_id", Id(guild.id()));
    w.field("entity_type", 3_u32);
    w.object("entity_metadata", |w| {
        w.field("location", name::words(&mut rng, 2).as_str());
    });
    w.field("entity_id", Null);
    w.field("description", name::words(&mut rng, 12).as_str());
    w.field("creator_id", Id(guild.id() + 1));
    w.field("channel_id", Null);
}
