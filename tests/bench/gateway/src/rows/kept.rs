//! Rows about what outlives the process.

use super::Setup;
use super::counts::{figures, row};
use crate::library::Which;
use crate::row::{Part, Row, Target, Unit};

/// A snapshot of the store: how it is written, and how it is read.
pub fn snapshot(setup: &Setup) -> Row {
    let members = setup.scale.sizes[1];
    let read_back = restore(members, 1e9, 3e8);
    let parts = || {
        let mut parts = vec![read_back?];
        parts.extend(written(members)?);
        parts.extend(portable(members)?);
        Ok(parts)
    };
    row("snapshot", parts())
}

/// One that is ten times as large.
pub fn snapshot_large(setup: &Setup) -> Row {
    let part = restore(setup.scale.growth, 1e9, 4e8);
    row("snapshot_large", part.map(|part| vec![part]))
}

/// Reading so many members, in so many nanoseconds a million.
fn restore(members: u64, must: f64, aim: f64) -> Result<Part, String> {
    let millions = members as f64 / 1e6;
    let target = Target::AtMost {
        must: must * millions,
        aim: aim * millions,
    };
    let title = format!("{members} members read back");
    part(
        &title,
        Unit::Nanoseconds,
        target,
        "snapshot-restore",
        members,
    )
}

fn written(members: u64) -> Result<[Part; 5], String> {
    let at_most = |must, aim| Target::AtMost { must, aim };
    let nanos = Unit::Nanoseconds;
    Ok([
        part(
            "bytes a member with its user",
            Unit::Bytes,
            at_most(130.0, 110.0),
            "snapshot-bytes",
            members,
        )?,
        part(
            "longest hold, guilds of 10,000 members",
            nanos,
            at_most(2e6, 1e6),
            "snapshot-hold",
            members,
        )?,
        part(
            "hold that 99 % do not exceed, by the wall",
            nanos,
            Target::Shown,
            "snapshot-hold-wall",
            members,
        )?,
        part(
            &format!("longest hold, one guild of {members} members"),
            nanos,
            Target::Shown,
            "snapshot-hold-one",
            members,
        )?,
        part(
            "time of the steady mix while one is written after another, against none",
            Unit::Times,
            at_most(1.0 / 0.9, 1.0 / 0.98),
            "snapshot-beside",
            members,
        )?,
    ])
}

fn portable(members: u64) -> Result<[Part; 3], String> {
    let shown = |title: &str, unit, work| part(title, unit, Target::Shown, work, members);
    let nanos = Unit::Nanoseconds;
    let (wrote, read) = (
        format!("{members} members written in the portable form"),
        format!("{members} members read back from the portable form"),
    );
    Ok([
        shown(&wrote, nanos, "snapshot-portable")?,
        shown(
            "bytes a member with its user, portable",
            Unit::Bytes,
            "snapshot-portable-bytes",
        )?,
        shown(&read, nanos, "snapshot-portable-restore")?,
    ])
}

fn part(title: &str, unit: Unit, target: Target, work: &str, count: u64) -> Result<Part, String> {
    let figures = figures(Which::ALONE, work, count)?;
    Ok(Part {
        title: format!("snapshot: {title}"),
        unit,
        target,
        figures,
    })
}
