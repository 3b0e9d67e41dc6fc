//! Processes that cannot run every shard.

use std::num::NonZeroU32;
use std::time::Duration;

use headcount_core::fleet::lease::{
    BotTotal, Expected, Joining, LeaseConfig, LeaseInput, LeaseKey, LeaseTable, ProcessId, Swap,
    Swapped,
};
use headcount_core::{Instant, ShardId};
use serde_json::{Value, json};

use crate::gateway::Gateway;
use crate::world::World;

const MINUTE: u64 = 60_000;

/// Who runs each of these shards.
fn owners(world: &World, shards: &[ShardId]) -> Vec<Option<u64>> {
    let owner = |shard: &ShardId| {
        let mut processes = world.processes.iter();
        let owner = processes.find(|process| process.may_emit(world.now, *shard));
        owner.map(|process| process.id)
    };
    shards.iter().map(owner).collect()
}

fn all(total: u32) -> Vec<ShardId> {
    ShardId::all(NonZeroU32::new(total).unwrap()).collect()
}

#[test]
fn processes_that_run_a_part_each_leave_none_of_the_others_to_nobody() {
    let mut world = World::new(17, 16, 0, Gateway::new(16, 1_000, 60 * MINUTE));
    let shards = world.shards.clone();
    let (low, high) = shards.split_at(8);
    let first = world.start_with(low);
    let second = world.start_with(high);
    world.run_until(MINUTE);
    assert_eq!(owners(&world, low), [Some(first); 8]);
    assert_eq!(owners(&world, high), [Some(second); 8]);
    // Whoever can run all of them gets some of both.
    let third = world.start_with(&shards);
    world.run_until(3 * MINUTE);
    for (part, of) in [(low, first), (high, second)] {
        let owners = owners(&world, part);
        assert!(owners.contains(&Some(third)), "{owners:?}");
        assert!(owners.contains(&Some(of)), "{owners:?}");
    }
}

#[test]
fn a_shard_that_ends_in_a_process_by_itself_goes_to_another_and_keeps_none_from_moving() {
    let mut world = World::new(19, 16, 2, Gateway::new(16, 1_000, 60 * MINUTE));
    world.run_until(MINUTE);
    let shards = world.shards.clone();
    let before = owners(&world, &shards)[3].unwrap();
    world.decline(before, shards[3]);
    world.run_until(world.now + 10_000);
    let after = owners(&world, &shards)[3];
    assert!(after.is_some_and(|after| after != before), "{after:?}");
    // In the other one too: nobody runs it, and what can move does.
    world.decline(after.unwrap(), shards[3]);
    let third = world.start_with(&[&shards[..3], &shards[4..]].concat());
    world.run_until(world.now + MINUTE);
    let owners = owners(&world, &shards);
    assert_eq!(owners[3], None);
    assert!(owners.contains(&Some(third)), "{owners:?}");
}

#[test]
fn another_number_of_shards_is_run_once_nobody_lives_who_runs_the_first() {
    let mut world = World::new(23, 8, 0, Gateway::new(16, 1_000, 60 * MINUTE));
    let shards = world.shards.clone();
    for _ in 0..2 {
        world.start_with(&shards);
    }
    world.run_until(MINUTE);
    let more = all(9);
    let last = world.start_with(&more);
    for forgets in [false, true] {
        if forgets {
            world.forget();
        }
        world.run_until(world.now + MINUTE);
        assert!(owners(&world, &shards).iter().all(Option::is_some));
        assert_eq!(owners(&world, &more), [None; 9], "forgets: {forgets}");
        let process = world.processes.iter().find(|it| it.id == last).unwrap();
        assert_eq!(process.leases.held_back(), Some(8));
    }
    world.kill(0);
    world.run_until(world.now + MINUTE);
    assert_eq!(owners(&world, &more), [None; 9]);
    world.kill(0);
    world.run_until(world.now + MINUTE);
    assert_eq!(owners(&world, &more), [Some(last); 9]);
}

/// Goes on for so long, and finds no moment at which shards of both numberings run.
fn run_never_both(world: &mut World, time: u64, [some, others]: [&[ShardId]; 2]) {
    let end = world.now + time;
    while world.now < end {
        world.run_until(world.now + 100);
        let runs = |shards| owners(world, shards).iter().any(Option::is_some);
        assert!(!runs(some) || !runs(others), "both at {}", world.now);
    }
}

#[test]
fn who_writes_first_to_a_table_that_was_emptied_runs_no_second_number_of_shards() {
    let mut world = World::new(37, 8, 2, Gateway::new(16, 1_000, 60 * MINUTE));
    let (shards, more) = (world.shards.clone(), all(9));
    world.run_until(MINUTE);
    world.forget();
    for process in &mut world.processes {
        process.paused_until = world.now + 3_000;
    }
    let last = world.start_with(&more);
    run_never_both(&mut world, MINUTE, [&shards, &more]);
    assert!(owners(&world, &shards).iter().all(Option::is_some));
    let process = world.processes.iter().find(|it| it.id == last).unwrap();
    assert_eq!(process.leases.held_back(), Some(8));
}

#[test]
fn who_stood_still_while_others_took_over_with_another_number_runs_none() {
    let mut world = World::new(41, 8, 0, Gateway::new(16, 1_000, 60 * MINUTE));
    let (shards, more) = (world.shards.clone(), all(9));
    let first = world.start_with(&shards);
    world.run_until(MINUTE);
    world.processes[0].paused_until = world.now + MINUTE;
    let second = world.start_with(&more);
    run_never_both(&mut world, 2 * MINUTE, [&shards, &more]);
    assert_eq!(owners(&world, &more), [Some(second); 9]);
    let process = world.processes.iter().find(|it| it.id == first).unwrap();
    assert_eq!(process.leases.held_back(), Some(9));
}

#[test]
fn of_those_who_come_to_a_new_table_with_two_numbers_one_is_run() {
    for seed in 43..53 {
        let mut world = World::new(seed, 8, 0, Gateway::new(16, 1_000, 60 * MINUTE));
        let (shards, more) = (world.shards.clone(), all(9));
        let ids = [world.start_with(&shards), world.start_with(&more)];
        run_never_both(&mut world, MINUTE, [&shards, &more]);
        let runs = [owners(&world, &shards), owners(&world, &more)];
        let runs = ids.iter().zip(runs).map(|(id, of)| of.contains(&Some(*id)));
        assert_eq!(runs.filter(|runs| *runs).count(), 1, "seed {seed}");
    }
}

/// A list of processes, as the table has it, with the number of shards that each runs.
fn listed(processes: &[(u64, Option<u64>, Value)]) -> Swapped {
    let processes = processes.iter().map(|(id, beat, runs)| {
        json!({
            "id": id,
            "beat": beat,
            "report": null,
            "said": {"chunked": false, "ready": false},
            "runs": runs,
        })
    });
    let list = json!({"version": 1, "processes": processes.collect::<Vec<_>>()});
    let mut table = LeaseTable::new();
    let value = Some(serde_json::to_vec(&list).unwrap().into());
    let look = Joining::new(&LeaseConfig::default(), 9).look();
    let write = Swap {
        expected: Expected::Nothing,
        value,
        ..look.clone()
    };
    table.swap(0, &write);
    table.swap(0, &look)
}

fn runs(total: u32) -> Value {
    json!({"total": total, "ranges": [[0, total - 1]]})
}

#[test]
fn who_joins_learns_of_how_many_shards_the_bot_is() {
    let joining = || Joining::new(&LeaseConfig::default(), 9);
    let at = |seconds| Instant::ZERO.after(Duration::from_secs(seconds));
    let wanted = BotTotal::Known(9);
    for clear in [
        Swapped::Refused(None),
        listed(&[]),
        listed(&[(1, Some(4), runs(9))]),
        // One has left, and one is of an earlier version.
        listed(&[(1, None, runs(8)), (2, Some(4), Value::Null)]),
    ] {
        assert_eq!(joining().answered(at(0), &clear), wanted, "{clear:?}");
    }
    let mut silent = joining();
    for (seconds, expected) in [(0, None), (9, None), (10, Some(wanted))] {
        let answer = silent.answered(at(seconds), &Swapped::Unknown);
        let known = Some(answer).filter(|it| matches!(it, BotTotal::Known(_)));
        assert_eq!(
            known, expected,
            "{answer:?} after {seconds} s without an answer"
        );
    }
    let old = listed(&[(1, Some(4), runs(8)), (2, Some(7), runs(9))]);
    let mut lives = joining();
    let again = lives.answered(at(0), &old);
    assert!(matches!(again, BotTotal::Again(_)), "{again:?}");
    let later = listed(&[(1, Some(4), runs(8)), (2, Some(8), runs(9))]);
    let again = lives.answered(at(1), &later);
    assert!(matches!(again, BotTotal::Again(_)), "the first may live");
    let again = lives.answered(at(2), &Swapped::Unknown);
    assert!(matches!(again, BotTotal::Again(_)), "{again:?}");
    let mut gone = lives.clone();
    assert_eq!(gone.answered(at(11), &later), wanted, "the first is gone");
    assert_eq!(lives.clone().answered(at(11), &Swapped::Unknown), wanted);
    let beaten = listed(&[(1, Some(5), runs(8)), (2, Some(8), runs(9))]);
    assert_eq!(lives.answered(at(3), &beaten), BotTotal::Known(8));
}

#[test]
fn what_a_later_version_writes_of_a_process_is_left_as_it_is() {
    let mut world = World::new(29, 1, 0, Gateway::new(1, 1_000, 60 * MINUTE));
    let shards = world.shards.clone();
    let first = world.start_with(&shards);
    world.run_until(5_000);
    world.store.change(world.now, LeaseKey::Processes, |list| {
        list["mood"] = json!("calm");
        list["processes"].as_array_mut().unwrap().push(json!({
            "id": 77, "beat": 1, "report": null, "said": {"chunked": false, "ready": false},
            "region": ["north", 4],
        }));
    });
    world.feed(first, LeaseInput::Timeout);
    world.run_until(world.now + 6_000);
    world.store.change(world.now, LeaseKey::Processes, |list| {
        assert_eq!(list["mood"], "calm");
        let processes = list["processes"].as_array().unwrap();
        assert_eq!(processes[0]["id"], first, "who came first stays the first");
        assert_eq!(processes[1]["region"], json!(["north", 4]));
    });
    let owners = world.processes[0].leases.owners();
    assert_eq!(owners.live.get(&ProcessId::new(77)), Some(&None));
}
