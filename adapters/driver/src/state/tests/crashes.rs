//! A failure at each single operation on the disk leaves an old state or the new one, whole.

use headcount_core::Instant;
use headcount_core::session::Session;

use super::faulty::{Fault, Faulty, Part, Restart};
use super::scenario::{Run, SHARDS, States, is_synchronised, run};
use super::{journal, open, saved, session};

/// The states that a process without any failure leaves after each step, by their place in
/// `states`.
fn recorded() -> (Run, Vec<Vec<usize>>, usize) {
    let whole = Faulty::new();
    let all = run(&whole);
    let operations = whole.operations();
    // The same again, killed at each operation: what is there is what was recorded by then.
    let mut after = vec![Vec::new(); all.steps.len()];
    for at in 0..=operations {
        let disk = Faulty::new();
        disk.fail(Some(Fault::Killed(at, Part::Nothing)));
        let ended = run(&disk).steps.len();
        let places = found(&disk, Restart::Process, &all.states);
        // The first operation behind a step: nothing of the next one has happened.
        if let Some(step) = ended.checked_sub(1).filter(|&step| after[step].is_empty()) {
            after[step] = places;
        }
    }
    (all, after, operations)
}

/// Where what a disk holds of each shard is among its states; the newest place if it is at several.
fn found(disk: &Faulty, how: Restart, states: &[States]) -> Vec<usize> {
    let disk = disk.restart(how);
    let sessions = saved(&disk);
    assert!(sessions.len() <= SHARDS.len());
    let place = |(shard, states): (_, &States)| {
        let session = sessions.iter().find(|session| session.shard() == shard);
        let is_it = |state: &Option<Session>| state.as_ref() == session;
        let place = states.iter().rposition(is_it);
        place.unwrap_or_else(|| panic!("{how:?}: {session:?} was never handed over"))
    };
    SHARDS.into_iter().zip(states).map(place).collect()
}

/// The next process goes on with whatever it finds, and what it records is found.
fn go_on(disk: &Faulty) {
    let (folder, _) = open(disk);
    for shard in SHARDS {
        let mut journal = journal(&folder, shard);
        journal.begin(&session(shard, "next", 5, &[9]), Instant::ZERO);
        for sequence in 6..9 {
            journal.acknowledged(sequence, Instant::ZERO);
            journal.flush(Instant::ZERO);
        }
    }
    for how in [Restart::Process, Restart::Synchronised] {
        let expected = SHARDS.map(|shard| session(shard, "next", 8, &[9]));
        assert_eq!(saved(&disk.restart(how)), expected);
    }
}

#[test]
fn a_kill_at_each_operation_leaves_what_was_recorded_or_what_was_being_recorded() {
    let (_, after, operations) = recorded();
    assert!(operations > 100, "{operations}");
    for at in 0..operations {
        for part in Part::ALL {
            let disk = Faulty::new();
            disk.fail(Some(Fault::Killed(at, part)));
            let run = run(&disk);
            let ended = run.steps.len();
            let places = found(&disk, Restart::Process, &run.states);
            for (shard, &place) in places.iter().enumerate() {
                let least = ended.checked_sub(1).map_or(0, |step| after[step][shard]);
                assert!(place >= least, "at {at}, {part:?}: {place} of {least}");
            }
            go_on(&disk.restart(Restart::Process));
        }
    }
}

#[test]
fn a_loss_of_power_at_each_operation_leaves_what_was_synchronised_or_later() {
    let (all, _, operations) = recorded();
    for at in 0..operations {
        for part in Part::ALL {
            let disk = Faulty::new();
            disk.fail(Some(Fault::Killed(at, part)));
            let run = run(&disk);
            // A disk writes a sector whole, and a record lies within one. If one is torn all the
            // same, what is found is whole, and may be older.
            let is_torn = !matches!(part, Part::Nothing | Part::All);
            let steps = 0..run.steps.len();
            let ended = steps.rev().find(|&step| is_synchronised(step) && !is_torn);
            for how in Restart::POWER_LOSSES {
                let places = found(&disk, how, &run.states);
                for (shard, &place) in places.iter().enumerate() {
                    let least = ended.map_or(0, |step| all.steps[step][shard] - 1);
                    assert!(
                        place >= least,
                        "at {at}, {part:?}, {how:?}: {place} of {least}"
                    );
                }
                go_on(&disk.restart(how));
            }
        }
    }
}

#[test]
fn a_failure_of_each_operation_is_outlived_and_made_good() {
    let (all, _, operations) = recorded();
    for at in 0..operations {
        for part in Part::ALL {
            let disk = Faulty::new();
            disk.fail(Some(Fault::Failed(at, part)));
            let run = run(&disk);
            assert_eq!(run.steps.len(), all.steps.len(), "the bot goes on");
            let places = found(&disk, Restart::Process, &run.states);
            let last = operations - 20;
            if at < last {
                let newest: Vec<_> = run.states.iter().map(|states| states.len() - 1).collect();
                assert_eq!(
                    places, newest,
                    "at {at}, {part:?}: later writes make it good"
                );
            }
            go_on(&disk.restart(Restart::Process));
        }
    }
}

#[test]
fn a_disk_that_is_full_from_any_moment_on_leaves_a_whole_state() {
    let (_, _, operations) = recorded();
    for at in 0..operations {
        let disk = Faulty::new();
        disk.fail(Some(Fault::Full(at)));
        let run = run(&disk);
        for how in [Restart::Process, Restart::Synchronised] {
            found(&disk, how, &run.states);
            go_on(&disk.restart(how));
        }
    }
}
