//! Replays a recording through the core on virtual time, and prints what the core wants done.
//!
//! ```text
//! cargo run -p headcount-core --example replay -- recording.jsonl    # or from standard input
//! ```
//!
//! A line of the recording is one JSON object: the time in milliseconds, the shard (a number or
//! `[number, total]`, default 0), and at most one thing that happens then. A line without one
//! lets time pass. Deadlines in between fire in order.
//!
//! | key | what happens |
//! |---|---|
//! | `config` | first line only: `machine` (`tracker` or `shard`), `shards`, `intents`, `chunking` (`never`, `large`, `missing`, `all`), `presences`, `seed`, `url`; each has a default |
//! | `payload` | the gateway says this; for a tracker a bare dispatch (`t`, `s`, `d`) will do |
//! | `request` | the user asks for members: `guild`, and `prefix` with `limit`, or `users`, or neither; `presences` |
//! | `closed` | the connection is lost, with the peer's `code` if it gave one |
//!
//! Each action is printed as one line: time, shard, kind, details. Mutations are shown by their
//! steps and the rows in each; the token is never printed. A shard's dials succeed at once.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal"
)]

mod machine;
mod output;
mod play;
mod script;

use std::process::ExitCode;

pub(crate) use play::replay;

fn main() -> ExitCode {
    let recording = match std::env::args().nth(1) {
        Some(path) => std::fs::read_to_string(&path).map_err(|why| format!("{path}: {why}")),
        None => std::io::read_to_string(std::io::stdin()).map_err(|why| why.to_string()),
    };
    let ended = recording.and_then(|recording| {
        replay(&recording, |line| println!("{line}")).map_err(|fault| fault.to_string())
    });
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("replay: {why}");
            ExitCode::FAILURE
        }
    }
}
