//! A store that keeps the members used last.

use super::{counted, feed_apart, load};
use crate::library::{Kept, Library, Which};
use crate::measure::{feed, measured_feed};
use crate::payload::{Event, Frames, World, voice_event};

/// Members that are there before anything is measured.
const MEMBERS: u64 = 5_000;

/// Two guilds without members, in a store that keeps so many.
fn recent(world: World, which: Which, most: u64) -> Box<dyn Library> {
    let mut library = which.keeping(Kept::RecentMembers(most as usize));
    let mut frames = Frames::default();
    world.bare_guild(1, &mut frames);
    world.bare_guild(2, &mut frames);
    feed(&mut *library, &frames);
    library
}

/// Feeds chunks of new members for all of which there is room, as callgrind counts.
pub fn instructions_chunk(world: World, which: Which, members: u64) -> f64 {
    chunks(world, which, members, 4 * members)
}

/// Feeds chunks of new members, each of which displaces another one, as callgrind counts.
pub fn instructions_full(world: World, which: Which, members: u64) -> f64 {
    chunks(world, which, members, members)
}

fn chunks(world: World, which: Which, members: u64, most: u64) -> f64 {
    let mut library = recent(world, which, most);
    load(world, &mut *library, 1, 0..members, feed_apart);
    let mut frames = Frames::default();
    for start in (members..2 * members).step_by(1_000) {
        world.chunk(1, start..start + 1_000, 2 * members / 1_000, &mut frames);
    }
    measured_feed(&mut *library, &mut frames);
    0.0
}

/// Allocations a change of a member.
pub fn allocations_change(world: World, which: Which, events: u64) -> f64 {
    let change: Event = |world, number, guild, users, frames| {
        let user = users.start + number * 7_919 % (users.end - users.start);
        world.member_update(guild, user, number, frames);
    };
    allocations(world, which, events, change)
}

/// Allocations a voice state.
pub fn allocations_voice(world: World, which: Which, events: u64) -> f64 {
    allocations(world, which, events, voice_event)
}

fn allocations(world: World, which: Which, events: u64, event: Event) -> f64 {
    let mut library = recent(world, which, 2 * MEMBERS);
    load(world, &mut *library, 1, 0..MEMBERS, feed_apart);
    let mut frames = Frames::default();
    (0..events).for_each(|number| event(world, number, 1, 0..MEMBERS, &mut frames));
    feed(&mut *library, &frames);
    frames.clear();
    (events..2 * events).for_each(|number| event(world, number, 1, 0..MEMBERS, &mut frames));
    counted(&mut *library, &mut frames) / events as f64
}
