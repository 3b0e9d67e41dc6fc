//! What the gateway sent, for tests to compare a client's tables with.
use crate::edge::{ConnectionId, Millis};
use std::collections::{BTreeMap, BTreeSet};

/// The record of what was sent. What the guilds hold now is in the [`World`](crate::World).
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    /// What each guild's sessions received, by guild id.
    pub guilds: BTreeMap<u64, GuildRecord>,
    /// Every request for members, in the order of arrival.
    pub requests: Vec<RequestRecord>,
    /// Every identify, in the order of arrival.
    pub identifies: Vec<StartRecord>,
    /// Every resume, in the order of arrival.
    pub resumes: Vec<StartRecord>,
    /// Every end of a connection, in order.
    pub ends: Vec<EndRecord>,
    /// How many heartbeats came.
    pub heartbeats: u64,
    /// How many heartbeats were answered.
    pub acks: u64,
    /// How many dispatches sessions were given, whether or not a connection carried them.
    pub dispatches: u64,
}

impl Ledger {
    /// The requests for this guild, in the order of arrival.
    pub fn requests_for(&self, guild: u64) -> impl Iterator<Item = &RequestRecord> {
        self.requests
            .iter()
            .filter(move |request| request.guild == guild)
    }

    /// Every chunk that was sent, of any request.
    #[must_use]
    pub fn chunks_sent(&self) -> u64 {
        self.requests
            .iter()
            .flat_map(|request| request.sent.values())
            .map(|chunk| u64::from(chunk.times))
            .sum()
    }
}

/// What sessions received about one guild.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GuildRecord {
    /// Every `GUILD_CREATE`.
    pub creates: Vec<CreateRecord>,
    /// When a session heard that it is unavailable.
    pub outages: Vec<Millis>,
    /// When a session heard that the bot is no longer in it.
    pub removals: Vec<Millis>,
}

/// One `GUILD_CREATE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CreateRecord {
    /// When it was sent or recorded for replay.
    pub at: Millis,
    /// The session's shard as `[id, count]`.
    pub shard: [u32; 2],
    /// Its `member_count`.
    pub member_count: u32,
    /// The ids of the members that it listed, ascending.
    pub listed: Vec<u64>,
}

/// One request for members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// When it came.
    pub at: Millis,
    /// On which connection.
    pub connection: ConnectionId,
    /// The session's shard as `[id, count]`.
    pub shard: [u32; 2],
    /// The guild's id.
    pub guild: u64,
    /// The nonce that chunks echo; `None` also for one that was too long.
    pub nonce: Option<String>,
    /// What it asked for.
    pub kind: RequestKind,
    /// Whether presences were asked for and allowed.
    pub presences: bool,
    /// What became of it.
    pub outcome: RequestOutcome,
    /// The `chunk_count` of its answer; 0 when there was none.
    pub chunk_count: u32,
    /// The chunks that were sent or recorded for replay, by index.
    pub sent: BTreeMap<u32, ChunkRecord>,
    /// The chunks that a fault swallowed, or that the end of a connection made forgotten.
    pub lost: BTreeSet<u32>,
    /// The ids that were asked for and are no members.
    pub not_found: Vec<u64>,
}

impl RequestRecord {
    /// Whether every chunk was sent.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.chunk_count > 0 && self.sent.len() == self.chunk_count as usize
    }

    /// The ids of all members that were sent, ascending.
    #[must_use]
    pub fn members(&self) -> BTreeSet<u64> {
        self.sent
            .values()
            .flat_map(|chunk| chunk.members.iter().copied())
            .collect()
    }
}

/// What a request for members asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// The whole guild.
    All,
    /// Members whose name starts like this, up to a limit.
    Prefix(String, u32),
    /// These users.
    Users(Vec<u64>),
}

/// What became of a request for members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestOutcome {
    /// It is answered with chunks.
    Served,
    /// It was answered with `RATE_LIMITED`.
    RateLimited {
        /// In milliseconds.
        retry_after: Millis,
    },
    /// It got no answer: another shard's guild, an unknown one, one in outage, a missing intent, or
    /// a fault.
    Ignored,
}

/// One chunk that was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChunkRecord {
    /// How often it was sent.
    pub times: u32,
    /// When it was sent last, or recorded for replay.
    pub at: Millis,
    /// The ids of its members, in the order of the chunk.
    pub members: Vec<u64>,
}

/// One identify or resume.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartRecord {
    /// When it came.
    pub at: Millis,
    /// On which connection.
    pub connection: ConnectionId,
    /// The shard as `[id, count]`; `None` when a resume names no session.
    pub shard: Option<[u32; 2]>,
    /// Whether READY or RESUMED was the answer.
    pub accepted: bool,
}

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndRecord {
    /// When.
    pub at: Millis,
    /// Which connection.
    pub connection: ConnectionId,
    /// Who ended it.
    pub by: Side,
    /// The close code; `None` for a dropped connection.
    pub code: Option<u16>,
}

/// One side of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The bot.
    Client,
    /// The gateway.
    Server,
}
