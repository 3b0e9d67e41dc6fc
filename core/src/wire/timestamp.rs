//! Points in time as the wire writes them.

use serde::{Deserialize, Serialize};

use super::Malformed;
use super::field::{Read, flat};
use super::json::{Reader, eight_digits, four_pairs};

/// A point in time, in microseconds since 1970-01-01T00:00:00Z; earlier ones are negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(i64);

flat!(Timestamp);

const DAY: i64 = 86_400;
const MICROS: i64 = 1_000_000;

impl Timestamp {
    /// The point `micros` microseconds after 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads ISO 8601 with a date, a time and an offset: `2023-09-01T14:48:02.222000+00:00`.
    ///
    /// The fraction may be missing; what is finer than a microsecond is cut off. `Z` is an
    /// offset. `None` for anything else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let usual = <&[u8; 32]>::try_from(bytes).ok().and_then(usual);
        usual.or_else(|| unusual(bytes))
    }
}

/// What stands between the digits of the usual form, in four words, and which bytes these are.
const MARKS: [(u64, u64); 4] = [
    mark(*b"\0\0\0\0-\0\0-"),
    mark(*b"\0\0T\0\0:\0\0"),
    mark(*b":\0\0.\0\0\0\0"),
    mark(*b"\0\0+00:00"),
];

const fn mark(bytes: [u8; 8]) -> (u64, u64) {
    let word = u64::from_le_bytes(bytes);
    let (mut mask, mut at) = (0, 0_u32);
    while at < 64 {
        if (word >> at) & 0xff != 0 {
            mask |= 0xff << at;
        }
        at = at.wrapping_add(8);
    }
    (word, mask)
}

/// Reads the form that servers write: with six digits of a fraction, in Greenwich.
#[inline]
fn usual(text: &[u8; 32]) -> Option<Timestamp> {
    let ([a, b, c, d], _) = text.as_chunks() else {
        return None;
    };
    let [a, b, c, d] = [a, b, c, d].map(|word| u64::from_le_bytes(*word));
    let words = [a, b, c, d].into_iter().zip(MARKS);
    let off = words.fold(0, |off, (word, (mark, mask))| off | ((word ^ mark) & mask));
    if off != 0 {
        return None;
    }
    let pair = |word: u64, shift: u32| word.wrapping_shr(shift) & 0xffff;
    let date = (a & 0xffff_ffff) | (pair(a, 40) << 32) | (pair(b, 0) << 48);
    let time = pair(b, 24) | (pair(b, 48) << 16) | (pair(c, 8) << 32) | (pair(c, 32) << 48);
    let micros = (pair(c, 48) << 32) | (pair(d, 0) << 48) | 0x3030_3030;
    let [century, year, month, day] = four_pairs(date)?;
    let [hour, minute, second, part] = four_pairs(time)?;
    let micros = eight_digits(micros)?.cast_signed();
    let year = century.wrapping_mul(100).wrapping_add(year);
    let micros = part.wrapping_mul(10_000).wrapping_add(micros);
    let sound = (1..=12).contains(&month)
        && (1..=month_length(year, month)).contains(&day)
        && (hour <= 23 && minute <= 59 && second <= 60);
    sound.then(|| point([year, month, day], [hour, minute, second], micros))
}

/// Reads any form.
#[cold]
fn unusual(text: &[u8]) -> Option<Timestamp> {
    let mut rest = Digits(text);
    let year = rest.number(4)?;
    rest.byte(b'-')?;
    let month = rest.within(2, 1, 12)?;
    rest.byte(b'-')?;
    let day = rest.within(2, 1, month_length(year, month))?;
    rest.byte(b'T')?;
    let hour = rest.within(2, 0, 23)?;
    rest.byte(b':')?;
    let minute = rest.within(2, 0, 59)?;
    rest.byte(b':')?;
    let second = rest.within(2, 0, 60)?;
    let fraction = rest.fraction()?;
    let second = second.wrapping_sub(rest.offset()?);
    Some(point([year, month, day], [hour, minute, second], fraction))
}

/// The point at a date and a time of day, both in Greenwich.
#[inline]
const fn point(date: [i64; 3], time: [i64; 3], micros: i64) -> Timestamp {
    let ([year, month, day], [hour, minute, second]) = (date, time);
    let minutes = hour.wrapping_mul(60).wrapping_add(minute);
    let seconds = minutes.wrapping_mul(60).wrapping_add(second);
    let seconds = days(year, month, day)
        .wrapping_mul(DAY)
        .wrapping_add(seconds);
    Timestamp(seconds.wrapping_mul(MICROS).wrapping_add(micros))
}

/// Days from 1970-01-01 to a day of the Gregorian calendar; years have four digits at most, so
/// that nothing overflows.
const fn days(year: i64, month: i64, day: i64) -> i64 {
    // March is the first month here: the leap day ends the year. Four hundred years more keep
    // everything above zero.
    let (year, month) = if month <= 2 {
        (year.wrapping_add(399), month.wrapping_add(9))
    } else {
        (year.wrapping_add(400), month.wrapping_sub(3))
    };
    let (year, month) = (year.cast_unsigned(), month.cast_unsigned());
    let leap_days = (year / 4).wrapping_sub(year / 100).wrapping_add(year / 400);
    let months = month.wrapping_mul(153).wrapping_add(2) / 5;
    let days = year
        .wrapping_mul(365)
        .wrapping_add(leap_days)
        .wrapping_add(months);
    days.cast_signed().wrapping_add(day).wrapping_sub(865_566)
}

const fn month_length(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        _ => 31,
    }
}

/// What is left of the text.
struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn next(&mut self) -> Option<u8> {
        let (&first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(first)
    }

    fn byte(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    fn digit(&mut self) -> Option<i64> {
        let digit = self.next()?.wrapping_sub(b'0');
        (digit <= 9).then_some(i64::from(digit))
    }

    fn number(&mut self, digits: u8) -> Option<i64> {
        let mut value = 0_i64;
        for _ in 0..digits {
            value = value.wrapping_mul(10).wrapping_add(self.digit()?);
        }
        Some(value)
    }

    fn within(&mut self, digits: u8, low: i64, high: i64) -> Option<i64> {
        self.number(digits)
            .filter(|value| (low..=high).contains(value))
    }

    /// Microseconds; zero if there is no point.
    fn fraction(&mut self) -> Option<i64> {
        if self.0.first() != Some(&b'.') {
            return Some(0);
        }
        self.next();
        let mut value = self.digit()?.wrapping_mul(MICROS / 10);
        let mut scale = MICROS / 100;
        while self.0.first().is_some_and(u8::is_ascii_digit) {
            value = value.wrapping_add(self.digit()?.wrapping_mul(scale));
            scale /= 10;
        }
        Some(value)
    }

    /// Seconds east of Greenwich, and the end.
    fn offset(&mut self) -> Option<i64> {
        let sign = match self.next()? {
            b'Z' => return self.0.is_empty().then_some(0),
            b'+' => 1_i64,
            b'-' => -1_i64,
            _ => return None,
        };
        let hours = self.within(2, 0, 23)?;
        self.byte(b':')?;
        let minutes = self.within(2, 0, 59)?;
        let seconds = hours
            .wrapping_mul(60)
            .wrapping_add(minutes)
            .wrapping_mul(60);
        self.0.is_empty().then_some(sign.wrapping_mul(seconds))
    }
}

impl<'i> Read<'i> for Timestamp {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        if let Some([b'"', text @ .., b'"']) = reader.ahead::<34>()
            && let Some(time) = usual(text)
        {
            reader.advance(34);
            return Ok(time);
        }
        let text = reader.text()?;
        let time = match text.as_plain() {
            Some(text) => Self::parse(text),
            None => Self::parse(&text.as_cow()),
        };
        time.ok_or_else(|| reader.fault("not a timestamp"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn micros(text: &str) -> Option<i64> {
        Timestamp::parse(text).map(Timestamp::as_micros)
    }

    #[test]
    fn known_points_in_time() {
        assert_eq!(micros("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(
            micros("2023-09-01T14:48:02.222000+00:00"),
            Some(1_693_579_682_222_000)
        );
        assert_eq!(
            micros("2024-02-29T23:59:59+00:00"),
            Some(1_709_251_199_000_000)
        );
        assert_eq!(
            micros("2000-01-01T00:30:00.5+01:30"),
            Some(946_681_200_500_000)
        );
        assert_eq!(micros("1969-12-31T23:59:59.999999999Z"), Some(-1));
        assert_eq!(
            micros("0000-03-01T00:00:00Z"),
            Some(-62_162_035_200_000_000)
        );
    }

    #[test]
    fn the_usual_form_is_read_as_any_other() {
        for text in [
            b"2023-09-01T14:48:02.222000+00:00",
            b"1969-12-31T23:59:60.000001+00:00",
            b"2024-02-29T00:00:00.999999+00:00",
        ] {
            assert!(usual(text).is_some());
            for place in 0..text.len() {
                for byte in 0..=127_u8 {
                    let mut other = *text;
                    other[place] = byte;
                    let one = usual(&other);
                    if !matches!(place, 26..) {
                        assert_eq!(one, unusual(&other), "{place} {byte}");
                    }
                    assert!(one.is_none() || one == unusual(&other), "{place} {byte}");
                }
            }
        }
    }

    #[test]
    fn days_follow_one_another_for_centuries() {
        let mut expected = days(1600, 1, 1);
        for year in 1600..2400 {
            for month in 1..=12 {
                for day in 1..=month_length(year, month) {
                    assert_eq!(days(year, month, day), expected);
                    expected += 1;
                }
            }
        }
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "now",
            "2023-09-01T14:48:02.22200x+00:00",
            "2023-02-29T14:48:02.222000+00:00",
            "2023-00-01T14:48:02.222000+00:00",
            "2023-09-01T14:48:61.222000+00:00",
            "2023-09-01T14:60:02+00:00",
            "2023-09-01T24:48:02+00:00",
            "202/-09-01T14:48:02+00:00",
            "2023-09-01",
            "2023-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2023-09-01T24:00:00Z",
            "2023-09-01T00:00:00",
            "2023-09-01T00:00:00.Z",
            "2023-09-01T00:00:00Zx",
            "2023-09-01T00:00:00+0000",
            "2023-09-01 00:00:00Z",
            "+023-09-01T00:00:00Z",
        ] {
            assert_eq!(micros(text), None, "{text}");
        }
    }
}
