//! Messages among other events, in many small guilds or in one.

use super::{counted, feed_apart, load};
use crate::library::{Kept, Library, Which};
use crate::measure::{feed, measured_feed};
use crate::payload::{Frames, World};

/// Guilds of the mix, and members of each.
const GUILDS: u64 = 1_002;
const MEMBERS: u64 = 20;

/// A cache of many small guilds with messages, and the events after so many others.
fn mixed(world: World, which: Which, events: u64) -> (Box<dyn Library>, Frames) {
    let mut library = which.keeping(Kept::Messages);
    let mut frames = Frames::default();
    for guild in 0..GUILDS {
        frames.clear();
        let users = guild * MEMBERS..(guild + 1) * MEMBERS;
        world.bare_guild(guild, &mut frames);
        world.chunk(guild, users.clone(), 1, &mut frames);
        users.for_each(|user| world.presence(guild, user, &mut frames));
        feed(&mut *library, &frames);
    }
    frames.clear();
    let event = |number, frames: &mut Frames| world.mixed_event(number, GUILDS, MEMBERS, frames);
    (0..events).for_each(|number| event(number, &mut frames));
    feed(&mut *library, &frames);
    frames.clear();
    (events..2 * events).for_each(|number| event(number, &mut frames));
    (library, frames)
}

/// Feeds the mix, as callgrind counts.
pub fn instructions_mixed(world: World, which: Which, events: u64) -> f64 {
    let (mut library, mut frames) = mixed(world, which, events);
    measured_feed(&mut *library, &mut frames);
    0.0
}

/// Allocations an event of the mix.
pub fn allocations_mixed(world: World, which: Which, events: u64) -> f64 {
    let (mut library, mut frames) = mixed(world, which, events);
    counted(&mut *library, &mut frames) / events as f64
}

/// Allocations an event about messages, in one guild, after so many others.
pub fn allocations_message(world: World, which: Which, events: u64) -> f64 {
    let mut library = which.keeping(Kept::Messages);
    let mut frames = Frames::default();
    world.bare_guild(1, &mut frames);
    let event = |number, frames: &mut Frames| world.message_event(number, 1, 0..5_000, frames);
    feed(&mut *library, &frames);
    load(world, &mut *library, 1, 0..5_000, feed_apart);
    frames.clear();
    (0..events).for_each(|number| event(number, &mut frames));
    feed(&mut *library, &frames);
    frames.clear();
    (events..2 * events).for_each(|number| event(number, &mut frames));
    counted(&mut *library, &mut frames) / events as f64
}
