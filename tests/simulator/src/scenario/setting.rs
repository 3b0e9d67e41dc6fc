//! What a run is made of.
use super::Source;
use crate::options::{Burst, Limits, Options, Pace};
use crate::world::plan::{Arrival, GuildPlan, Plan};
use headcount_core::Intents;
use headcount_core::cache::Kinds;
use headcount_core::setup::{AutoChunk, HoldConfig, SyncConfig};

/// Sizes, features and fault rates of one run.
#[derive(Clone, Debug)]
pub struct Setting {
    /// Seeds the gateway, the shards and the store.
    pub seed: u64,
    /// How many shards the bot has.
    pub shards: u32,
    /// Whether a fleet grants identifies; otherwise each shard paces its own.
    pub fleet: bool,
    /// What the shards ask for.
    pub intents: Intents,
    /// Which guilds are asked for their members.
    pub chunking: AutoChunk,
    /// Whether presences are asked for with them.
    pub presences: bool,
    /// Whether events of guilds in setup are held.
    pub hold: Option<HoldConfig>,
    /// How guilds are synced before they are asked, as client accounts do; `None` for a bot.
    pub sync: Option<SyncConfig>,
    /// Whether stale members stay until the last chunk.
    pub sweep_after_chunk: bool,
    /// What is cached.
    pub kinds: Kinds,
    /// From how many members on a guild is large.
    pub large_threshold: u8,
    /// The server's side.
    pub gateway: Options,
    /// The shortest way from one side to the other, in milliseconds.
    pub latency: u64,
    /// What the way varies by, in milliseconds; small enough that no pace of ours is spoilt.
    pub jitter: u64,
    /// How often what happens.
    pub rates: Rates,
    /// Whether the host says when changes are stored, late, never, or that a store has failed.
    pub slow_stores: bool,
    /// Whether the bot acknowledges events and writes its sessions down, for the process that
    /// follows when it is killed.
    pub state: bool,
    /// Whether it writes its rows down too, now and then.
    pub snapshots: bool,
}

/// Weights of the kinds of steps; 0 means never.
#[derive(Clone, Copy, Debug)]
pub struct Rates {
    /// Ordinary life: traffic, members who come and go.
    pub life: u64,
    /// Guilds that go down, come back, come and go.
    pub guilds: u64,
    /// Requests and commands of the user.
    pub user: u64,
    /// Troubles of the server.
    pub server: u64,
    /// Troubles of chunks.
    pub chunks: u64,
    /// Words about what has gone, which come late.
    pub late: u64,
    /// Odd values and odd rows.
    pub odd: u64,
    /// Troubles of the line.
    pub line: u64,
    /// Troubles of the host: its clock, its consumer, its life.
    pub host: u64,
}

impl Setting {
    /// Draws a run.
    pub fn draw(source: &mut Source<'_>) -> Self {
        let seed = source.below(u64::MAX);
        let shards = 1 + source.pick(&[0, 0, 1, 1, 2, 3]);
        let concurrency = source.pick(&[1, 1, 2, 16]);
        let large_threshold = source.pick(&[50, 50, 250]);
        let sync = sync(source);
        Self {
            seed,
            shards,
            fleet: shards > concurrency || source.percent(70),
            intents: intents(source),
            chunking: source.pick(&[
                AutoChunk::Missing,
                AutoChunk::All,
                AutoChunk::All,
                AutoChunk::Missing,
                AutoChunk::Large,
                AutoChunk::Never,
            ]),
            presences: source.percent(30),
            hold: hold(source),
            sweep_after_chunk: source.percent(25),
            kinds: kinds(source),
            large_threshold,
            gateway: Options {
                guild_sync: sync.is_some(),
                ..gateway(source, concurrency)
            },
            sync,
            latency: source.pick(&[20, 5, 100, 250]),
            jitter: source.pick(&[0, 10, 100]),
            rates: Rates::draw(source),
            slow_stores: false,
            state: false,
            snapshots: false,
        }
        .others(source)
    }

    /// Ways of servers that speak the same protocol, and of hosts.
    fn others(mut self, source: &mut Source<'_>) -> Self {
        self.gateway.resumed_repeats = source.percent(25);
        self.slow_stores = source.percent(30);
        self.state = source.percent(40);
        self.gateway.heartbeats_trim = self.state && source.percent(50);
        self.snapshots = self.state && self.seed % 2 == 1;
        self
    }
}

impl Rates {
    fn draw(source: &mut Source<'_>) -> Self {
        let mut rate = |usual: u64| usual * source.pick(&[1, 1, 0, 2, 4]);
        Self {
            life: rate(12).max(4),
            guilds: rate(8),
            user: rate(6),
            server: rate(12),
            chunks: rate(14),
            late: rate(6),
            odd: rate(10),
            line: rate(10),
            host: rate(4),
        }
    }
}

fn intents(source: &mut Source<'_>) -> Intents {
    let base = Intents::GUILDS | Intents::GUILD_MEMBERS;
    match source.below(10) {
        0..=2 => base,
        3 | 4 => base | Intents::GUILD_VOICE_STATES,
        5..=7 => {
            let talk = Intents::GUILD_MESSAGES | Intents::GUILD_VOICE_STATES;
            base | Intents::GUILD_PRESENCES | talk
        }
        8 => Intents::GUILDS | Intents::GUILD_PRESENCES,
        _ => source.pick(&[Intents::GUILDS, Intents::GUILD_MEMBERS]),
    }
}

fn hold(source: &mut Source<'_>) -> Option<HoldConfig> {
    match source.below(4) {
        0 | 1 => None,
        2 => Some(HoldConfig::default()),
        _ => Some(HoldConfig {
            events: 3,
            ..HoldConfig::default()
        }),
    }
}

fn sync(source: &mut Source<'_>) -> Option<SyncConfig> {
    source.percent(20).then(|| SyncConfig {
        batch: source.pick(&[50, 1, 3]),
        ..SyncConfig::default()
    })
}

fn kinds(source: &mut Source<'_>) -> Kinds {
    match source.below(8) {
        0..=4 => Kinds::default(),
        5 | 6 => Kinds::all(),
        _ => source
            .pick(&[Kinds::default(), Kinds::all()])
            .difference(Kinds::MEMBERS),
    }
}

fn gateway(source: &mut Source<'_>, concurrency: u32) -> Options {
    let guilds = 1 + source.up_to(8);
    let guild = |source: &mut Source<'_>| GuildPlan {
        members: 1 + match source.below(8) {
            0..=5 => source.up_to(40),
            6 => 45 + source.up_to(20),
            _ => 100 + source.up_to(200),
        },
        arrival: source.pick(&[
            Arrival::Normal,
            Arrival::Normal,
            Arrival::Normal,
            Arrival::Normal,
            Arrival::Normal,
            Arrival::Normal,
            Arrival::Outage,
            Arrival::Never,
        ]),
    };
    let world = Plan {
        guilds: (0..guilds).map(|_| guild(source)).collect(),
        roles: 1 + source.up_to(4),
        channels: source.up_to(4),
        emojis: 1,
        ..Plan::default()
    };
    Options {
        world,
        max_concurrency: concurrency,
        limits: limits(source),
        pace: pace(source),
        ..Options::default()
    }
}

fn limits(source: &mut Source<'_>) -> Limits {
    Limits {
        heartbeat_interval: source.pick(&[41_250, 41_250, 10_000, 15_000, 5_000]),
        session_ttl: source.pick(&[90_000, 180_000, 20_000]),
        replay_dispatches: source.pick(&[10_000, 10_000, 40]),
        chunk_members: source.pick(&[10, 5, 25, 1000]),
        ..Limits::default()
    }
}

fn pace(source: &mut Source<'_>) -> Pace {
    let burst = |source: &mut Source<'_>| Burst {
        size: 1 + source.up_to(4),
        every: source.pick(&[5, 50, 0, 400, 1500]),
    };
    Pace {
        guilds: burst(source),
        chunks: burst(source),
        shuffle_chunks: source.percent(40),
        answers_outlive_connection: !source.percent(40),
    }
}
