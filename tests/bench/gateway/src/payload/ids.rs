//! Snowflakes.

/// How many different users there may be.
const USERS: u64 = 1 << 24;

const fn snowflake(millis: u64, low: u64) -> u64 {
    (millis << 22) | (low & 0x3f_ffff)
}

/// Ids of neighbours are far apart, as the order of a chunk tells nothing of the order of ids.
pub const fn user(user: u64) -> u64 {
    let place = (user * 0x9e37_79b1) % USERS;
    snowflake(
        10_000_000_000 + place * 20_000 + place % 19_997,
        place * 131,
    )
}

pub const fn guild(guild: u64) -> u64 {
    snowflake(60_000_000_000 + guild * 7_000_003, guild * 257)
}

pub const fn role(guild: u64, role: u64) -> u64 {
    snowflake(61_000_000_000 + guild * 7_000_003 + role * 86_413, role)
}

pub const fn channel(guild: u64, channel: u64) -> u64 {
    snowflake(
        62_000_000_000 + guild * 7_000_003 + channel * 96_411,
        channel,
    )
}

pub const fn thread(guild: u64, thread: u64) -> u64 {
    snowflake(270_000_000_000 + guild * 7_000_003 + thread * 6_151, thread)
}

pub const fn emoji(guild: u64, emoji: u64) -> u64 {
    snowflake(63_000_000_000 + guild * 7_000_003 + emoji * 91_415, emoji)
}

pub const fn message(number: u64) -> u64 {
    snowflake(280_000_000_000 + number * 911, number)
}
