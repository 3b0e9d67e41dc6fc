//! Ids that carry their time of creation, and times as the wire writes them.
use crate::json::Value;
use crate::rng::scramble;

/// Milliseconds from 1970 to the ids' own epoch, 2015-01-01.
const EPOCH: u64 = 1_420_070_400_000;
const USERS: u64 = 100_000_000_000;
const GUILDS: u64 = 150_000_000_000;
const PARTS: u64 = 250_000_000_000;
const MESSAGES: u64 = 370_000_000_000;
/// User numbers that belong to one guild alone, and to the pool that guilds share.
const USERS_PER_GUILD: u64 = 1 << 20;
const PARTS_PER_GUILD: u64 = 4096;

/// The id of the guild with this number, the same in every world. Consecutive numbers fall on
/// consecutive shards, for any number of shards.
#[must_use]
pub fn guild_id(number: u32) -> u64 {
    compose(GUILDS + u64::from(number))
}

/// The user that guilds share under this number.
pub(crate) fn shared_user_id(number: u32) -> u64 {
    compose(USERS + u64::from(number))
}

/// A user who is in this guild only.
pub(crate) fn own_user_id(guild: u32, number: u32) -> u64 {
    compose(USERS + (u64::from(guild) + 1) * USERS_PER_GUILD + u64::from(number))
}

/// Whether a user of some world may have this id.
pub(crate) fn is_user(id: u64) -> bool {
    let time = id >> 22;
    (USERS..GUILDS).contains(&time) && compose(time) == id
}

/// What a guild consists of, beside its members.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part {
    Role,
    Channel,
    Emoji,
    Sticker,
    Sound,
    Event,
    Thread,
}

/// The id of the guild's `number`th part of a kind. Those of the same time differ in their last
/// bits.
pub(crate) fn part_id(guild: u32, part: Part, number: u32) -> u64 {
    let offset = (part as u64) * 512 + u64::from(number % 512);
    let first = compose(PARTS + u64::from(guild) * PARTS_PER_GUILD + offset);
    first ^ u64::from(number / 512)
}

/// The id of the `number`th message of the world.
pub(crate) fn message_id(number: u64) -> u64 {
    compose(MESSAGES + number)
}

fn compose(time: u64) -> u64 {
    (time << 22) | (scramble(time) & 0x3F_FFFF)
}

/// A point in time, in milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Time(pub(crate) u64);

impl Time {
    /// When the thing with this id was created.
    pub(crate) fn of(id: u64) -> Self {
        Self((id >> 22) + EPOCH)
    }

    /// This time, `millis` later.
    pub(crate) fn plus(self, millis: u64) -> Self {
        Self(self.0 + millis)
    }
}

impl Value for Time {
    fn write(&self, out: &mut String) {
        let (year, month, day) = date(self.0 / 86_400_000);
        let rest = self.0 % 86_400_000;
        out.push('"');
        digits(out, year, 4);
        for (mark, part) in [
            ('-', month),
            ('-', day),
            ('T', rest / 3_600_000),
            (':', rest / 60_000 % 60),
            (':', rest / 1000 % 60),
        ] {
            out.push(mark);
            digits(out, part, 2);
        }
        if !rest.is_multiple_of(1000) {
            out.push('.');
            digits(out, rest % 1000 * 1000, 6);
        }
        out.push_str("+00:00\"");
    }
}

/// Writes a number with leading zeros to this width.
fn digits(out: &mut String, number: u64, width: u32) {
    for place in (0..width).rev() {
        out.push(char::from(b'0' + (number / 10_u64.pow(place) % 10) as u8));
    }
}

/// The civil date of a number of days since 1970, by eras of 400 years that start in March.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * march + 2) / 5 + 1;
    let month = if march < 10 { march + 3 } else { march - 9 };
    (era * 400 + year + u64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(time: u64) -> String {
        let mut out = String::new();
        Time(time).write(&mut out);
        out
    }

    #[test]
    fn times_are_written_as_on_the_wire() {
        assert_eq!(
            text(1_693_579_682_222),
            "\"2023-09-01T14:48:02.222000+00:00\""
        );
        assert_eq!(text(951_782_400_000), "\"2000-02-29T00:00:00+00:00\"");
        assert_eq!(
            text(1_420_070_399_999),
            "\"2014-12-31T23:59:59.999000+00:00\""
        );
    }

    #[test]
    fn no_two_parts_of_a_guild_have_one_id() {
        let numbers = (0..5_000)
            .flat_map(|number| [Part::Role, Part::Channel].map(|part| part_id(3, part, number)));
        let ids: std::collections::BTreeSet<u64> = numbers.collect();
        assert_eq!(ids.len(), 10_000);
    }

    #[test]
    fn guilds_spread_over_any_number_of_shards() {
        for shards in 1..20_u64 {
            let mut seen: Vec<u64> = (0..shards as u32)
                .map(|number| (guild_id(number) >> 22) % shards)
                .collect();
            seen.sort_unstable();
            assert_eq!(seen, (0..shards).collect::<Vec<_>>());
        }
    }
}
