//! What the lines of a recording say.

use headcount_core::chunk::MemberQuery;
use headcount_core::id::{GuildId, UserId};
use headcount_core::setup::AutoChunk;
use headcount_core::{Intents, ShardId};
use serde::Deserialize;
use serde_json::value::RawValue;

/// One line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Line<'a> {
    pub(crate) t_ms: u64,
    #[serde(default)]
    pub(crate) shard: ShardName,
    config: Option<Settings>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
    request: Option<Request>,
    closed: Option<Closed>,
}

/// A shard, with or without the number of shards.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged)]
pub(crate) enum ShardName {
    Number(u32),
    Whole(ShardId),
}

impl Default for ShardName {
    fn default() -> Self {
        Self::Number(0)
    }
}

/// What happens on a line.
pub(crate) enum Entry<'a> {
    Config(Settings),
    Payload(&'a str),
    Request(Request),
    Closed(Closed),
    TimePasses,
}

impl<'a> Line<'a> {
    /// Reads a line.
    pub(crate) fn parse(text: &'a str) -> Result<Self, String> {
        serde_json::from_str(text).map_err(|why| why.to_string())
    }

    /// The one thing that happens.
    pub(crate) fn entry(self) -> Result<Entry<'a>, String> {
        match (self.config, self.payload, self.request, self.closed) {
            (Some(config), None, None, None) => Ok(Entry::Config(config)),
            (None, Some(payload), None, None) => Ok(Entry::Payload(payload.get())),
            (None, None, Some(request), None) => Ok(Entry::Request(request)),
            (None, None, None, Some(closed)) => Ok(Entry::Closed(closed)),
            (None, None, None, None) => Ok(Entry::TimePasses),
            _ => Err("a line has one of config, payload, request and closed".into()),
        }
    }
}

/// The end of a connection.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Closed {
    pub(crate) code: Option<u16>,
}

/// What is fed.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    Tracker,
    Shard,
}

/// Whom the core asks for by itself.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Asked {
    Never,
    Large,
    Missing,
    All,
}

/// The options of a recording.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Settings {
    pub(crate) machine: Kind,
    pub(crate) shards: u32,
    intents: u64,
    chunking: Asked,
    pub(crate) presences: bool,
    pub(crate) seed: u64,
    pub(crate) url: String,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            machine: Kind::Tracker,
            shards: 1,
            intents: (Intents::GUILDS | Intents::GUILD_MEMBERS).bits(),
            chunking: Asked::Missing,
            presences: false,
            seed: 0,
            url: "wss://gateway.example".into(),
        }
    }
}

impl Settings {
    pub(crate) fn intents(&self) -> Result<Intents, String> {
        Intents::from_bits(self.intents).ok_or_else(|| "the intents have an unknown bit".into())
    }

    pub(crate) fn chunking(&self) -> AutoChunk {
        match self.chunking {
            Asked::Never => AutoChunk::Never,
            Asked::Large => AutoChunk::Large,
            Asked::Missing => AutoChunk::Missing,
            Asked::All => AutoChunk::All,
        }
    }

    /// Which shard a line means.
    pub(crate) fn shard(&self, name: ShardName) -> Result<ShardId, String> {
        let shard = match name {
            ShardName::Number(number) => ShardId::new_checked(number, self.shards),
            ShardName::Whole(shard) => (shard.total() == self.shards).then_some(shard),
        };
        shard.ok_or_else(|| format!("no such shard among {}", self.shards))
    }
}

/// A member request of the user's.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Request {
    pub(crate) guild: GuildId,
    prefix: Option<String>,
    limit: Option<u16>,
    users: Option<Vec<UserId>>,
    #[serde(default)]
    pub(crate) presences: bool,
}

impl Request {
    pub(crate) fn query(&self) -> Result<MemberQuery, String> {
        match (self.prefix.clone(), self.limit, self.users.clone()) {
            (None, None, None) => Ok(MemberQuery::All),
            (Some(query), Some(limit), None) => Ok(MemberQuery::Prefix { query, limit }),
            (None, None, Some(users)) => Ok(MemberQuery::Users(users)),
            _ => Err("a request has a prefix with a limit, or users, or neither".into()),
        }
    }
}
