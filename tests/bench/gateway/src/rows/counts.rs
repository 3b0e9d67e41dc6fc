//! Rows that are counted in processes of their own: instructions, bytes, allocations.

use super::Setup;
use crate::inner;
use crate::library::Which;
use crate::measure::{Figure, Figures};
use crate::row::{Part, Row, Target, Unit};

/// What the work counts with each library.
pub fn figures(libraries: &[Which], work: &str, count: u64) -> Result<Figures, String> {
    let figure = |&which: &Which| Ok((which, Figure::exact(inner::run(work, which, count)?)));
    libraries.iter().map(figure).collect()
}

/// The row, or why there is none.
pub fn row(key: &'static str, parts: Result<Vec<Part>, String>) -> Row {
    match parts {
        Ok(parts) => Row {
            key,
            parts,
            missing: None,
        },
        Err(error) => {
            let line = error
                .lines()
                .find(|line| !line.trim().is_empty())
                .unwrap_or("no answer");
            Row {
                key,
                parts: Vec::new(),
                missing: Some(line.to_owned()),
            }
        }
    }
}

/// The instructions of one of `count` things with each library.
pub fn instructions(
    setup: &Setup,
    libraries: &[Which],
    work: &str,
    count: u64,
) -> Result<Figures, String> {
    let one = |&which: &Which| {
        let total = inner::instructions(work, which, count, &setup.profile)?;
        Ok((which, Figure::exact(total / count as f64)))
    };
    libraries.iter().map(one).collect()
}

/// Instructions a member of a chunk.
pub fn member_instructions(setup: &Setup) -> Row {
    let members = setup.scale.counted * 1_000;
    let part = |figures| Part {
        title: "instructions a member (callgrind)".to_owned(),
        unit: Unit::Instructions,
        target: Target::AtMost {
            must: 6_000.0,
            aim: 3_500.0,
        },
        figures,
    };
    let figures = instructions(setup, setup.all(), "instructions-member", members);
    row(
        "member_instructions",
        figures.map(|figures| vec![part(figures)]),
    )
}

/// Bytes a member with its user, where hash tables are almost full, just doubled, and beyond.
pub fn member_bytes(setup: &Setup) -> Row {
    let part = |members: u64| {
        Ok(Part {
            title: format!("bytes a member with its user, at {members}"),
            unit: Unit::Bytes,
            target: Target::AtMost {
                must: 150.0,
                aim: 110.0,
            },
            figures: figures(setup.caches(), "bytes-member", members)?,
        })
    };
    row(
        "member_bytes",
        setup.scale.sizes.into_iter().map(part).collect(),
    )
}

/// Bytes a presence with its activities.
pub fn presence_bytes(setup: &Setup) -> Row {
    let figures = figures(setup.caches(), "bytes-presence", setup.scale.presences);
    let part = |figures| Part {
        title: "bytes a presence with its activities".to_owned(),
        unit: Unit::Bytes,
        target: Target::AtMost {
            must: 300.0,
            aim: 200.0,
        },
        figures,
    };
    row("presence_bytes", figures.map(|figures| vec![part(figures)]))
}

/// Allocations a new member, a known member that comes again, and an event.
pub fn allocations(setup: &Setup) -> Row {
    let scale = &setup.scale;
    let of = [
        (
            "a new member of a chunk",
            "allocations-member",
            scale.chunks * 1_000,
        ),
        (
            "a known member of a chunk",
            "allocations-again",
            scale.chunks * 1_000,
        ),
        (
            "an event of the steady mix",
            "allocations-event",
            scale.events,
        ),
    ];
    let part = |(what, work, count): (&str, &str, u64)| {
        Ok(Part {
            title: format!("allocations, {what}"),
            unit: Unit::Allocations,
            target: Target::AtMost {
                must: 0.2,
                aim: 0.02,
            },
            figures: figures(setup.all(), work, count)?,
        })
    };
    row("allocations", of.into_iter().map(part).collect())
}
