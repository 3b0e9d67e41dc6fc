//! Many seeds, each run twice.
use super::{Length, Simulation, Tally};
use crate::scenario::Source;
use headcount_driver::record::RecordingError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// A run that broke a promise.
#[derive(Clone, Debug)]
pub struct Failure {
    /// Its seed.
    pub seed: u64,
    /// How long it was asked to be.
    pub length: Length,
    /// What was broken.
    pub what: String,
    /// The last lines of its trace.
    pub lines: Vec<String>,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        writeln!(f, "seed {}: {}", self.seed, self.what)?;
        writeln!(f, "to see it again: {}", reproduce(self.seed, self.length))
    }
}

/// The command that runs one seed and prints its whole trace.
#[must_use]
pub fn reproduce(seed: u64, length: Length) -> String {
    let steps = length.steps;
    format!(
        "cargo run --release -p headcount-sim --bin simulate -- \
         --seed {seed} --steps {steps} --trace"
    )
}

/// Runs one seed twice, and looks that both runs were the same.
///
/// # Errors
/// What was broken, with the last lines of the trace.
pub fn check_seed(seed: u64, length: Length) -> Result<Tally, Box<Failure>> {
    let (first, tally) = run(seed, length)?;
    let (second, _) = run(seed, length)?;
    if first == second {
        return Ok(tally);
    }
    let what = format!("two runs differ: {first:?} and {second:?}");
    Err(Box::new(Failure {
        seed,
        length,
        what,
        lines: Vec::new(),
    }))
}

/// Runs the scenario that these bytes spell: what a fuzzer and the properties call.
///
/// # Errors
/// What was broken, and the last lines of the trace.
pub fn check_bytes(bytes: &[u8]) -> Result<Tally, String> {
    let mut source = Source::bytes(bytes);
    let mut run = Simulation::new(&mut source, false);
    match run.run(&mut source, Length::default()) {
        Ok(()) => Ok(run.tally().clone()),
        Err(what) => {
            let lines: Vec<&str> = run.trace().lines().collect();
            Err(format!("{}\n{what}", lines.join("\n")))
        }
    }
}

/// Runs one seed, and returns its recording, which the example `replay` steps through; it ends with
/// what was broken, if anything was.
///
/// # Errors
/// Settings that cannot be written.
pub fn record_seed(seed: u64, length: Length) -> Result<Vec<u8>, RecordingError> {
    record(seed, |run, source| run.run(source, length))
}

/// Records a run of a seed up to its end, however that comes about.
fn record(
    seed: u64,
    play: impl FnOnce(&mut Simulation, &mut Source<'_>) -> Result<(), String>,
) -> Result<Vec<u8>, RecordingError> {
    let mut source = Source::seed(seed);
    let mut run = Simulation::new(&mut source, false).recorded(None)?;
    let ended = catch_unwind(AssertUnwindSafe(|| play(&mut run, &mut source)));
    let why = match ended {
        Ok(Ok(())) => "the run is over".to_owned(),
        Ok(Err(what)) => what,
        Err(_) => "a panic".to_owned(),
    };
    Ok(run.recording(&why).unwrap_or_default())
}

fn run(seed: u64, length: Length) -> Result<((u64, u64), Tally), Box<Failure>> {
    let mut source = Source::seed(seed);
    let mut run = Simulation::new(&mut source, false);
    let ended = catch_unwind(AssertUnwindSafe(|| run.run(&mut source, length)));
    let ended = ended.unwrap_or_else(|_| Err("a panic; its message is above".to_owned()));
    match ended {
        Ok(()) => Ok((run.trace().digest(), run.tally().clone())),
        Err(what) => {
            let lines = run.trace().lines().map(str::to_owned).collect();
            Err(Box::new(Failure {
                seed,
                length,
                what,
                lines,
            }))
        }
    }
}

/// Consecutive seeds on several threads.
#[derive(Clone, Copy, Debug)]
pub struct Campaign {
    /// The first seed.
    pub first: u64,
    /// How many seeds at most.
    pub seeds: u64,
    /// How long to go on beginning new seeds.
    pub time: Duration,
    /// How many threads.
    pub threads: usize,
    /// How long each run is.
    pub length: Length,
}

impl Campaign {
    /// Runs it; the sum of what passed, and what failed by ascending seed.
    #[must_use]
    pub fn run(&self) -> (Tally, Vec<Failure>) {
        let (next, start) = (AtomicU64::new(0), Instant::now());
        let all = Mutex::new((Tally::default(), Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..self.threads.max(1) {
                scope.spawn(|| self.work(&next, start, &all));
            }
        });
        let (tally, mut failures) = all.into_inner().unwrap_or_default();
        failures.sort_by_key(|failure: &Failure| failure.seed);
        (tally, failures)
    }

    fn work(&self, next: &AtomicU64, start: Instant, all: &Mutex<(Tally, Vec<Failure>)>) {
        while start.elapsed() < self.time {
            let offset = next.fetch_add(1, Ordering::Relaxed);
            if offset >= self.seeds {
                return;
            }
            let result = check_seed(self.first.wrapping_add(offset), self.length);
            let Ok(mut all) = all.lock() else {
                return;
            };
            match result {
                Ok(tally) => all.0.add(&tally),
                Err(failure) => all.1.push(*failure),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use headcount_driver::record::{Recording, Replay};

    /// How many steps a recording has, all of which go as they did.
    fn steps(recording: &Recording) -> usize {
        let mut replay = Replay::new(recording).expect("settings");
        let mut steps = 0;
        while let Some(step) = replay.step().expect("frames") {
            assert_eq!(step.divergence, None, "{:?}", step.happened);
            steps += 1;
        }
        steps
    }

    #[test]
    fn a_run_that_fails_is_recorded_up_to_there_with_what_was_broken() {
        let broken = |panics: bool| {
            let played = record(7, |run, source| {
                run.run(source, Length::of(50))?;
                assert!(!panics, "planted");
                Err("a promise that is planted".to_owned())
            });
            Recording::read(&played.expect("settings")).expect("a recording")
        };
        let whole = record_seed(7, Length::of(50)).expect("settings");
        let whole = Recording::read(&whole).expect("a recording");
        for (panics, why) in [(false, "a promise that is planted"), (true, "a panic")] {
            let broken = broken(panics);
            assert_eq!(broken.end().why, why);
            assert_eq!(steps(&broken), steps(&whole));
        }
        assert!(steps(&whole) > 50);
        assert_eq!(whole.end().why, "the run is over");
    }
}
