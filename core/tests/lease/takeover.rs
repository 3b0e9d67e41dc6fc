//! How soon the shards of a process that is gone run elsewhere.

use crate::gateway::Gateway;
use crate::world::{Step, World};

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
}
