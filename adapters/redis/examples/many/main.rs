//! One bot in four processes that share their shards over a Redis: its owners, and the Redis, are
//! killed one after the other, and every event is counted.
//!
//! It needs a `redis-server`; the gateway is a simulated one. `--help` lists every option.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a program for a terminal"
)]

mod account;
mod arguments;
mod owner;
mod screen;
#[path = "../server/mod.rs"]
mod server;
mod store;
mod trial;

use std::io;
use std::process::ExitCode;

use arguments::Arguments;
use trial::Trial;

fn main() -> ExitCode {
    if let Some(lived) = owner::is_owner() {
        return done(lived.map(|()| true));
    }
    match Arguments::read() {
        Ok(Some(arguments)) => done(run(arguments)),
        Ok(None) => ExitCode::SUCCESS,
        Err(mistake) => {
            eprintln!("many: {mistake} (see --help)");
            ExitCode::from(2)
        }
    }
}

fn done(result: io::Result<bool>) -> ExitCode {
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("many: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Whether everything held.
fn run(arguments: Arguments) -> io::Result<bool> {
    let runtime = tokio::runtime::Runtime::new()?;
    let is_json = arguments.json;
    let account = runtime.block_on(async {
        let mut trial = Trial::start(arguments).await?;
        trial.run().await?;
        trial.finish().await
    })?;
    match is_json {
        true => println!("{}", account.json()),
        false => println!("\n{account}"),
    }
    Ok(account.holds())
}
