//! How long the store is held at once: by a mutation that is applied, or by a walk.

use headcount_core::cache::MemoryStore;
use headcount_core::cache::memory::MemberWalk;
use headcount_core::id::GuildId;
use headcount_core::{Action, Input, Instant, Shard};

use crate::clock::Time;
use crate::library::Which;
use crate::ours::Ours;
use crate::payload::{Frames, World};

/// headcount's loop, taken apart so that the parts in which the store is held can be timed.
struct Host {
    shard: Shard,
    store: MemoryStore,
    holds: Vec<Time>,
}

impl Host {
    fn new(world: World, members: u64) -> Self {
        let (shard, store) = Ours::new().into_parts();
        let mut host = Self {
            shard,
            store,
            holds: Vec::new(),
        };
        let mut frames = Frames::default();
        world.bare_guild(1, &mut frames);
        host.feed(&frames);
        for start in (0..members).step_by(1_000) {
            frames.clear();
            world.chunk(1, start..start + 1_000, members / 1_000, &mut frames);
            host.feed(&frames);
        }
        host
    }

    fn feed(&mut self, frames: &Frames) {
        for frame in frames.iter() {
            for action in self.shard.handle(Instant::ZERO, Input::Payload(frame)) {
                if let Action::Mutate(mutation) = action {
                    self.holds.push(Time::of(|| self.store.apply(mutation)).1);
                }
            }
        }
    }

    /// Frees what is left of guilds that have gone.
    fn free(&mut self) {
        while self.store.next_expiry() == Some(Instant::ZERO) {
            let (_, time) = Time::of(|| self.store.advance(Instant::ZERO));
            self.holds.push(time);
        }
    }
}

/// How often all is done: each time the same, so that of each hold the shortest one counts, without
/// what the machine did beside it.
const RUNS: usize = 3;

/// The longest hold by the thread's time.
fn longest(run: impl Fn() -> Vec<Time>) -> f64 {
    let mut shortest: Vec<f64> = Vec::new();
    for _ in 0..RUNS {
        let holds = run();
        shortest.resize(holds.len(), f64::MAX);
        for (least, time) in shortest.iter_mut().zip(holds) {
            *least = least.min(time.cpu);
        }
    }
    shortest.into_iter().fold(0.0, f64::max)
}

/// The longest hold while a guild of so many members is loaded, in nanoseconds.
pub fn loading(world: World, _: Which, members: u64) -> f64 {
    longest(|| Host::new(world, members).holds)
}

/// What 99 holds in a hundred do not exceed by the wall's time meanwhile.
pub fn loading_wall(world: World, _: Which, members: u64) -> f64 {
    let holds = Host::new(world, members).holds;
    let mut walls: Vec<f64> = holds.iter().map(|time| time.wall).collect();
    walls.sort_by(f64::total_cmp);
    walls[(walls.len() - 1) * 99 / 100]
}

/// The longest hold while a guild of so many members goes.
pub fn delete(world: World, _: Which, members: u64) -> f64 {
    longest(|| {
        let mut host = Host::new(world, members);
        host.holds.clear();
        let mut frames = Frames::default();
        world.guild_delete(1, &mut frames);
        host.feed(&frames);
        assert_eq!(host.store.counts(guild(world)).members, 0);
        host.free();
        host.holds
    })
}

/// The longest hold while the ids of all members of a guild are read.
pub fn walk(world: World, _: Which, members: u64) -> f64 {
    let host = Host::new(world, members);
    longest(|| {
        let (mut walk, mut holds) = (MemberWalk::new(guild(world)), Vec::new());
        loop {
            let part = || {
                let ids = walk.next(&host.store)?.map(|member| member.id().get());
                Some(ids.fold(0, u64::wrapping_add))
            };
            let (part, time) = Time::of(part);
            holds.push(time);
            if std::hint::black_box(part).is_none() {
                return holds;
            }
        }
    })
}

fn guild(world: World) -> GuildId {
    GuildId::new(world.guild_id(1)).expect("no zero")
}
