//! Runs every attack against a bot on tokio, and prints how the bot held up; `--help` says how.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal prints its results and errors"
)]
mod arguments;

use arguments::{Arguments, Asked};
use headcount_sim::attack::{self, ATTACKS, CONTROL, Verdict, bot, idle};
use headcount_tokio::Tokio;
use std::io;
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    if let Ok(attacker) = std::env::var(CONTROL) {
        return done(run_bot(&attacker).map(|()| true));
    }
    match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Asked::Help) => {
            print!("{}", arguments::HELP);
            ExitCode::SUCCESS
        }
        Ok(Asked::Run(arguments)) => done(run(&arguments)),
        Err(wrong) => {
            eprintln!("attacks: {wrong}");
            ExitCode::from(2)
        }
    }
}

fn done(result: io::Result<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("attacks: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Stands an attack, as the process of a bot.
fn run_bot(attacker: &str) -> io::Result<()> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    let runtime = builder.worker_threads(2).enable_all().build()?;
    runtime.block_on(bot::attend::<Tokio>(attacker))
}

/// Whether everything held.
fn run(asked: &Arguments) -> io::Result<bool> {
    let bot = Command::new(std::env::current_exe()?);
    let mut verdicts = Vec::new();
    if !asked.json {
        println!("{}", Verdict::HEAD);
    }
    let wanted = |name: &str| asked.only.as_deref().is_none_or(|only| name.contains(only));
    if let Some(time) = asked.soak {
        let verdict = attack::soak(time, &bot)?;
        match asked.json {
            true => println!("{}", attack::json(std::slice::from_ref(&verdict), None)),
            false => println!("{verdict}"),
        }
        return Ok(verdict.holds());
    }
    for attack in ATTACKS.iter().filter(|attack| wanted(attack.name)) {
        let verdict = attack::run(attack, asked.time, &bot)?;
        if !asked.json {
            println!("{verdict}");
        }
        verdicts.push(verdict);
    }
    let idle = match asked.only {
        None => idle::bytes_per_shard(&bot)?,
        Some(_) => None,
    };
    if asked.json {
        println!("{}", attack::json(&verdicts, idle));
    } else if let Some(bytes) = idle {
        println!("An idle shard: {:.1} KiB resident.", bytes as f64 / 1024.0);
    }
    Ok(verdicts.iter().all(Verdict::holds))
}
