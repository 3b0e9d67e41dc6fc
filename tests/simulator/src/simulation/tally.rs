//! What has been reached: faults, and the arms of the machines.
use std::collections::BTreeMap;

/// Counts over a run, or over many.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs.
    pub seeds: u64,
    /// Inputs of shards that are no bare timeouts, and faults.
    pub steps: u64,
    /// Virtual time of all shards, in milliseconds.
    pub session_millis: u64,
    /// Faults by kind, as often as they struck.
    pub faults: BTreeMap<&'static str, u64>,
    /// Close codes that the server used.
    pub codes: BTreeMap<u16, u64>,
    /// Transitions, outcomes and ends, by name.
    pub marks: BTreeMap<String, u64>,
    /// Comparisons of a guild's members with the world's.
    pub comparisons: u64,
}

impl Tally {
    pub(crate) fn fault(&mut self, name: &'static str) {
        *self.faults.entry(name).or_default() += 1;
        self.steps += 1;
    }

    pub(crate) fn mark(&mut self, name: String) {
        *self.marks.entry(name).or_default() += 1;
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.steps += other.steps;
        self.session_millis += other.session_millis;
        self.comparisons += other.comparisons;
        for (name, count) in &other.faults {
            *self.faults.entry(name).or_default() += count;
        }
        for (code, count) in &other.codes {
            *self.codes.entry(*code).or_default() += count;
        }
        for (name, count) in &other.marks {
            *self.marks.entry(name.clone()).or_default() += count;
        }
    }
}
