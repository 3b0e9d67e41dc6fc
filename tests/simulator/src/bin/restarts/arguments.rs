//! What the caller asks for.
use lexopt::prelude::{Long, Short, ValueExt};
use std::ffi::OsString;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Ends a bot on tokio again and again while the simulated gateway sends it numbered events, and counts
what is lost, doubled or out of order: by a shutdown, by a kill at a random instant, and by a kill
while the bot is slower than the stream. Each bot is a process of its own.

  --kills N   how often a bot is ended in each of the three ways (100)
  --seed N    what the instants follow from (1)
  --json      print one JSON object, a key for each way
";

/// What to do.
pub(crate) enum Asked {
    Help,
    Run(Arguments),
}

/// How.
pub(crate) struct Arguments {
    pub(crate) kills: u32,
    pub(crate) seed: u64,
    pub(crate) json: bool,
}

pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let mut asked = Arguments {
        kills: 100,
        seed: 1,
        json: false,
    };
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("kills") => asked.kills = parser.value()?.parse()?,
            Long("seed") => asked.seed = parser.value()?.parse()?,
            Long("json") => asked.json = true,
            Short('h') | Long("help") => return Ok(Asked::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Asked::Run(asked))
}
