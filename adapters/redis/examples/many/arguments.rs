//! What the caller asks for.

use lexopt::prelude::{Long, Short, ValueExt as _};

const HELP: &str = "\
Runs one bot in several processes that share its shards over a Redis, with a simulated gateway that
sends numbered events; kills the processes and the Redis one after the other, and counts what is
lost, doubled or out of order. As it stands it takes some 40 minutes.

  --kills N         how many owners of shards are killed (100)
  --redis-kills N   how often the Redis is killed, in turns with and without its data (20)
  --pauses N        how many owners stand still for 30 s (3)
  --processes N     how many processes there are (4)
  --shards N        how many shards they share (8)
  --traffic N       events a second (200)
  --seed N          what the instants follow from (1)
  --json            print one JSON object at the end, and nothing else";

#[derive(Clone, Debug)]
pub(crate) struct Arguments {
    pub(crate) kills: u32,
    pub(crate) redis_kills: u32,
    pub(crate) pauses: u32,
    pub(crate) processes: u32,
    pub(crate) shards: u32,
    pub(crate) traffic: u32,
    pub(crate) seed: u64,
    pub(crate) json: bool,
}

impl Arguments {
    /// Reads the command line; `None` when the help text was all that was wanted.
    pub(crate) fn read() -> Result<Option<Self>, lexopt::Error> {
        let mut asked = Self {
            kills: 100,
            redis_kills: 20,
            pauses: 3,
            processes: 4,
            shards: 8,
            traffic: 200,
            seed: 1,
            json: false,
        };
        let mut parser = lexopt::Parser::from_env();
        while let Some(argument) = parser.next()? {
            match argument {
                Long("kills") => asked.kills = parser.value()?.parse()?,
                Long("redis-kills") => asked.redis_kills = parser.value()?.parse()?,
                Long("pauses") => asked.pauses = parser.value()?.parse()?,
                Long("processes") => asked.processes = parser.value()?.parse_with(at_least_two)?,
                Long("shards") => asked.shards = parser.value()?.parse_with(at_least_two)?,
                Long("traffic") => asked.traffic = parser.value()?.parse()?,
                Long("seed") => asked.seed = parser.value()?.parse()?,
                Long("json") => asked.json = true,
                Long("help") | Short('h') => {
                    println!("{HELP}");
                    return Ok(None);
                }
                other => return Err(other.unexpected()),
            }
        }
        Ok(Some(asked))
    }
}

fn at_least_two(text: &str) -> Result<u32, String> {
    match text.parse() {
        Ok(number @ 2..) => Ok(number),
        _ => Err(format!("{text:?} is no number from 2 on")),
    }
}
