//! Simulates bots against the gateway model for as long as one likes; `--help` says how.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal prints its results and errors"
)]
mod report;

use headcount_sim::scenario::Source;
use headcount_sim::simulation::{Campaign, Length, Simulation, record_seed};
use lexopt::prelude::{Long, ValueExt};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;
use std::{fs, io};

const HELP: &str = "\
Simulates bots against the gateway model, with every kind of fault.

  --seconds N   begin new seeds for so long (without it: until --seeds are done)
  --seeds N     how many seeds (default: 300, or no end with --seconds)
  --first S     the first seed (default: 0)
  --seed S      this seed alone
  --steps N     steps of each run: inputs that are no bare timeouts, and faults (default: 600)
  --threads N   how many seeds at a time (default: 2)
  --trace       with --seed: print every line of the trace
  --record DIR  write a recording of each seed that fails to DIR/seed-N.rec, and with --seed of that
                one in any case; the example `replay` steps through it
  --marks       also print what was reached in each machine
  --json        print the result as one JSON object
";

struct Arguments {
    campaign: Campaign,
    trace: bool,
    record: Option<PathBuf>,
    marks: bool,
    json: bool,
}

fn main() -> ExitCode {
    match parse() {
        Ok(None) => {
            print!("{HELP}");
            ExitCode::SUCCESS
        }
        Ok(Some(arguments)) if arguments.trace => trace(&arguments.campaign),
        Ok(Some(arguments)) => simulate(&arguments),
        Err(wrong) => {
            eprintln!("simulate: {wrong}");
            ExitCode::from(2)
        }
    }
}

fn parse() -> Result<Option<Arguments>, lexopt::Error> {
    let mut parser = lexopt::Parser::from_env();
    let mut length = Length::default();
    let (mut seeds, mut seconds, mut first, mut threads) = (None, None, 0, 2);
    let (mut trace, mut marks, mut json) = (false, false, false);
    let mut record = None;
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => seconds = Some(parser.value()?.parse()?),
            Long("seeds") => seeds = Some(parser.value()?.parse()?),
            Long("first") => first = parser.value()?.parse()?,
            Long("seed") => (first, seeds) = (parser.value()?.parse()?, Some(1)),
            Long("steps") => {
                length = Length::of(parser.value()?.parse()?);
            }
            Long("threads") => threads = parser.value()?.parse()?,
            Long("trace") => trace = true,
            Long("record") => record = Some(parser.value()?.into()),
            Long("marks") => marks = true,
            Long("json") => json = true,
            Long("help") => return Ok(None),
            other => return Err(other.unexpected()),
        }
    }
    let campaign = Campaign {
        first,
        seeds: seeds.unwrap_or(if seconds.is_some() { u64::MAX } else { 300 }),
        time: seconds.map_or(Duration::MAX, Duration::from_secs),
        threads,
        length,
    };
    Ok(Some(Arguments {
        campaign,
        trace,
        record,
        marks,
        json,
    }))
}

/// Prints every line of one run.
fn trace(campaign: &Campaign) -> ExitCode {
    let mut source = Source::seed(campaign.first);
    let mut run = Simulation::new(&mut source, true);
    let ended = run.run(&mut source, campaign.length);
    run.trace().lines().for_each(|line| println!("{line}"));
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(what) => {
            eprintln!("seed {}: {what}", campaign.first);
            ExitCode::FAILURE
        }
    }
}

fn simulate(arguments: &Arguments) -> ExitCode {
    let (tally, failures) = arguments.campaign.run();
    if arguments.json {
        println!("{}", report::json(&tally, &failures));
    } else {
        print!("{}", report::text(&tally, arguments.marks));
    }
    failures.iter().for_each(|failure| eprintln!("{failure}"));
    if let Some(folder) = &arguments.record {
        let failed = failures.iter().map(|failure| failure.seed);
        let alone = (arguments.campaign.seeds == 1).then_some(arguments.campaign.first);
        let seeds: BTreeSet<u64> = failed.chain(alone).collect();
        for seed in seeds {
            if let Err(error) = record(folder, seed, arguments.campaign.length) {
                eprintln!("seed {seed} is not recorded: {error}");
            }
        }
    }
    if failures.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn record(folder: &Path, seed: u64, length: Length) -> io::Result<()> {
    let recording = record_seed(seed, length).map_err(io::Error::other)?;
    let path = folder.join(format!("seed-{seed}.rec"));
    fs::write(&path, recording)?;
    eprintln!("seed {seed} is recorded in {}", path.display());
    Ok(())
}
