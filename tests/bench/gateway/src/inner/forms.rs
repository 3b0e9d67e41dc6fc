//! The same payloads in other forms: keys in another order, blanks between the tokens.

use super::{begin, feed_apart, load, steady};
use crate::library::Which;
use crate::measure::measured_feed;
use crate::payload::{Frames, World, reordered, spaced};

/// How frames are written otherwise.
type Form = fn(&Frames) -> Frames;

pub fn members_reordered(world: World, which: Which, members: u64) -> f64 {
    members_in(world, which, members, reordered)
}

pub fn members_spaced(world: World, which: Which, members: u64) -> f64 {
    members_in(world, which, members, spaced)
}

pub fn events_reordered(world: World, which: Which, events: u64) -> f64 {
    events_in(world, which, events, reordered)
}

pub fn events_spaced(world: World, which: Which, events: u64) -> f64 {
    events_in(world, which, events, spaced)
}

/// Feeds chunks of new members in another form, as callgrind counts.
fn members_in(world: World, which: Which, members: u64, form: Form) -> f64 {
    let mut library = begin(world, which);
    load(world, &mut *library, 1, 0..members, feed_apart);
    let mut frames = Frames::default();
    for start in (members..2 * members).step_by(1_000) {
        world.chunk(1, start..start + 1_000, 2 * members / 1_000, &mut frames);
    }
    measured_feed(&mut *library, &mut form(&frames));
    0.0
}

/// Feeds the steady mix in another form, as callgrind counts.
fn events_in(world: World, which: Which, events: u64, form: Form) -> f64 {
    let (mut library, frames) = steady(world, which, events);
    measured_feed(&mut *library, &mut form(&frames));
    0.0
}
