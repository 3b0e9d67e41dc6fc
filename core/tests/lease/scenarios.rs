//! Many seeds of everything at once.

use std::collections::BTreeSet;
use std::panic;

use crate::dice::Dice;
use crate::gateway::Gateway;
use crate::world::{Assignment, Step, World};

const MINUTE: u64 = 60_000;

fn chaos(seed: u64) -> World {
    let mut dice = Dice::new(!seed);
    let processes = dice.roll(2, 8);
    let shards = dice.roll(1, 8) as u32;
    let concurrency = dice.roll(1, 4) as u32;
    let budget = if dice.chance(30) { 25 } else { 1_000 };
    let gateway = Gateway::new(concurrency, budget, 10 * MINUTE);
    let mut world = World::new(seed, shards, processes, gateway);
    world.faults = true;
    if dice.chance(30) {
        world.assignment = Assignment::All;
    }
    world.is_partial = dice.chance(40);
    world
}

/// Runs a seed to its end: faults for some minutes, and then none.
fn run(seed: u64) -> World {
    let mut world = chaos(seed);
    world.run_until(6 * MINUTE);
    world.faults = false;
    (
        world.store.down_until,
        world.store.slow_until,
        world.store.lossy_until,
    ) = (0, 0, 0);
    // Who stands still does so for 40 s at most.
    world.run_until(world.now + 90_000);
    for shard in &world.shards {
        let processes = world.processes.iter();
        let can_run = processes.clone().any(|process| process.can_run(*shard));
        let owners = processes.filter(|process| process.may_emit(world.now, *shard));
        let expected = usize::from(can_run);
        assert_eq!(owners.count(), expected, "{shard} when all is well again");
    }
    world
}

/// `LEASE_SEED` runs one seed alone, and `LEASE_STEPS` more or fewer steps than a million.
#[test]
fn whatever_happens_no_shard_has_two_owners_and_no_identify_comes_too_soon() {
    let given = |name| {
        std::env::var(name)
            .ok()
            .map(|text| text.parse::<u64>().unwrap())
    };
    let only = given("LEASE_SEED");
    let most = given("LEASE_STEPS").unwrap_or(1_000_000);
    let (mut steps, mut emitted, mut identifies) = (0, 0, 0);
    for seed in only.unwrap_or(1).. {
        let world = panic::catch_unwind(|| run(seed));
        let world = world.unwrap_or_else(|_| panic!("LEASE_SEED={seed} fails"));
        steps += world.steps;
        emitted += world.emitted;
        identifies += world.gateway.identifies.len();
        if steps >= most || only.is_some() {
            println!("{seed} seeds, {steps} steps, {emitted} events, {identifies} identifies");
            break;
        }
    }
    assert!(only.is_some() || emitted > most / 40 && identifies > 120);
}

#[test]
fn shards_that_wait_together_identify_in_order_and_as_soon_as_they_may() {
    let mut world = World::new(7, 40, 6, Gateway::new(2, 1_000, 60 * MINUTE));
    world.run_until(8 * MINUTE);
    let identifies = &world.gateway.identifies;
    assert_eq!(identifies.len(), 40, "each shard once");
    for bucket in 0..2 {
        let of = identifies
            .iter()
            .filter(|(_, shard)| shard.number() % 2 == bucket);
        let of: Vec<(u64, u32)> = of.map(|(at, shard)| (*at, shard.number())).collect();
        let late = of.windows(2).filter(|pair| pair[0].1 > pair[1].1).count();
        // One whose connection fails goes behind the one that had waited after it.
        assert!(late <= 4, "{of:?}");
        let gaps = of.windows(2).map(|pair| pair[1].0 - pair[0].0);
        let longest = gaps.max().unwrap();
        // The connections of two that are let in one after the other may fail.
        assert!(longest < 20_000, "{of:?}");
    }
}

/// Six processes start 240 shards, while one after the other is killed and another one comes.
#[test]
fn whoever_is_killed_240_shards_of_six_processes_identify_in_order_and_far_enough_apart() {
    const BUCKETS: u32 = 16;
    let mut world = World::new(11, 240, 6, Gateway::new(BUCKETS, 1_000, 60 * MINUTE));
    for _ in 0..12 {
        world.run_until(world.now + 15_000);
        let index = world.dice.roll(0, world.processes.len() as u64 - 1) as usize;
        world.kill(index);
        world.at(1_000, Step::Start);
    }
    world.run_until(world.now + MINUTE);
    let identifies = &world.gateway.identifies;
    let shards: BTreeSet<u32> = identifies.iter().map(|(_, shard)| shard.number()).collect();
    assert_eq!(shards.len(), 240, "each shard has a session");
    assert!(identifies.len() < 260, "nobody else needs a second one");
    let late = |bucket: u32| {
        let of = identifies.iter().map(|(_, shard)| shard.number());
        let of: Vec<u32> = of.filter(|shard| shard % BUCKETS == bucket).collect();
        of.windows(2).filter(|pair| pair[0] > pair[1]).count()
    };
    // Behind those who have waited come the shards of a process that was killed, once another one
    // has them; without any order it would be every second.
    let late: usize = (0..BUCKETS).map(late).sum();
    assert!(late < identifies.len() / 3, "{late}");
}

#[test]
fn a_store_that_forgets_all_while_shards_move_costs_no_session() {
    for seed in 1..=30 {
        let mut world = World::new(seed, 8, 3, Gateway::new(4, 1_000, 60 * MINUTE));
        world.run_until(MINUTE);
        for _ in 0..4 {
            // Shards go to the one that comes, one after the other.
            world.at(0, Step::Start);
            let moving = world.now + world.dice.roll(500, 8_000);
            world.run_until(moving);
            world.forget();
            world.store.down_until = world.now + world.dice.roll(0, 5_000);
            world.run_until(world.now + MINUTE);
            let index = world.dice.roll(0, 3) as usize;
            world.leave(index);
            world.run_until(world.now + 20_000);
            world.kill(index);
        }
        let identifies = world.gateway.identifies.len();
        assert_eq!(identifies, 8, "seed {seed}: each shard once");
    }
}
