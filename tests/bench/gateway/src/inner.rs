//! What is measured in a process of its own: the program runs itself again.

mod forms;
mod holds;
mod messages;
mod recent;
mod sizes;
mod snapshots;

use std::env;
use std::path::Path;
use std::process::Command;

use crate::allocator;
use crate::clock::Time;
use crate::library::{Kept, Library, Which};
use crate::measure::{feed, measured_feed};
use crate::payload::{Event, Frames, World, presence_event, unwanted_event, voice_event};

/// Does so many things with one library, and tells what it measured.
pub type Work = fn(World, Which, u64) -> f64;

/// The work of an inner process, by name.
pub const WORK: &[(&str, Work)] = &[
    ("bytes-member", bytes_member),
    ("bytes-presence", bytes_presence),
    ("allocations-member", allocations_member),
    ("allocations-again", allocations_again),
    ("allocations-event", allocations_event),
    ("instructions-member", instructions_member),
    ("instructions-event", instructions_event),
    ("instructions-voice", instructions_voice),
    ("instructions-presence", instructions_presence),
    ("instructions-unwanted", instructions_unwanted),
    ("worst-mutation", worst_mutation),
    ("kept-after-delete", kept_after_delete),
    ("growth-by-updates", growth_by_updates),
    ("instructions-mixed", messages::instructions_mixed),
    (
        "instructions-mixed-uncached",
        messages::instructions_mixed_uncached,
    ),
    ("instructions-few", messages::instructions_few),
    (
        "instructions-few-uncached",
        messages::instructions_few_uncached,
    ),
    ("allocations-mixed", messages::allocations_mixed),
    (
        "allocations-mixed-uncached",
        messages::allocations_mixed_uncached,
    ),
    ("allocations-message", messages::allocations_message),
    ("members-reordered", forms::members_reordered),
    ("members-spaced", forms::members_spaced),
    ("events-reordered", forms::events_reordered),
    ("events-spaced", forms::events_spaced),
    ("recent-chunk", recent::instructions_chunk),
    ("recent-full", recent::instructions_full),
    ("recent-change", recent::allocations_change),
    ("recent-voice", recent::allocations_voice),
    ("bytes-row", sizes::bytes_row),
    ("bytes-presence-small", sizes::bytes_presence),
    ("bytes-after-load", sizes::bytes_after_load),
    ("hold-loading", holds::loading),
    ("hold-loading-wall", holds::loading_wall),
    ("hold-delete", holds::delete),
    ("hold-walk", holds::walk),
    ("snapshot-restore", snapshots::restore),
    ("snapshot-bytes", snapshots::bytes),
    ("snapshot-hold", snapshots::hold),
    ("snapshot-hold-wall", snapshots::hold_wall),
    ("snapshot-hold-one", snapshots::hold_one),
    ("snapshot-beside", snapshots::beside),
    ("snapshot-portable", snapshots::portable),
    ("snapshot-portable-bytes", snapshots::portable_bytes),
    ("snapshot-portable-restore", snapshots::restore_portable),
];

/// Runs `work` on `count` things in a process of its own.
pub fn run(work: &str, which: Which, count: u64) -> Result<f64, String> {
    let mut command = Command::new(env::current_exe().map_err(|error| error.to_string())?);
    output(command.args(["inner", work, which.name(), &count.to_string()]))
}

/// Runs `work` under callgrind and returns the instructions of the measured part, if valgrind is
/// there.
pub fn instructions(work: &str, which: Which, count: u64, profile: &Path) -> Result<f64, String> {
    let file = profile.join(format!("callgrind.out.{}.{work}", which.name()));
    let mut command = Command::new("valgrind");
    command.args(["--tool=callgrind", "--toggle-collect=*measured_feed*"]);
    command.arg(format!("--callgrind-out-file={}", file.display()));
    command.arg(env::current_exe().map_err(|error| error.to_string())?);
    output(command.args(["inner", work, which.name(), &count.to_string()]))?;
    let text = std::fs::read_to_string(&file).map_err(|error| error.to_string())?;
    let total = text.lines().find_map(|line| line.strip_prefix("totals: "));
    total
        .and_then(|total| total.parse().ok())
        .ok_or_else(|| "callgrind gave no total".to_owned())
}

fn output(command: &mut Command) -> Result<f64, String> {
    let output = command
        .output()
        .map_err(|error| format!("{:?}: {error}", command.get_program()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    text.trim()
        .parse()
        .map_err(|_| String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Feeds the chunks of these members of guild 1, one after the other, and hands each chunk
/// to `each`. Nothing here asks for the time: callgrind does not bear how the clock is found.
fn load(
    world: World,
    library: &mut dyn Library,
    guild: u64,
    users: std::ops::Range<u64>,
    mut each: impl FnMut(&mut dyn Library, &mut Frames),
) {
    let mut frames = Frames::default();
    let count = users.end.div_ceil(1_000);
    for start in users.clone().step_by(1_000) {
        frames.clear();
        world.chunk(
            guild,
            start..(start + 1_000).min(users.end),
            count,
            &mut frames,
        );
        each(library, &mut frames);
    }
}

/// Feeds without being measured.
fn feed_apart(library: &mut dyn Library, frames: &mut Frames) {
    frames.iter_mut().for_each(|frame| library.feed(frame));
}

fn begin(world: World, which: Which) -> Box<dyn Library> {
    let mut library = which.start();
    let mut frames = Frames::default();
    world.bare_guild(1, &mut frames);
    world.bare_guild(2, &mut frames);
    feed(&mut *library, &frames);
    library
}

/// Bytes a member with its user.
fn bytes_member(world: World, which: Which, members: u64) -> f64 {
    allocator::start();
    let mut library = begin(world, which);
    let before = allocator::live();
    load(world, &mut *library, 1, 0..members, feed_apart);
    let after = allocator::live();
    assert_eq!(
        library.members(world.guild_id(1)) as u64,
        members,
        "all members are cached"
    );
    (after - before) as f64 / members as f64
}

/// Bytes a presence with its activities.
fn bytes_presence(world: World, which: Which, presences: u64) -> f64 {
    allocator::start();
    let mut library = begin(world, which);
    load(world, &mut *library, 1, 0..presences, feed_apart);
    let before = allocator::live();
    let mut frames = Frames::default();
    for user in 0..presences {
        frames.clear();
        world.presence(1, user, &mut frames);
        frames.iter_mut().for_each(|frame| library.feed(frame));
    }
    drop(frames);
    (allocator::live() - before) as f64 / presences as f64
}

/// Allocations a member while chunks of new members come.
fn allocations_member(world: World, which: Which, members: u64) -> f64 {
    let mut library = begin(world, which);
    load(world, &mut *library, 1, 0..members, feed_apart);
    counted_load(world, &mut *library, members..2 * members) / members as f64
}

/// Allocations a member while chunks of known members come again.
fn allocations_again(world: World, which: Which, members: u64) -> f64 {
    let mut library = begin(world, which);
    load(world, &mut *library, 1, 0..members, feed_apart);
    counted_load(world, &mut *library, 0..members) / members as f64
}

fn counted_load(world: World, library: &mut dyn Library, users: std::ops::Range<u64>) -> f64 {
    let mut frames = Frames::default();
    for start in users.clone().step_by(1_000) {
        world.chunk(1, start..start + 1_000, users.end / 1_000, &mut frames);
    }
    counted(library, &mut frames)
}

fn counted(library: &mut dyn Library, frames: &mut Frames) -> f64 {
    allocator::start();
    let before = allocator::allocations();
    measured_feed(library, frames);
    (allocator::allocations() - before) as f64
}

/// A guild of 5,000 members with their presences, and the events of the steady mix after so many
/// others.
fn steady(world: World, which: Which, events: u64) -> (Box<dyn Library>, Frames) {
    steady_of(world, which, events, World::event)
}

/// The same for these events.
fn steady_of(
    world: World,
    which: Which,
    events: u64,
    event: Event,
) -> (Box<dyn Library>, Frames) {
    let mut library = begin(world, which);
    load(world, &mut *library, 1, 0..5_000, feed_apart);
    let mut frames = Frames::default();
    (0..5_000).for_each(|user| world.presence(1, user, &mut frames));
    (0..events).for_each(|number| event(world, number, 1, 0..5_000, &mut frames));
    feed(&mut *library, &frames);
    frames.clear();
    (events..2 * events).for_each(|number| event(world, number, 1, 0..5_000, &mut frames));
    (library, frames)
}

/// Allocations an event of the steady mix.
fn allocations_event(world: World, which: Which, events: u64) -> f64 {
    let (mut library, mut frames) = steady(world, which, events);
    counted(&mut *library, &mut frames) / events as f64
}

/// Feeds chunks of new members, as callgrind counts.
fn instructions_member(world: World, which: Which, members: u64) -> f64 {
    let mut library = begin(world, which);
    load(world, &mut *library, 1, 0..members, feed_apart);
    counted_load(world, &mut *library, members..2 * members);
    0.0
}

/// Feeds the steady mix, as callgrind counts.
fn instructions_event(world: World, which: Which, events: u64) -> f64 {
    let (mut library, mut frames) = steady(world, which, events);
    measured_feed(&mut *library, &mut frames);
    0.0
}

/// Feeds voice states, as callgrind counts.
fn instructions_voice(world: World, which: Which, events: u64) -> f64 {
    let (mut library, mut frames) = steady_of(world, which, events, voice_event);
    measured_feed(&mut *library, &mut frames);
    0.0
}

/// Feeds presences, as callgrind counts.
fn instructions_presence(world: World, which: Which, events: u64) -> f64 {
    let (mut library, mut frames) = steady_of(world, which, events, presence_event);
    measured_feed(&mut *library, &mut frames);
    0.0
}

/// Feeds presences and typings to a library that keeps nothing, as callgrind counts.
fn instructions_unwanted(world: World, which: Which, events: u64) -> f64 {
    let mut library = which.keeping(Kept::Nothing);
    let mut frames = Frames::default();
    (0..events).for_each(|number| unwanted_event(world, number, 1, 0..5_000, &mut frames));
    measured_feed(&mut *library, &mut frames);
    0.0
}

/// The longest time that one chunk takes while a cache grows, in nanoseconds.
fn worst_mutation(world: World, which: Which, members: u64) -> f64 {
    let mut library = begin(world, which);
    let mut worst: f64 = 0.0;
    load(world, &mut *library, 1, 0..members, |library, frames| {
        worst = worst.max(Time::of(|| feed_apart(library, frames)).1.cpu);
    });
    worst
}

/// What is left of a large guild's bytes when it has gone, as a part of them.
fn kept_after_delete(world: World, which: Which, members: u64) -> f64 {
    allocator::start();
    let mut library = begin(world, which);
    load(world, &mut *library, 1, 0..members / 10, feed_apart);
    let before = allocator::live();
    load(world, &mut *library, 2, members..2 * members, feed_apart);
    let full = allocator::live();
    {
        let mut frames = Frames::default();
        world.guild_delete(2, &mut frames);
        feed(&mut *library, &frames);
    }
    (allocator::live() as f64 - before as f64) / (full - before) as f64
}

/// Bytes after so many updates over a tenth as many members, as a part of those before.
fn growth_by_updates(world: World, which: Which, updates: u64) -> f64 {
    allocator::start();
    let mut library = begin(world, which);
    let members = updates / 10;
    load(world, &mut *library, 1, 0..members, feed_apart);
    let fresh = allocator::live();
    let mut frames = Frames::default();
    for version in 1..=10 {
        for user in 0..members {
            frames.clear();
            world.member_update(1, user, version, &mut frames);
            frames.iter_mut().for_each(|frame| library.feed(frame));
        }
    }
    drop(frames);
    allocator::live() as f64 / fresh as f64
}
