//! Rows about what users feel beside the large guilds: messages, small guilds, policies, other
//! forms of the same payloads, and how long the store is held.

use super::Setup;
use super::counts::{figures, instructions, row};
use crate::library::Which;
use crate::measure::{Figure, Figures};
use crate::row::{Part, Row, Target, Unit};

/// Instructions an event of the mix with messages when this row was made.
const MIXED_THEN: f64 = 11_718.0;

fn part(
    title: &str,
    unit: Unit,
    target: Target,
    figures: Result<Figures, String>,
) -> Result<Part, String> {
    figures.map(|figures| Part {
        title: title.to_owned(),
        unit,
        target,
        figures,
    })
}

const fn at_most(must: f64, aim: f64) -> Target {
    Target::AtMost { must, aim }
}

/// Mixes of events over 1,002 guilds and over 40, with their messages cached and without, and
/// events about messages alone.
pub fn messages(setup: &Setup) -> Row {
    let counted = setup.scale.counted * 1_000;
    let events = setup.scale.events;
    let pair = setup.pair();
    let target = at_most(0.74 * MIXED_THEN, 0.5 * MIXED_THEN);
    let counts = |title, work, target| {
        let figures = figures(pair, work, events);
        part(title, Unit::Allocations, target, figures)
    };
    let mixed = |title: &str, work, target| {
        let title = format!("instructions an event of a mix over {title}");
        let figures = instructions(setup, pair, work, counted);
        part(&title, Unit::Instructions, target, figures)
    };
    let shown = Target::Shown;
    let parts = || {
        Ok(vec![
            mixed(
                "1,002 guilds, messages cached",
                "instructions-mixed",
                target,
            )?,
            mixed("1,002 guilds", "instructions-mixed-uncached", shown)?,
            mixed("40 guilds, messages cached", "instructions-few", shown)?,
            mixed("40 guilds", "instructions-few-uncached", shown)?,
            counts(
                "allocations, an event of the first mix",
                "allocations-mixed",
                at_most(0.3, 0.05),
            )?,
            counts(
                "allocations, an event of the second mix",
                "allocations-mixed-uncached",
                shown,
            )?,
            counts(
                "allocations, an event about messages",
                "allocations-message",
                at_most(1.0, 0.0),
            )?,
        ])
    };
    row("messages", parts())
}

/// Bytes a presence in 1,000 guilds of 20 members.
pub fn presence_bytes_small(setup: &Setup) -> Row {
    let figures = figures(setup.caches(), "bytes-presence-small", 1_000);
    let title = "bytes a presence, in 1,000 guilds of 20 members";
    let part = part(title, Unit::Bytes, at_most(200.0, 150.0), figures);
    row("presence_bytes_small", part.map(|part| vec![part]))
}

/// Keys in another order, against the usual one.
pub fn key_order(setup: &Setup) -> Row {
    let works = ["members-reordered", "events-reordered"];
    forms(
        setup,
        "key_order",
        "keys in another order",
        works,
        at_most(1.3, 1.1),
    )
}

/// Blanks between the tokens, against none.
pub fn blanks(setup: &Setup) -> Row {
    let works = ["members-spaced", "events-spaced"];
    forms(
        setup,
        "blanks",
        "blanks between tokens",
        works,
        at_most(1.5, 1.2),
    )
}

fn forms(setup: &Setup, key: &'static str, what: &str, works: [&str; 2], target: Target) -> Row {
    let [members, events] = works;
    let part = |of: &str, usual, work| {
        let title = format!("{what}: instructions {of}, against the usual form");
        part(&title, Unit::Times, target, against(setup, usual, work))
    };
    let parts = || {
        Ok(vec![
            part("a member", "instructions-member", members)?,
            part("an event of the steady mix", "instructions-event", events)?,
        ])
    };
    row(key, parts())
}

/// How many times the instructions of the usual work another one takes, in headcount.
fn against(setup: &Setup, usual: &str, work: &str) -> Result<Figures, String> {
    let count = setup.scale.counted * 1_000;
    let one = |work| {
        let figures = instructions(setup, Which::ALONE, work, count)?;
        let figure = figures.get(&Which::Ours).ok_or("no figure")?;
        Ok::<f64, String>(figure.value)
    };
    let times = Figure::exact(one(work)? / one(usual)?);
    Ok(Figures::from([(Which::Ours, times)]))
}

/// A store that keeps the members used last.
pub fn recent_members(setup: &Setup) -> Row {
    let chunk = |title: &str, work, target| {
        let title = format!("members used last: instructions a new member, {title}");
        let figures = against(setup, "instructions-member", work);
        part(&title, Unit::Times, target, figures)
    };
    let count = |title: &str, work| {
        let title = format!("members used last: allocations, {title}");
        let figures = figures(Which::ALONE, work, setup.scale.events);
        part(&title, Unit::Allocations, at_most(0.2, 0.0), figures)
    };
    let parts = || {
        Ok(vec![
            chunk("against no policy", "recent-chunk", at_most(1.2, 1.1))?,
            chunk("each displacing another", "recent-full", Target::Shown)?,
            count("a change of a member", "recent-change")?,
            count("a voice state", "recent-voice")?,
        ])
    };
    row("recent_members", parts())
}

/// The longest that the store is held at once.
pub fn longest_hold(setup: &Setup) -> Row {
    let scale = &setup.scale;
    let target = at_most(2e6, 1e6);
    let one = |title: String, work, count, target| {
        let figures = figures(Which::ALONE, work, count);
        part(&title, Unit::Nanoseconds, target, figures)
    };
    let held = |what: &str, count| format!("longest hold of the store, {what} {count} members");
    let delete = |count| {
        one(
            held("deleting a guild of", count),
            "hold-delete",
            count,
            target,
        )
    };
    let (large, walked) = (scale.growth, scale.sizes[1]);
    let parts = || {
        Ok(vec![
            one(
                held("loading a guild of", large),
                "hold-loading",
                large,
                target,
            )?,
            one(
                format!("hold that 99 % do not exceed, loading {large} members, by the wall"),
                "hold-loading-wall",
                large,
                Target::Shown,
            )?,
            delete(scale.deleted)?,
            delete(large)?,
            one(held("walking over", walked), "hold-walk", walked, target)?,
        ])
    };
    row("longest_hold", parts())
}

/// Bytes a row by the size of the guilds.
pub fn row_bytes(setup: &Setup) -> Row {
    let part = |members: u64| {
        let title = format!("bytes a row of members and presences, in guilds of {members}");
        let figures = figures(setup.caches(), "bytes-row", members);
        part(&title, Unit::Bytes, Target::Shown, figures)
    };
    row(
        "row_bytes",
        [5, 20, 200, 20_000].into_iter().map(part).collect(),
    )
}

/// What ten times the load leaves behind.
pub fn after_load(setup: &Setup) -> Row {
    let members = setup.scale.deleted / 10;
    let figures = figures(setup.pair(), "bytes-after-load", members);
    let title = format!("bytes after 10 times {members} members came and left, of those before");
    let part = part(&title, Unit::Share, Target::Limit(1.2), figures);
    row("after_load", part.map(|part| vec![part]))
}
