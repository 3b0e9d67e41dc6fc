//! How soon the shards of a process that is gone run elsewhere.

use headcount_core::Event;

use crate::gateway::Gateway;
use crate::world::{Step, World};

/// However many processes came and went, the user heard of the whole bot once.
fn said_once(world: &World) {
    let chunked = |it: &&Event<'_>| matches!(it, Event::FinishedChunking(_));
    assert_eq!(world.said.iter().filter(chunked).count(), 1);
    let ready = world.said.iter().filter_map(|it| match it {
        Event::BotReady(ready) => Some(ready.available),
        _ => None,
    });
    assert_eq!(ready.collect::<Vec<_>>(), [24]);
}

#[test]
fn shards_of_a_process_that_was_killed_go_on_elsewhere_within_15_seconds() {
    let mut world = World::new(3, 24, 4, Gateway::new(4, 1_000, 3_600_000));
    world.run_until(150_000);
    assert_eq!(world.gateway.identifies.len(), 24);
    for kill in 0..60 {
        let index = world.dice.roll(0, world.processes.len() as u64 - 1) as usize;
        world.kill(index);
        let end = world.now + world.dice.roll(20_000, 23_000);
        world.at(16_000, Step::Start);
        world.run_until(end);
        assert!(world.deaths.is_empty(), "kill {kill}: {:?}", world.deaths);
    }
    let longest = world.takeovers.iter().max().copied().unwrap();
    println!(
        "{} takeovers, the longest {longest} ms",
        world.takeovers.len()
    );
    assert!(world.takeovers.len() > 200);
    assert!(longest < 15_000, "{longest} ms");
    assert_eq!(world.gateway.identifies.len(), 24, "all the others resumed");
    said_once(&world);
}

#[test]
fn shards_of_a_process_that_leaves_go_on_elsewhere_without_waiting_for_their_leases() {
    let mut world = World::new(5, 24, 4, Gateway::new(4, 1_000, 3_600_000));
    world.run_until(150_000);
    for _ in 0..20 {
        let index = world.dice.roll(0, world.processes.len() as u64 - 1) as usize;
        world.leave(index);
        world.run_until(world.now + 6_000);
        assert!(world.deaths.is_empty(), "{:?}", world.deaths);
        world.kill(index);
        assert!(world.deaths.is_empty(), "it ran nothing any more");
        world.at(0, Step::Start);
        world.run_until(world.now + 60_000);
    }
    let longest = world.takeovers.iter().max().copied().unwrap();
    println!(
        "{} takeovers, the longest {longest} ms",
        world.takeovers.len()
    );
    assert!(longest < 6_000, "{longest} ms");
    assert_eq!(world.gateway.identifies.len(), 24, "all the others resumed");
    said_once(&world);
    let shares = world.processes.iter().map(|process| process.shards.len());
    assert!(
        shares.clone().all(|shards| shards > 0),
        "{:?}",
        shares.collect::<Vec<_>>()
    );
}
