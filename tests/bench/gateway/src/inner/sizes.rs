//! Bytes of the same rows in guilds of different sizes, and after a load that fell off.

use super::{begin, feed_apart, load};
use crate::allocator;
use crate::library::{Library, Which};
use crate::measure::feed;
use crate::payload::{Frames, World};

/// Members over all guilds.
const MEMBERS: u64 = 20_000;

/// Bytes a row, of members with their users and of presences, in guilds of so many members.
pub fn bytes_row(world: World, which: Which, members: u64) -> f64 {
    allocator::start();
    let guilds = MEMBERS / members;
    let (mut library, before) = bare(world, which, guilds);
    fill(world, &mut *library, guilds, members);
    let after_members = presences(world, &mut *library, guilds, members);
    (after_members - before) as f64 / (2 * MEMBERS) as f64
}

/// Bytes a presence in so many guilds of 20 members.
pub fn bytes_presence(world: World, which: Which, guilds: u64) -> f64 {
    allocator::start();
    let (mut library, _) = bare(world, which, guilds);
    fill(world, &mut *library, guilds, 20);
    let before = allocator::live();
    (presences(world, &mut *library, guilds, 20) - before) as f64 / (guilds * 20) as f64
}

/// Guilds without members, and the bytes so far.
fn bare(world: World, which: Which, guilds: u64) -> (Box<dyn Library>, u64) {
    let mut library = which.start();
    {
        let mut frames = Frames::default();
        (0..guilds).for_each(|guild| world.bare_guild(guild, &mut frames));
        feed(&mut *library, &frames);
    }
    (library, allocator::live())
}

fn fill(world: World, library: &mut dyn Library, guilds: u64, members: u64) {
    for guild in 0..guilds {
        let users = guild * members..(guild + 1) * members;
        load(world, library, guild, users, feed_apart);
    }
}

/// All presences; returns the bytes then.
fn presences(world: World, library: &mut dyn Library, guilds: u64, members: u64) -> u64 {
    let mut frames = Frames::default();
    for user in 0..guilds * members {
        frames.clear();
        world.presence(user / members, user, &mut frames);
        feed_apart(library, &mut frames);
    }
    drop(frames);
    allocator::live()
}

/// Bytes after ten times the members have come, with their presences, and have left one by one, as
/// a part of those before.
pub fn bytes_after_load(world: World, which: Which, members: u64) -> f64 {
    allocator::start();
    let mut library = begin(world, which);
    load(world, &mut *library, 1, 0..members, feed_apart);
    let before = allocator::live();
    let others = members..11 * members;
    load(world, &mut *library, 1, others.clone(), feed_apart);
    let mut frames = Frames::default();
    for user in others.clone() {
        frames.clear();
        world.presence(1, user, &mut frames);
        feed_apart(&mut *library, &mut frames);
    }
    for user in others {
        frames.clear();
        world.member_leaves(1, user, &mut frames);
        feed_apart(&mut *library, &mut frames);
    }
    drop(frames);
    assert_eq!(library.members(world.guild_id(1)) as u64, members);
    allocator::live() as f64 / before as f64
}
