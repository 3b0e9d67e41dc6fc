//! Messages among other events, in many small guilds or in one.

use super::{counted, feed_apart, load};
use crate::library::{Kept, Library, Which};
use crate::measure::{feed, measured_feed};
use crate::payload::{Frames, World};

/// Members of all guilds of a mix, nearly.
const MEMBERS: u64 = 20_000;

/// A mix of events over so many guilds.
#[derive(Clone, Copy)]
struct Mix {
    guilds: u64,
    kept: Kept,
}

const MANY: Mix = Mix {
    guilds: 1_002,
    kept: Kept::Messages,
};
const FEW: Mix = Mix { guilds: 40, ..MANY };

impl Mix {
    /// The same without messages in the cache.
    const fn uncached(self) -> Self {
        let kept = Kept::State;
        Self { kept, ..self }
    }

    /// A cache of these guilds, and the events after so many others.
    fn after(self, world: World, which: Which, events: u64) -> (Box<dyn Library>, Frames) {
        let (guilds, members) = (self.guilds, MEMBERS.div_ceil(self.guilds));
        let mut library = which.keeping(self.kept);
        let mut frames = Frames::default();
        for guild in 0..guilds {
            frames.clear();
            let users = guild * members..(guild + 1) * members;
            world.bare_guild(guild, &mut frames);
            world.chunk(guild, users.clone(), 1, &mut frames);
            users.for_each(|user| world.presence(guild, user, &mut frames));
            feed(&mut *library, &frames);
        }
        frames.clear();
        let event = |number, to: &mut Frames| world.mixed_event(number, guilds, members, to);
        (0..events).for_each(|number| event(number, &mut frames));
        feed(&mut *library, &frames);
        frames.clear();
        (events..2 * events).for_each(|number| event(number, &mut frames));
        (library, frames)
    }

    /// Feeds the mix, as callgrind counts.
    fn instructions(self, world: World, which: Which, events: u64) -> f64 {
        let (mut library, mut frames) = self.after(world, which, events);
        measured_feed(&mut *library, &mut frames);
        0.0
    }

    /// Allocations an event of the mix.
    fn allocations(self, world: World, which: Which, events: u64) -> f64 {
        let (mut library, mut frames) = self.after(world, which, events);
        counted(&mut *library, &mut frames) / events as f64
    }
}

pub fn instructions_mixed(world: World, which: Which, events: u64) -> f64 {
    MANY.instructions(world, which, events)
}

pub fn instructions_mixed_uncached(world: World, which: Which, events: u64) -> f64 {
    MANY.uncached().instructions(world, which, events)
}

pub fn instructions_few(world: World, which: Which, events: u64) -> f64 {
    FEW.instructions(world, which, events)
}

pub fn instructions_few_uncached(world: World, which: Which, events: u64) -> f64 {
    FEW.uncached().instructions(world, which, events)
}

pub fn allocations_mixed(world: World, which: Which, events: u64) -> f64 {
    MANY.allocations(world, which, events)
}

pub fn allocations_mixed_uncached(world: World, which: Which, events: u64) -> f64 {
    MANY.uncached().allocations(world, which, events)
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
