//! What an orchestrator asks: whether the bot lives, and whether it is ready.

use std::time::{SystemTime, UNIX_EPOCH};

use headcount_driver::core::manager::Owners;
use headcount_driver::core::session::Phase;
use headcount_driver::core::{Deadline, Instant};
use headcount_driver::{GuildStanding, Handle, ShardState};
use serde::Serialize;

use crate::wording::{ShardHealth, guild_until, guild_waits, guild_why, shard_waits};

/// Shards and guilds that are named at most.
const NAMED: usize = 50;

/// Whether a shard runs, of those in these phases, or other processes know that this one lives and
/// may run one.
pub(crate) fn is_alive(handle: &Handle, mut phases: impl Iterator<Item = Phase>) -> bool {
    let process = handle.process();
    let is_known = |owners: Owners| process.is_some_and(|it| owners.live.contains_key(&it));
    phases.any(|phase| phase != Phase::Halted) || handle.owners().is_some_and(is_known)
}

/// Why a bot is not ready, as JSON.
#[derive(Debug, Default, Serialize)]
pub(crate) struct NotReady {
    ready: bool,
    /// Why, if neither a shard nor a guild says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
    /// Shards that are not ready.
    shards_not_ready: usize,
    /// Some of them, ascending.
    shards: Vec<WaitingShard>,
    /// Guilds of READY without an outcome.
    guilds_pending: usize,
    /// Some of them, ascending by shard and id.
    guilds: Vec<WaitingGuild>,
}

#[derive(Debug, Serialize)]
struct WaitingShard {
    shard: String,
    phase: &'static str,
    why: String,
    until: Option<Until>,
}

#[derive(Debug, Serialize)]
struct WaitingGuild {
    guild: String,
    shard: String,
    waits_for: &'static str,
    why: String,
    until: Option<Until>,
}

/// Until when something waits.
#[derive(Debug, Serialize)]
struct Until {
    /// Milliseconds from the answer on.
    in_ms: u64,
    /// Milliseconds since 1970.
    unix_ms: Option<u128>,
}

impl NotReady {
    /// Why the bot is not ready; `None` when it is.
    pub(crate) fn of(handle: &Handle, now: Instant) -> Option<Self> {
        let until = |millis: u64| Until::new(handle, now, Instant::from_millis(millis));
        let shards: Vec<ShardState> = handle.shards().collect();
        let is_waiting = |shard: &&ShardState| !ShardHealth::of(shard).is_ready();
        let waiting: Vec<&ShardState> = shards.iter().filter(is_waiting).collect();
        if waiting.is_empty() && is_alive(handle, shards.iter().map(|it| it.phase)) {
            return None;
        }
        let named = waiting.iter().take(NAMED);
        let guilds = handle.pending(NAMED).into_iter();
        Some(Self {
            ready: false,
            why: waiting
                .is_empty()
                .then_some("no shard runs in this process"),
            shards_not_ready: waiting.len(),
            shards: named.map(|shard| WaitingShard::new(shard, until)).collect(),
            guilds_pending: waiting.iter().map(|shard| shard.readiness.pending).sum(),
            guilds: guilds
                .map(|guild| WaitingGuild::new(&guild, until))
                .collect(),
        })
    }

    /// The answer of a bot that is ready.
    pub(crate) fn ready() -> Self {
        Self {
            ready: true,
            ..Self::default()
        }
    }
}

impl WaitingShard {
    fn new(shard: &ShardState, until: impl Fn(u64) -> Until) -> Self {
        let deadline = shard.connection.waits_for;
        Self {
            shard: shard.id.to_string(),
            phase: shard.phase.label(),
            why: shard_waits(shard),
            until: deadline.map(|Deadline { at, .. }| until(at.as_millis())),
        }
    }
}

impl WaitingGuild {
    fn new(guild: &GuildStanding, until: impl Fn(u64) -> Until) -> Self {
        Self {
            guild: guild.guild.to_string(),
            shard: guild.shard.to_string(),
            waits_for: guild_waits(&guild.readiness),
            why: guild_why(&guild.readiness),
            until: guild_until(&guild.readiness).map(until),
        }
    }
}

impl Until {
    fn new(handle: &Handle, now: Instant, at: Instant) -> Self {
        let wall = handle.clock().wall_time(at);
        let unix = wall.and_then(|at: SystemTime| at.duration_since(UNIX_EPOCH).ok());
        Self {
            in_ms: at.as_millis().saturating_sub(now.as_millis()),
            unix_ms: unix.map(|since| since.as_millis()),
        }
    }
}
