//! Simulated runs as recordings: read back, and replayed to the same actions, machines and rows,
//! through restarts and over clocks that jump.

use headcount_core::cache::MemoryStore;
use headcount_core::{Action, Shard};
use headcount_driver::record::{Happened, Recording, Replay};
use headcount_sim::scenario::Source;
use headcount_sim::simulation::{Length, Simulation, Tally, record_seed};
use serde_json::Value;
use std::ops::Range;

/// Runs that are recorded as they are, and those that are scrubbed.
const PLAIN: Range<u64> = 0..16;
const SCRUBBED: Range<u64> = 16..32;
const KEY: [u64; 2] = [0x5eed, 0xc0de];

/// What a replay ends with.
struct Replayed {
    machines: Vec<Value>,
    store: MemoryStore,
    restarts: u64,
}

/// Steps through a recording, all of whose steps have to go as they did.
fn replayed(name: &str, file: &[u8]) -> Replayed {
    let recording = Recording::read(file).expect("a recording");
    let mut replay = Replay::new(&recording).expect("settings");
    let (mut store, mut restarts) = (MemoryStore::new(0), 0);
    while let Some(step) = replay.step().expect("frames") {
        let happened = format!("{} {:?} {:?}", step.shard, step.at, step.happened);
        assert_eq!(step.divergence, None, "{name}: {happened}");
        restarts += u64::from(matches!(step.happened, Happened::Begun));
        for action in step.actions {
            if let Action::Mutate(mutation) = action {
                store.apply(mutation);
            }
        }
    }
    let ids = recording.shards().expect("shards").into_iter();
    let shards = ids.filter_map(|id| replay.shard(id));
    Replayed {
        machines: shards.map(machine).collect(),
        store,
        restarts,
    }
}

fn machine(shard: &Shard) -> Value {
    serde_json::to_value(shard.checkpoint()).expect("JSON")
}

/// A run that is recorded, and its replay.
fn both(seed: u64, key: Option<[u64; 2]>) -> (Simulation, Replayed) {
    let mut source = Source::seed(seed);
    let run = Simulation::new(&mut source, false).recorded(key);
    let mut run = run.expect("settings");
    let passed = run.run(&mut source, Length::default());
    passed.unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}"));
    let file = run.recording("a test").expect("it is recorded");
    let replayed = replayed(&format!("seed {seed}"), &file);
    (run, replayed)
}

/// Whether the rows at the end are all that the run has made.
fn keeps_rows(run: &Simulation) -> bool {
    let faults = &run.tally().faults;
    !faults.contains_key("process: killed, with its rows")
}

fn rows(store: &MemoryStore) -> Vec<Value> {
    let pieces = store.export();
    let pieces = pieces.map(|piece| serde_json::to_value(&piece).expect("JSON"));
    let mut pieces: Vec<Value> = pieces.collect();
    pieces.sort_by_cached_key(Value::to_string);
    pieces
}

/// How long they are as text: as long as the same rows under another permutation of ids.
fn lengths(store: &MemoryStore) -> Vec<usize> {
    let mut rows = rows(store);
    for positions in rows
        .iter_mut()
        .filter_map(|row| row.pointer_mut("/store/positions"))
    {
        // The digest of another session's id may have another length.
        *positions = Value::Null;
    }
    for position in rows
        .iter_mut()
        .filter_map(|row| row.pointer_mut("/guild/position"))
    {
        *position = Value::Null;
    }
    let mut lengths: Vec<usize> = rows.iter().map(|row| row.to_string().len()).collect();
    lengths.sort_unstable();
    lengths
}

/// What makes a replay hard has to be in these runs.
fn has_all(tally: &Tally, restarts: u64, kept: u64) {
    assert!(restarts > 50 && kept > 3, "{restarts} {kept}");
    for fault in [
        "clock: backward",
        "clock: forward",
        "clock: stuck",
        "host: asleep",
        "host: crash",
        "process: killed",
        "consumer: stalled",
    ] {
        assert!(tally.faults.contains_key(fault), "{fault}");
    }
}

#[test]
fn simulated_runs_replay_to_the_same_machines_and_rows() {
    let (mut tally, mut restarts, mut kept) = (Tally::default(), 0, 0);
    for seed in PLAIN {
        let (run, replayed) = both(seed, None);
        let machines: Vec<Value> = run.shards().map(machine).collect();
        assert!(machines == replayed.machines, "seed {seed}");
        if keeps_rows(&run) {
            kept += 1;
            assert!(rows(run.store()) == rows(&replayed.store), "seed {seed}");
        }
        tally.add(run.tally());
        restarts += replayed.restarts;
    }
    has_all(&tally, restarts, kept);
}

#[test]
fn scrubbed_runs_replay_to_the_same_actions_and_to_rows_of_the_same_form() {
    let (mut tally, mut restarts, mut kept) = (Tally::default(), 0, 0);
    for seed in SCRUBBED {
        let (run, replayed) = both(seed, Some(KEY));
        if keeps_rows(&run) {
            kept += 1;
            assert_eq!(
                lengths(run.store()),
                lengths(&replayed.store),
                "seed {seed}"
            );
        }
        tally.add(run.tally());
        restarts += replayed.restarts;
    }
    has_all(&tally, restarts, kept);
}

#[test]
fn a_run_that_ends_in_the_middle_is_recorded_up_to_there() {
    for (seed, steps) in [(1, 1), (12, 97), (52, 301)] {
        let file = record_seed(seed, Length::of(steps)).expect("settings");
        let recording = Recording::read(&file).expect("a recording");
        assert_eq!(recording.end().why, "the run is over");
        assert!(recording.begins_with_run() && !recording.end().is_full);
        replayed(&format!("seed {seed}, {steps} steps"), &file);
    }
}
