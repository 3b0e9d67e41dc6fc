//! The simulated gateway of the demonstration: its world, and what goes wrong in it.

use std::io;
use std::path::Path;
use std::time::Duration;

use headcount_sim::server::{Server, ServerConfig};
use headcount_sim::{
    Arrival, EarlierSession, Fault, Limits, Options, Plan, Token, Trouble, guild_id,
};
use headcount_tokio::driver::state::{SavedSession, SavedState};

/// The token that the simulated gateway takes.
pub(crate) const TOKEN: &str = "demonstration";

/// How long the client leaves a guild alone between two requests for all its members.
pub(crate) const CLIENT_GATE: Duration = Duration::from_millis(1_100);
/// How long the client waits for the next chunk.
pub(crate) const SILENCE: Duration = Duration::from_millis(1_500);

/// The first wait before a new connection, at most.
pub(crate) const BACKOFF: Duration = Duration::from_millis(20);
/// How long the gateway remembers a session without a connection.
const MEMORY: Duration = Duration::from_secs(5 * 60);

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

/// The sessions that an earlier roll call at the same gateway has left in this folder: the gateway
/// knows them as if it had run on.
pub(crate) fn sessions(folder: &Path) -> Vec<EarlierSession> {
    let saved = SavedState::read(folder).map(|it| it.sessions);
    let remembered = |it: &SavedSession| it.written.elapsed().is_ok_and(|age| age < MEMORY);
    let sessions = saved.unwrap_or_default().into_iter().filter(remembered);
    sessions.filter_map(|it| earlier(&it)).collect()
}

fn earlier(saved: &SavedSession) -> Option<EarlierSession> {
    let session = &saved.session;
    let stored = serde_json::to_value(session).ok()?;
    Some(EarlierSession {
        token: Token::new(TOKEN)?,
        name: stored["id"].as_str()?.to_owned(),
        shard: [session.shard().number(), session.shard().total()],
        intents: session.intents().bits(),
        sequence: session.sequence(),
    })
}

/// Starts it on a free port, with sessions that it knows from before.
pub(crate) async fn start(seed: u64, sessions: Vec<EarlierSession>) -> io::Result<Server> {
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
        sessions,
        faults: vec![
            Fault::once(lose(LOSES_ONCE, 2)),
            Fault::always(lose(LOSES_ALWAYS, 1)),
        ],
        ..Options::default()
    };
    Server::start(options, seed, ServerConfig::default()).await
}
