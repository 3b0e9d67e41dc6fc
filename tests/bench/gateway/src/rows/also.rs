//! Rows below the table.

use super::{Setup, counts};
use crate::inner;
use crate::library::Which;
use crate::measure::{Figure, Figures};
use crate::row::{Part, Row, Target, Unit};

/// Instructions an event of the steady mix, and of those of one kind alone.
pub fn steady_instructions(setup: &Setup) -> Row {
    let events = setup.scale.counted * 1_000;
    let one = |libraries, of: &str, work| -> Result<Part, String> {
        let title = format!("instructions {of} (callgrind)");
        let figures = counts::instructions(setup, libraries, work, events)?;
        Ok(part(&title, Unit::Instructions, Target::Shown, figures))
    };
    let pair = setup.pair();
    let parts = || {
        Ok(vec![
            one(
                setup.all(),
                "an event of the steady mix",
                "instructions-event",
            )?,
            one(pair, "a voice state", "instructions-voice")?,
            one(pair, "a presence", "instructions-presence")?,
            one(
                pair,
                "a presence or typing that nobody wants",
                "instructions-unwanted",
            )?,
        ])
    };
    counts::row("steady_instructions", parts())
}

/// The longest that one chunk takes while a cache grows: by far for us, and as far as the peers
/// fit into memory for everybody.
pub fn growth_stall(setup: &Setup) -> Row {
    let part = |libraries, members: u64, target| -> Result<Part, String> {
        let title = format!("worst chunk of 1,000 while loading {members} members into a guild");
        let figures = counts::figures(libraries, "worst-mutation", members)?;
        Ok(part(&title, Unit::Nanoseconds, target, figures))
    };
    let parts = || {
        Ok(vec![
            part(Which::ALONE, setup.scale.growth, Target::Limit(20e6))?,
            part(setup.caches(), setup.scale.sizes[2], Target::Shown)?,
        ])
    };
    counts::row("growth_stall", parts())
}

/// What is left of the bytes of a guild that went.
pub fn given_back(setup: &Setup) -> Row {
    let members = setup.scale.sizes[1];
    let title = format!("left of the bytes of a guild of {members} members that went");
    let figures = counts::figures(setup.caches(), "kept-after-delete", members);
    let part = |figures| vec![part(&title, Unit::Share, Target::Limit(0.1), figures)];
    counts::row("given_back", figures.map(part))
}

/// What a long run of updates makes of the bytes.
pub fn update_growth(setup: &Setup) -> Row {
    let updates = setup.scale.updates;
    let title = format!("bytes after {updates} updates over a tenth as many members");
    let bytes = inner::run("growth-by-updates", Which::Ours, updates).map(Figure::exact);
    let figures = |figure| Figures::from([(Which::Ours, figure)]);
    let part = |figure| {
        let target = Target::Limit(1.1);
        vec![part(&title, Unit::Share, target, figures(figure))]
    };
    counts::row("update_growth", bytes.map(part))
}

fn part(title: &str, unit: Unit, target: Target, figures: Figures) -> Part {
    Part {
        title: title.to_owned(),
        unit,
        target,
        figures,
    }
}
