//! Timestamps as text.

use super::{Rng, Writer};

/// Some time from 2016 to 2025, one in ten without a fraction.
pub fn past(json: &mut Writer, rng: &mut Rng) {
    let seconds = 1_451_606_400 + rng.below(300_000_000);
    let fraction = (!rng.chance(100)).then(|| rng.below(1_000_000));
    write(json, seconds, fraction);
}

/// A time in 2027.
pub fn future(json: &mut Writer, rng: &mut Rng) {
    write(
        json,
        1_800_000_000 + rng.below(8_000_000),
        Some(rng.below(1_000) * 1_000),
    );
}

fn write(json: &mut Writer, seconds: u64, fraction: Option<u64>) {
    let (year, month, day) = civil(seconds / 86_400);
    json.raw("\"")
        .padded(year, 4)
        .raw("-")
        .padded(month, 2)
        .raw("-")
        .padded(day, 2);
    let (hour, minute, second) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    json.raw("T")
        .padded(hour, 2)
        .raw(":")
        .padded(minute, 2)
        .raw(":")
        .padded(second, 2);
    if let Some(fraction) = fraction {
        json.raw(".").padded(fraction, 6);
    }
    json.raw("+00:00\"");
}

/// Year, month and day of a day since 1970.
fn civil(mut day: u64) -> (u64, u64, u64) {
    let mut year = 1970;
    while day >= days_of(year) {
        day -= days_of(year);
        year += 1;
    }
    let mut month = 1;
    for days in [
        31,
        days_of(year) - 337,
        31,
        30,
        31,
        30,
        31,
        31,
        30,
        31,
        30,
        31,
    ] {
        if day < days {
            break;
        }
        day -= days;
        month += 1;
    }
    (year, month, day + 1)
}

const fn days_of(year: u64) -> u64 {
    if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) {
        366
    } else {
        365
    }
}
