//! Replays a recording of a bot, or a script, through the core on virtual time, and prints what the
//! core wants done.
//!
//! ```text
//! cargo run --release --example replay -- bot.rec                # every step, and what follows
//! cargo run --release --example replay -- --check bot.rec        # the first step that differs
//! cargo run --release --example replay -- --shard 3 --guild ID --from 60000 --to 90000 bot.rec
//! cargo run --release --example replay -- script.jsonl           # or from standard input
//! ```
//!
//! A recording is what `Handle::dump` writes, and `rollcall --record FILE`. Each step is a line of
//! JSON: time in milliseconds, shard, kind, details; its actions follow, a line each, and one of
//! the kind `differs` if the recorded run did something else. The cuts choose what is printed: a
//! shard, what has a guild's id in it (as the recording has it: ids are others there than the
//! bot's), a time; all of it is replayed. At the end a line on standard error says how many steps
//! there were and how fast they went, and the program fails if one of the cut differed, or if there
//! was nothing to be checked.
//!
//! A script is written by hand. A line of it is one JSON object: the time in milliseconds, the
//! shard (a number or `[number, total]`, default 0), and at most one thing that happens then. A
//! line without one lets time pass. Deadlines in between fire in order.
//!
//! | key | what happens |
//! |---|---|
//! | `config` | first line only: `machine` (`tracker` or `shard`), `shards`, `intents`, `chunking` (`never`, `large`, `missing`, `all`), `presences`, `seed`, `url`; each has a default |
//! | `payload` | the gateway says this; for a tracker a bare dispatch (`t`, `s`, `d`) will do |
//! | `request` | the user asks for members: `guild`, and `prefix` with `limit`, or `users`, or neither; `presences` |
//! | `closed` | the connection is lost, with the peer's `code` if it gave one |
//!
//! Mutations are shown by their steps and the rows in each; the token is never printed. A shard's
//! dials succeed at once in a script.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for a terminal"
)]

mod arguments;
mod machine;
mod output;
mod play;
pub(crate) mod recorded;
mod script;

use std::io::{self, Read, Write};
use std::process::ExitCode;

use arguments::Arguments;

pub(crate) use play::replay;
use recorded::replay_recording;

fn main() -> ExitCode {
    match Arguments::read(std::env::args().skip(1)).and_then(|arguments| run(&arguments)) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(why) => {
            eprintln!("replay: {why}");
            ExitCode::FAILURE
        }
    }
}

/// Whether all went as it did before.
fn run(arguments: &Arguments) -> Result<bool, String> {
    let mut input = Vec::new();
    match &arguments.path {
        Some(path) => input = std::fs::read(path).map_err(|why| format!("{path}: {why}"))?,
        None => drop(
            io::stdin()
                .read_to_end(&mut input)
                .map_err(|why| why.to_string())?,
        ),
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    // A reader that has seen enough is no failure.
    let mut print = |line: String| drop(writeln!(out, "{line}"));
    if input.starts_with(b"headcount recording ") {
        let start = std::time::Instant::now();
        let summary = replay_recording(&input, &arguments.cut, &mut print)?;
        eprintln!("{}", summary.in_words(start.elapsed()));
        return Ok(summary.differing == 0);
    }
    let script = String::from_utf8(input).map_err(|_| "neither a recording nor text")?;
    replay(&script, print).map_err(|fault| fault.to_string())?;
    Ok(true)
}
