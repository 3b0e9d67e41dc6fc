//! Shows what a bot's state folder holds: which sessions the next process can resume, and from
//! where. The folder may be in use.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program for a terminal"
)]

use std::process::ExitCode;
use std::time::SystemTime;

use headcount_tokio::Error;
use headcount_tokio::driver::state::{SavedSession, SavedState};

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), None) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: state FOLDER");
        return ExitCode::from(2);
    };
    match SavedState::read(folder) {
        Ok(state) => {
            show(&state);
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("state: {}", full(&error));
            ExitCode::FAILURE
        }
    }
}

fn full(error: &Error) -> String {
    format!("{error:#}")
}

fn show(state: &SavedState) {
    match state.sessions.len() {
        0 => println!("no session to resume"),
        1 => println!("1 session to resume"),
        sessions => println!("{sessions} sessions to resume"),
    }
    for saved in &state.sessions {
        println!("{}", line(saved));
    }
    for &start in &state.cold_starts {
        println!("a start without a session, {}", age(start));
    }
    for unused in &state.unused {
        println!("not used: {unused}");
    }
}

fn line(saved: &SavedSession) -> String {
    let SavedSession {
        session,
        written,
        bot,
    } = saved;
    format!(
        "shard {}: session {:016x} of bot {bot:016x}, intents {:#x}, acknowledged up to {}, \
         {} guilds, written {}",
        session.shard(),
        session.digest(),
        session.intents().bits(),
        session.sequence(),
        session.guild_count(),
        age(*written),
    )
}

fn age(time: SystemTime) -> String {
    match time.elapsed() {
        Ok(age) => format!("{}.{} s ago", age.as_secs(), age.subsec_millis() / 100),
        Err(ahead) => format!("in {} s", ahead.duration().as_secs()),
    }
}
