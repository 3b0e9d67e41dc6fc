//! The simulated gateway of the demonstration: its world, and what goes wrong in it.

use std::io;
use std::time::Duration;

use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{Arrival, Fault, Limits, Options, Plan, Token, Trouble, guild_id};

/// The token that the simulated gateway takes.
pub(crate) const TOKEN: &str = "demonstration";

/// How long the client leaves a guild alone between two requests for all its members.
pub(crate) const CLIENT_GATE: Duration = Duration::from_millis(1_100);
/// How long the client waits for the next chunk.
pub(crate) const SILENCE: Duration = Duration::from_millis(1_500);

/// The same gate on the server's side, in milliseconds.
const SERVER_GATE: u64 = 1_000;

pub(crate) const ABOUT: &str = "\
A simulated gateway on loopback: 2 shards, 60 guilds. One has 100,000 members,
one is in an outage, one loses a chunk once, one loses the same chunk every
time. For the demonstration the gate between member requests is 1 s instead of
30 s on both sides, and a chunk is waited for 1.5 s instead of 10.";

const GUILDS: u32 = 60;
const SHARDS: u32 = 2;
/// Guilds that are not like the others, by number.
const HUGE: u32 = 7;
const OUTAGE: u32 = 13;
const LOSES_ONCE: u32 = 22;
const LOSES_ALWAYS: u32 = 35;

fn members(guild: u32) -> u32 {
    match guild {
        HUGE => 100_000,
        LOSES_ONCE => 3_400,
        LOSES_ALWAYS => 2_600,
        other => 20 + (other * 97) % 900,
    }
}

/// Starts it on a free port.
pub(crate) async fn start(seed: u64) -> io::Result<Server> {
    let mut world = Plan::sizes((0..GUILDS).map(members));
    if let Some(guild) = world.guilds.get_mut(OUTAGE as usize) {
        guild.arrival = Arrival::Outage;
    }
    let lose = |guild, index| Trouble::LoseChunk {
        guild: guild_id(guild),
        index,
    };
    let options = Options {
        world,
        token: Token::new(TOKEN),
        shards: SHARDS,
        max_concurrency: SHARDS,
        limits: Limits {
            request_gate: SERVER_GATE,
            ..Limits::default()
        },
        faults: vec![
            Fault::once(lose(LOSES_ONCE, 2)),
            Fault::always(lose(LOSES_ALWAYS, 1)),
        ],
        ..Options::default()
    };
    Server::start(options, seed, ServerConfig::default()).await
}
