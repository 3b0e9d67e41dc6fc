//! What the caller asks for.
use lexopt::prelude::{Long, Short, ValueExt};
use std::ffi::OsString;
use std::time::Duration;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Attacks a bot on tokio over real sockets, and prints how much memory it took, how long heartbeats
and the end took under the flood, what the user was emitted, and whether all of that is right.

  --seconds N   how long each attack lasts (20)
  --soak N      all of it at once on 16 shards, for N seconds, and nothing else
  --only TEXT   only attacks whose name holds this
  --json        print one JSON object, a key for each attack
";

/// What to do.
pub(crate) enum Asked {
    Help,
    Run(Arguments),
}

/// How.
pub(crate) struct Arguments {
    pub(crate) time: Duration,
    pub(crate) soak: Option<Duration>,
    pub(crate) only: Option<String>,
    pub(crate) json: bool,
}

pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Asked, lexopt::Error> {
    let mut asked = Arguments {
        time: Duration::from_secs(20),
        soak: None,
        only: None,
        json: false,
    };
    let mut parser = lexopt::Parser::from_args(args);
    while let Some(argument) = parser.next()? {
        match argument {
            Long("seconds") => asked.time = Duration::from_secs(parser.value()?.parse()?),
            Long("soak") => {
                asked.soak = Some(Duration::from_secs(parser.value()?.parse()?));
            }
            Long("only") => asked.only = Some(parser.value()?.string()?),
            Long("json") => asked.json = true,
            Short('h') | Long("help") => return Ok(Asked::Help),
            other => return Err(other.unexpected()),
        }
    }
    Ok(Asked::Run(asked))
}
