//! Readers beside one writer, on a store that is shared as the driver shares it.

use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant as Clock};

use headcount_core::cache::MemoryStore;
use headcount_core::id::{GuildId, UserId};
use headcount_core::{Action, Input, Instant, Shard};
use serde_json::{Value, json};

use crate::library::Library as _;
use crate::ours::Ours;
use crate::payload::{Frames, Rng, World};
use crate::report::Report;
use crate::rows::Setup;

/// How long the writer writes, unless it has written everything before.
const LENGTH: Duration = Duration::from_secs(3);

/// One run: how long the writer took, and how many look-ups there were meanwhile.
struct Run {
    wall: Duration,
    look_ups: u64,
    events: u64,
    /// How long the writer waited for the store, each time, the shortest first.
    waits: Vec<Duration>,
}

/// A line for 0, 1, 2 and 8 readers that do nothing but read, one member at a time.
pub fn measure(setup: &Setup, report: &mut Report) {
    report.line(&format!(
        "\nReaders that never rest, beside one writer of the steady mix ({} members, {} cores):\n",
        setup.scale.read,
        thread::available_parallelism().map_or(1, usize::from),
    ));
    report.line(HEAD);
    let (mut shard, store) = loaded(setup.world, setup.scale.read);
    let store = RwLock::new(store);
    let mut alone = None;
    for readers in [0, 1, 2, 8] {
        let mut events = events(setup);
        let run = run(setup, readers, &mut shard, &store, &mut events);
        let undisturbed = *alone.get_or_insert(run.events_a_second());
        report.line(&run.markdown(readers));
        report.put(&format!("readers_{readers}"), run.json(undisturbed));
    }
}

const HEAD: &str = "\
| readers | look-ups a second | events a second | writer waits, median | 99 % | longest |
|---:|---:|---:|---:|---:|---:|";

impl Run {
    fn events_a_second(&self) -> f64 {
        self.events as f64 / self.wall.as_secs_f64()
    }

    fn look_ups_a_second(&self) -> f64 {
        self.look_ups as f64 / self.wall.as_secs_f64()
    }

    /// The wait that so many of a thousand do not exceed.
    fn wait(&self, per_mille: usize) -> Duration {
        let at = self.waits.len().saturating_sub(1) * per_mille / 1_000;
        self.waits.get(at).copied().unwrap_or_default()
    }

    fn markdown(&self, readers: u64) -> String {
        format!(
            "| {readers} | {:.0} | {:.0} | {:?} | {:?} | {:?} |",
            self.look_ups_a_second(),
            self.events_a_second(),
            self.wait(500),
            self.wait(990),
            self.wait(1_000),
        )
    }

    /// The ratio is to the events a second without readers.
    fn json(&self, undisturbed: f64) -> Value {
        let nanos = |wait: Duration| wait.as_nanos() as u64;
        json!({
            "ours": self.events_a_second(), "peer": null,
            "ratio": self.events_a_second() / undisturbed,
            "must": null, "aim": null, "holds": null,
            "title": "events a second that one writer applies beside these readers",
            "look_ups_a_second": self.look_ups_a_second(),
            "wait_ns": {
                "median": nanos(self.wait(500)),
                "99_percent": nanos(self.wait(990)),
                "longest": nanos(self.wait(1_000)),
            },
        })
    }
}

fn loaded(world: World, members: u64) -> (Shard, MemoryStore) {
    let (mut ours, mut frames) = (Ours::new(), Frames::default());
    world.bare_guild(1, &mut frames);
    for start in (0..members).step_by(1_000) {
        world.chunk(1, start..start + 1_000, members / 1_000, &mut frames);
    }
    (0..members).for_each(|user| world.presence(1, user, &mut frames));
    frames.iter_mut().for_each(|frame| ours.feed(frame));
    ours.into_parts()
}

fn events(setup: &Setup) -> Frames {
    let mut frames = Frames::default();
    for number in 0..setup.scale.written {
        setup
            .world
            .event(number, 1, 0..setup.scale.read, &mut frames);
    }
    frames
}

fn run(
    setup: &Setup,
    readers: u64,
    shard: &mut Shard,
    store: &RwLock<MemoryStore>,
    events: &mut Frames,
) -> Run {
    let (done, look_ups) = (AtomicBool::new(false), AtomicU64::new(0));
    let (done, look_ups) = (&done, &look_ups);
    let (wall, events, mut waits) = thread::scope(|scope| {
        for reader in 0..readers {
            scope.spawn(move || {
                look_ups.fetch_add(read(setup, reader, store, done), Relaxed);
            });
        }
        let start = Clock::now();
        let (events, waits) = write(shard, store, events);
        let wall = start.elapsed();
        done.store(true, Relaxed);
        (wall, events, waits)
    });
    waits.sort();
    Run {
        wall,
        look_ups: look_ups.load(Relaxed),
        events,
        waits,
    }
}

/// Feeds the shard and applies what it says, as a shard's loop does, until time is up.
fn write(
    shard: &mut Shard,
    store: &RwLock<MemoryStore>,
    events: &mut Frames,
) -> (u64, Vec<Duration>) {
    let (mut count, mut waits) = (0, Vec::new());
    let begin = Clock::now();
    for frame in events.iter_mut() {
        if begin.elapsed() > LENGTH {
            break;
        }
        count += 1;
        for action in shard.handle(Instant::ZERO, Input::Payload(frame)) {
            if let Action::Mutate(mutation) = action {
                let start = Clock::now();
                let mut store = store.write().expect("no reader panics");
                waits.push(start.elapsed());
                store.apply(mutation);
            }
        }
    }
    (count, waits)
}

/// Looks up one member after the other and takes its nick out, until the writer is done.
fn read(setup: &Setup, reader: u64, store: &RwLock<MemoryStore>, done: &AtomicBool) -> u64 {
    let (mut rng, mut count) = (Rng::new(reader), 0);
    let guild = GuildId::new(setup.world.guild_id(1)).expect("no zero");
    while !done.load(Relaxed) {
        let user = setup.world.user_id(rng.below(setup.scale.read));
        let user = UserId::new(user).expect("no zero");
        let store = store.read().expect("the writer does not panic");
        let member = store.member(guild, user).expect("a cached member");
        std::hint::black_box(member.nick().map(str::to_owned));
        count += 1;
    }
    count
}
