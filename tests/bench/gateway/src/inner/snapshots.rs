//! What a snapshot costs: how large it is, how long the store is held, and how long reading takes.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::thread;
use std::time::Duration;

use headcount_core::cache::memory::snapshot::{SnapshotReader, SnapshotWriter};
use headcount_core::cache::{Kind, MemoryStore};
use headcount_core::{Action, Input, Instant, Shard};

use crate::clock::Time;
use crate::library::Which;
use crate::ours::Ours;
use crate::payload::{Frames, World};

/// Members of a guild, where there are many guilds.
const MEMBERS: u64 = 10_000;

/// Guilds of so many members, who are in one guild each.
fn filled(world: World, guilds: u64, members: u64) -> MemoryStore {
    fed(world, guilds, members).1
}

/// The same, with the shard that fed it.
fn fed(world: World, guilds: u64, members: u64) -> (Shard, MemoryStore) {
    let (mut shard, mut store) = Ours::new().into_parts();
    let mut frames = Frames::default();
    let mut feed = |frames: &mut Frames| {
        for frame in frames.iter() {
            for action in shard.handle(Instant::ZERO, Input::Payload(frame)) {
                if let Action::Mutate(mutation) = action {
                    store.apply(mutation);
                }
            }
        }
        frames.clear();
    };
    for guild in 1..=guilds {
        world.bare_guild(guild, &mut frames);
        feed(&mut frames);
        let first = (guild - 1) * members;
        for start in (first..first + members).step_by(1_000) {
            world.chunk(guild, start..start + 1_000, members / 1_000, &mut frames);
            feed(&mut frames);
        }
    }
    assert_eq!(store.rows(Kind::Member) as u64, guilds * members);
    (shard, store)
}

/// The bytes of a snapshot, and each time that the store was held for it.
fn written(store: &MemoryStore) -> (Vec<u8>, Vec<Time>) {
    let (writer, begin) = Time::of(|| store.snapshot(0));
    let (bytes, mut holds) = drained(writer, store);
    holds.push(begin);
    (bytes, holds)
}

fn drained(mut writer: SnapshotWriter, store: &MemoryStore) -> (Vec<u8>, Vec<Time>) {
    let (mut bytes, mut holds, mut more) = (Vec::new(), Vec::new(), true);
    while more {
        let (left, hold) = Time::of(|| writer.copy(store));
        more = left;
        holds.push(hold);
        writer.write(&mut bytes);
    }
    (bytes, holds)
}

/// Nanoseconds in which so many members are read back, the checks and the indexes included.
pub fn restore(world: World, _: Which, members: u64) -> f64 {
    let (bytes, _) = written(&filled(world, members / MEMBERS, MEMBERS));
    read(&bytes, members)
}

/// The same of the portable form.
pub fn restore_portable(world: World, _: Which, members: u64) -> f64 {
    let store = filled(world, members / MEMBERS, MEMBERS);
    let (bytes, _) = drained(store.snapshot(0).portable(), &store);
    drop(store);
    read(&bytes, members)
}

fn read(bytes: &[u8], members: u64) -> f64 {
    let (store, time) = Time::of(|| {
        let mut reader = SnapshotReader::new(MemoryStore::new(3));
        for piece in bytes.chunks(1 << 20) {
            reader.push(piece).expect("a whole snapshot");
        }
        reader.finish().expect("a whole snapshot").0
    });
    assert_eq!(store.rows(Kind::Member) as u64, members);
    assert_eq!(store.rows(Kind::User) as u64, members + 1);
    time.cpu
}

/// Bytes a member with its user.
pub fn bytes(world: World, _: Which, members: u64) -> f64 {
    let (bytes, _) = written(&filled(world, members / MEMBERS, MEMBERS));
    bytes.len() as f64 / members as f64
}

fn longest(times: &[Time], of: fn(&Time) -> f64) -> f64 {
    times.iter().map(of).fold(0.0, f64::max)
}

/// The longest that the store is held at once, in nanoseconds of the thread.
pub fn hold(world: World, _: Which, members: u64) -> f64 {
    let (_, holds) = written(&filled(world, members / MEMBERS, MEMBERS));
    longest(&holds, |time| time.cpu)
}

/// The same by the wall, but for one hold in a hundred.
pub fn hold_wall(world: World, _: Which, members: u64) -> f64 {
    let (_, holds) = written(&filled(world, members / MEMBERS, MEMBERS));
    let mut walls: Vec<f64> = holds.iter().map(|time| time.wall).collect();
    walls.sort_by(f64::total_cmp);
    walls[(walls.len() - 1) * 99 / 100]
}

/// The longest hold where all members are in one guild.
pub fn hold_one(world: World, _: Which, members: u64) -> f64 {
    let (_, holds) = written(&filled(world, 1, members));
    longest(&holds, |time| time.cpu)
}

/// Nanoseconds in which the portable form is written.
pub fn portable(world: World, _: Which, members: u64) -> f64 {
    let store = filled(world, members / MEMBERS, MEMBERS);
    Time::of(|| drained(store.snapshot(0).portable(), &store))
        .1
        .cpu
}

/// Bytes a member with its user in the portable form.
pub fn portable_bytes(world: World, _: Which, members: u64) -> f64 {
    let store = filled(world, members / MEMBERS, MEMBERS);
    let (bytes, _) = drained(store.snapshot(0).portable(), &store);
    bytes.len() as f64 / members as f64
}

/// A bot's snapshots leave the store alone for so many times as long as they held it.
const RESTS: u32 = 19;

/// Pairs of runs, one with snapshots and one without.
const PAIRS: u64 = 9;

/// Events of a run.
const EVENTS: u64 = 100_000;

/// How long the steady mix takes by the wall while another thread writes one snapshot after the
/// other, as a multiple of what it takes without.
pub fn beside(world: World, _: Which, members: u64) -> f64 {
    let guilds = members / MEMBERS;
    let (mut shard, store) = fed(world, guilds, MEMBERS);
    let store = RwLock::new(store);
    let mut run = |number: u64| {
        let mut frames = Frames::default();
        for event in number * EVENTS..(number + 1) * EVENTS {
            let first = event % guilds * MEMBERS;
            let guild = event % guilds + 1;
            world.event(event, guild, first..first + MEMBERS, &mut frames);
        }
        Time::of(|| apply(&mut shard, &store, &mut frames)).1.wall
    };
    run(0);
    let mut ratios: Vec<f64> = (0..PAIRS)
        .map(|pair| {
            let without = run(2 * pair + 1);
            with_snapshots(&store, || run(2 * pair + 2)) / without
        })
        .collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// Feeds the shard and applies what it says, as a shard's loop does.
fn apply(shard: &mut Shard, store: &RwLock<MemoryStore>, frames: &mut Frames) {
    for frame in frames.iter_mut() {
        for action in shard.handle(Instant::ZERO, Input::Payload(frame)) {
            if let Action::Mutate(mutation) = action {
                store.write().expect("nobody panics").apply(mutation);
            }
        }
    }
}

/// Does something while another thread writes one snapshot after the other, as a bot's does.
fn with_snapshots<T>(store: &RwLock<MemoryStore>, work: impl FnOnce() -> T) -> T {
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let (mut bytes, read) = (Vec::new(), || store.read().expect("nobody panics"));
            while !is_over.load(Relaxed) {
                let mut writer = read().snapshot(0);
                let mut more = true;
                while more && !is_over.load(Relaxed) {
                    let (left, hold) = Time::of(|| writer.copy(&read()));
                    more = left;
                    writer.write(&mut bytes);
                    bytes.clear();
                    thread::sleep(RESTS * Duration::from_nanos(hold.wall as u64));
                }
            }
        });
        let done = work();
        is_over.store(true, Relaxed);
        done
    })
}
