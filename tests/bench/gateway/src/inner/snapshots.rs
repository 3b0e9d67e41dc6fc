//! What a snapshot costs: how large it is, how long the store is held, and how long reading takes.

use headcount_core::cache::memory::snapshot::SnapshotReader;
use headcount_core::cache::{Kind, MemoryStore};
use headcount_core::{Action, Input, Instant};

use crate::clock::Time;
use crate::library::Which;
use crate::ours::Ours;
use crate::payload::{Frames, World};

/// Members of a guild, where there are many guilds.
const MEMBERS: u64 = 10_000;

/// Guilds of so many members, who are in one guild each.
fn filled(world: World, guilds: u64, members: u64) -> MemoryStore {
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
    store
}

/// The bytes of a snapshot, and each time that the store was held for it.
fn written(store: &MemoryStore) -> (Vec<u8>, Vec<Time>) {
    let (mut writer, begin) = Time::of(|| store.snapshot(0));
    let (mut bytes, mut holds, mut more) = (Vec::new(), vec![begin], true);
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
