//! Rows about what outlives the process.

use super::Setup;
use super::counts::{figures, row};
use crate::library::Which;
use crate::row::{Part, Row, Target, Unit};

/// A snapshot of the store: how it is written, and how it is read.
pub fn snapshot(setup: &Setup) -> Row {
    let members = setup.scale.sizes[1];
    let per_million = members as f64 / 1e6;
    let part = |title: &str, unit, target, work, count| {
        let figures = figures(Which::ALONE, work, count);
        figures.map(|figures| Part {
            title: format!("snapshot: {title}"),
            unit,
            target,
            figures,
        })
    };
    let at_most = |must, aim| Target::AtMost { must, aim };
    let nanos = Unit::Nanoseconds;
    let parts = || {
        Ok(vec![
            part(
                &format!("{members} members read back"),
                nanos,
                at_most(1e9 * per_million, 3e8 * per_million),
                "snapshot-restore",
                members,
            )?,
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
        ])
    };
    row("snapshot", parts())
}
