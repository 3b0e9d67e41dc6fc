//! Ends a bot again and again, and counts what is lost; `--help` says how.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal prints its results and errors"
)]
mod account;
mod arguments;
mod bot;
mod instant;
mod rows;
mod snapshot;
mod trial;

use arguments::{Arguments, Asked};
use std::io;
use std::process::ExitCode;
use trial::{End, Trial};

fn main() -> ExitCode {
    if let Some(lived) = bot::is_bot() {
        return done(lived.map(|()| true));
    }
    match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Asked::Help) => {
            print!("{}", arguments::HELP);
            ExitCode::SUCCESS
        }
        Ok(Asked::Run(arguments)) => done(run(&arguments)),
        Err(wrong) => {
            eprintln!("restarts: {wrong}");
            ExitCode::from(2)
        }
    }
}

fn done(result: io::Result<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("restarts: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything held.
fn run(asked: &Arguments) -> io::Result<bool> {
    let runtime = tokio::runtime::Runtime::new()?;
    let mut all = serde_json::Map::new();
    let mut holds = true;
    for (name, end) in [
        ("graceful", End::Graceful),
        ("killed", End::Killed),
        ("slow", End::KilledWhileSlow),
        ("aimed", End::KilledAtSnapshots),
    ] {
        let mut trial = Trial::new(end, asked.seed);
        let trimming = asked.kills * asked.trimming / 100;
        for (restarts, trims) in [(asked.kills - trimming, false), (trimming, true)] {
            if restarts > 0 {
                runtime.block_on(trial.run(restarts, trims))?;
            }
        }
        let account = trial.account;
        holds &= account.holds();
        match asked.json {
            true => drop(all.insert(name.to_owned(), account.json())),
            false => println!("{name}: {account}"),
        }
    }
    let snapshot = snapshot::measure(asked.members)?;
    holds &= snapshot["members"] == asked.members;
    match asked.json {
        true => drop(all.insert("snapshot".to_owned(), snapshot)),
        false => println!("snapshot: {snapshot}"),
    }
    if asked.json {
        println!("{}", serde_json::Value::Object(all));
    }
    Ok(holds)
}
