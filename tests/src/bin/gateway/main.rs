//! Starts the simulated gateway from the command line; `--help` tells how.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for the terminal prints its results and errors"
)]
mod arguments;
mod help;

use arguments::Command;
use std::process::ExitCode;

fn main() -> ExitCode {
    match arguments::parse(std::env::args_os().skip(1)) {
        Ok(Command::Help) => {
            print!("{}", help::HELP);
            ExitCode::SUCCESS
        }
        Ok(Command::Run(arguments)) => {
            println!("{arguments:?}");
            ExitCode::SUCCESS
        }
        Err(wrong) => {
            eprintln!("gateway: {wrong}");
            ExitCode::from(2)
        }
    }
}
