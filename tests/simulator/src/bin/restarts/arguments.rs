//! What the caller asks for.
use lexopt::prelude::{Long, Short, ValueExt};
use std::ffi::OsString;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Ends a bot on tokio again and again while the simulated gateway sends it numbered events, and counts
what is lost, doubled or out of order: by a shutdown, by a kill at a random instant, by a kill
while the bot is slower than the stream, and by a kill aimed at its snapshots: before the first,
while one is written, after and between them, which its folder shows. Each bot is a process of its
own, and keeps its session in a folder, in turns without the rows of its cache, with those of its
end, and with snapshots in quick succession. A killed bot may get again what it had taken and not
acknowledged (one event) or acknowledged in the last 5 ms, at most 256 events; while its guilds are
set up, in the last second. In the end the rows of the last bot's cache are compared with what the
gateway has: guilds that are whole have all of it, and nothing else.

  --kills N      how often a bot is ended in each of the four ways (100)
  --trimming N   how many of a hundred are ended with a gateway that forgets what a heartbeat
                 acknowledges (33)
  --members N    of how many members the cost of a snapshot is measured (1000000)
  --seed N       what the instants follow from (1)
  --json         print one JSON object, a key for each way and one for what a snapshot costs
";

/// What to do.
pub(crate) enum Asked {
    Help,
    Run(Arguments),
}

/// How.
pub(crate) struct Arguments {
    pub(crate) kills: u32,
    /// Of a hundred.
    pub(crate) trimming: u32,
    pub(crate) members: u64,
    pub(crate) seed: u64,
    pub(crate) json: bool,
}

pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let mut asked = Arguments {
        kills: 100,
        trimming: 33,
        members: 1_000_000,
        seed: 1,
        json: false,
    };
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("kills") => asked.kills = parser.value()?.parse()?,
            Long("trimming") => asked.trimming = parser.value()?.parse_with(percentage)?,
            Long("members") => asked.members = parser.value()?.parse()?,
            Long("seed") => asked.seed = parser.value()?.parse()?,
            Long("json") => asked.json = true,
            Short('h') | Long("help") => return Ok(Asked::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Asked::Run(asked))
}

fn percentage(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number @ 0..=100) => Ok(number),
        _ => Err(format!("{text:?} is no number up to 100")),
    }
}
