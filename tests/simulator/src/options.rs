//! Everything that can be configured; the default is a small gateway that keeps its own rules.
use crate::act::Act;
use crate::edge::Millis;
use crate::faults::Fault;
use crate::intents;
use crate::token::Token;
use crate::world::plan::Plan;

/// The gateway's configuration.
#[derive(Clone, Debug)]
pub struct Options {
    /// What the world holds.
    pub world: Plan,
    /// The only token that is accepted; `None` accepts any that is not empty.
    pub token: Option<Token>,
    /// The privileged intents that the bot's owner has enabled; others are close code 4014.
    pub granted: u64,
    /// How many shards `/gateway/bot` recommends.
    pub shards: u32,
    /// The shard counts that are accepted, any when empty; another one is close code 4010.
    pub shard_counts: Vec<u32>,
    /// How many identify buckets there are (`max_concurrency`); at least 1.
    pub max_concurrency: u32,
    /// The protocol's time limits and budgets.
    pub limits: Limits,
    /// Whether guild sync (12) is answered, as servers do that speak the protocol of client
    /// accounts; otherwise it is close code 4001.
    pub guild_sync: bool,
    /// Whether RESUMED repeats the sequence that the client resumed from, as other servers of the
    /// protocol do; otherwise it has one of its own, like any dispatch.
    pub resumed_repeats: bool,
    /// Whether a heartbeat's sequence says that nothing up to it is needed again, as it does to
    /// other servers of the protocol: it leaves the replay, and a heartbeat with a lower sequence
    /// than one before is close code 4007. Otherwise heartbeats have no such effect.
    pub heartbeats_trim: bool,
    /// How fast the gateway talks.
    pub pace: Pace,
    /// Events a second from the start on, of every kind in turn: messages, reactions, typing,
    /// presences, voice, members, roles, channels and guilds. Each has a key `number` in its data
    /// that counts from 1 without a gap, for each shard and its intents, over all sessions. None
    /// by default.
    pub traffic: u32,
    /// What a member of the first guild says to each session that has it, once its guilds have
    /// streamed, 200 ms apart and in this order. Nothing by default.
    pub said: Vec<Words>,
    /// Sessions from before the start that clients may resume, as if the gateway had gone on since.
    pub sessions: Vec<EarlierSession>,
    /// What goes wrong, from the start on.
    pub faults: Vec<Fault>,
    /// What happens when, in milliseconds of the host's clock.
    pub script: Vec<(Millis, Act)>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            world: Plan::default(),
            token: None,
            granted: intents::PRIVILEGED,
            shards: 1,
            shard_counts: Vec::new(),
            max_concurrency: 1,
            limits: Limits::default(),
            guild_sync: false,
            resumed_repeats: false,
            heartbeats_trim: false,
            pace: Pace::default(),
            traffic: 0,
            said: Vec::new(),
            sessions: Vec::new(),
            faults: Vec::new(),
            script: Vec::new(),
        }
    }
}

/// Time limits and budgets; the defaults are the protocol's numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// What HELLO asks for, in milliseconds.
    pub heartbeat_interval: Millis,
    /// One identify per bucket in this many milliseconds.
    pub identify_spacing: Millis,
    /// Identifies per `identify_window` (`session_start_limit.total`).
    pub identify_total: u32,
    /// The window of `identify_total`, in milliseconds.
    pub identify_window: Millis,
    /// One request for all members of a guild in this many milliseconds.
    pub request_gate: Millis,
    /// How long a session without a connection can be resumed, in milliseconds.
    pub session_ttl: Millis,
    /// How many dispatches a session keeps for replay.
    pub replay_dispatches: usize,
    /// How many bytes of dispatches a session keeps for replay.
    pub replay_bytes: usize,
    /// How long a session keeps a dispatch for replay, in milliseconds.
    pub replay_time: Millis,
    /// Payloads per `send_window` and connection.
    pub sends: usize,
    /// The sliding window of `sends`, in milliseconds.
    pub send_window: Millis,
    /// Presence updates per `presence_window` and session.
    pub presences: usize,
    /// The sliding window of `presences`, in milliseconds.
    pub presence_window: Millis,
    /// The largest payload from a client, in bytes.
    pub payload_bytes: usize,
    /// Members per chunk; at least 1. Few make answers of many chunks cheap to simulate.
    pub chunk_members: usize,
    /// The most guilds on one shard; above it the close code is 4011.
    pub guilds_per_shard: usize,
    /// How long after RECONNECT the gateway itself closes, in milliseconds.
    pub reconnect_grace: Millis,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            heartbeat_interval: 41_250,
            identify_spacing: 5_000,
            identify_total: 1_000,
            identify_window: 86_400_000,
            request_gate: 30_000,
            session_ttl: 90_000,
            replay_dispatches: 10_000,
            replay_bytes: 64 << 20,
            replay_time: 300_000,
            sends: 120,
            send_window: 60_000,
            presences: 5,
            presence_window: 20_000,
            payload_bytes: 4096,
            chunk_members: 1000,
            guilds_per_shard: 2500,
            reconnect_grace: 5_000,
        }
    }
}

/// A session that had no connection when the gateway began, and missed nothing until then.
#[derive(Clone, Debug)]
pub struct EarlierSession {
    /// The token that it was begun with.
    pub token: Token,
    /// What a resume names.
    pub name: String,
    /// The shard, and how many there are.
    pub shard: [u32; 2],
    /// The intents, as bits.
    pub intents: u64,
    /// The last sequence.
    pub sequence: u64,
}

/// What a member says to the bot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Words {
    /// A message with this text.
    Message(String),
    /// The use of the command of this name.
    Command(String),
}

impl Words {
    /// The words of this member of a guild.
    pub(crate) fn act(self, guild: u64, member: u64) -> Act {
        match self {
            Self::Message(text) => Act::Say {
                guild,
                author: member,
                text,
            },
            Self::Command(command) => Act::UseCommand {
                guild,
                user: member,
                command,
            },
        }
    }
}

/// How fast the gateway talks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pace {
    /// How the guilds follow READY.
    pub guilds: Burst,
    /// How the chunks of a session follow its requests.
    pub chunks: Burst,
    /// Whether the chunks of one request come in random order.
    pub shuffle_chunks: bool,
    /// Whether chunks that are not sent yet when a connection ends are still recorded for replay;
    /// otherwise they are forgotten.
    pub answers_outlive_connection: bool,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            guilds: Burst { size: 10, every: 5 },
            chunks: Burst { size: 1, every: 5 },
            shuffle_chunks: false,
            answers_outlive_connection: true,
        }
    }
}

/// So many at once, then a pause.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Burst {
    /// How many at once; at least 1.
    pub size: u32,
    /// The pause after each burst, in milliseconds; 0 sends everything at once.
    pub every: Millis,
}

impl Burst {
    /// Everything at once.
    pub const AT_ONCE: Self = Self { size: 1, every: 0 };
}
