//! Simulated bots under every kind of fault, from seeds; see `headcount_sim::simulation`.
mod arms;
mod odd_recording;
mod recording;
mod source;

use headcount_sim::simulation::{Campaign, Length, Tally, check_seed};
use std::time::Duration;

/// Consecutive seeds from 0, each run twice.
const SEEDS: u64 = 400;
/// How often each kind of fault has to strike in all runs together.
const LEAST: u64 = 100;
/// How often each close code has to be used.
const LEAST_CODES: u64 = 10;

const FAILED: &str = include_str!("../../cases/seeds/simulation.txt");

#[test]
fn seeds_that_once_failed_pass() {
    for line in FAILED.lines() {
        let seed = line.split('#').next().unwrap_or_default().trim();
        let seed = seed.parse().expect("a seed per line");
        if let Err(failure) = check_seed(seed, Length::default()) {
            panic!("{failure}");
        }
    }
}

#[test]
fn bots_keep_their_promises_under_every_fault() {
    let campaign = Campaign {
        first: 0,
        seeds: SEEDS,
        time: Duration::MAX,
        threads: 2,
        length: Length::default(),
    };
    let (tally, failures) = campaign.run();
    let failures: Vec<String> = failures.iter().map(ToString::to_string).collect();
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(tally.seeds == SEEDS && tally.steps >= SEEDS * Length::default().steps);
    every_fault_struck(&tally);
    let missing = arms::missing(&tally);
    assert!(missing.is_empty(), "never reached: {missing:#?}");
}

fn every_fault_struck(tally: &Tally) {
    let rare: Vec<_> = arms::FAULTS
        .iter()
        .map(|name| (name, tally.faults.get(name).copied().unwrap_or(0)))
        .filter(|(_, count)| *count < LEAST)
        .collect();
    assert!(rare.is_empty(), "too rare: {rare:?}");
    let rare: Vec<_> = arms::CODES
        .iter()
        .map(|code| (code, tally.codes.get(code).copied().unwrap_or(0)))
        .filter(|(_, count)| *count < LEAST_CODES)
        .collect();
    assert!(rare.is_empty(), "close codes that are too rare: {rare:?}");
}
