//! The description of a bot, before it is started.

mod caching;
mod recording;
mod sharing;

use std::path::PathBuf;
use std::sync::Arc;

use headcount_core::cache::Policies;
use headcount_core::cache::memory::Indexes;
use headcount_core::fleet::FleetConfig;
use headcount_core::setup::Chunking;
use headcount_core::wire::presence::BotPresence;
use headcount_core::{Config, Intents, Session, ShardId, Token};
use rustls::ClientConfig;

use crate::acknowledgements::Acknowledgement;
use crate::coordination::Sharing;
use crate::delivery::BufferLimits;
use crate::identify_gate::GateQueue;
use crate::on_resume::OnResume;
use crate::panics::caught;
use crate::record::RecordOptions;
use crate::shard_snapshots::AnyShardSnapshots;
use crate::snapshots::Snapshots;
use crate::state::Durability;
use crate::stores::Stores;
use crate::{Api, Compression, GatewayInfo, Runtime, SocketOptions};

/// What may wait for the consumer, over all shards.
const EVENTS: BufferLimits = BufferLimits {
    events: 1024,
    bytes: 64 << 20,
};

/// What the caller changes of the fleet's configuration, once the budget is known.
type FleetChange = Box<dyn FnOnce(&mut FleetConfig) + Send>;

/// A bot that is not started yet.
///
/// Everything has a default: the shards and the address that the service recommends, zstd-stream
/// compression, the web's trusted roots.
pub struct Builder<R> {
    pub(crate) runtime: R,
    pub(crate) token: Token,
    pub(crate) config: Config,
    pub(crate) api: Api,
    pub(crate) info: Option<GatewayInfo>,
    /// Which of how many.
    pub(crate) shards: Option<(Vec<u32>, u32)>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) options: SocketOptions,
    pub(crate) events: BufferLimits,
    pub(crate) acknowledgement: Acknowledgement,
    /// What becomes of the sessions of an earlier process.
    pub(crate) on_resume: OnResume,
    /// Where sessions are kept for the next process.
    pub(crate) state: Option<(PathBuf, Durability)>,
    /// When rows are kept there.
    pub(crate) snapshots: Snapshots,
    pub(crate) fleet: Option<FleetChange>,
    pub(crate) old_values: bool,
    /// What the caller wants cached, if they have said so.
    pub(crate) policies: Option<Policies>,
    pub(crate) stores: Stores,
    pub(crate) seed: Option<u64>,
    pub(crate) indexes: Indexes,
    pub(crate) record: Option<RecordOptions>,
    /// How it shares its shards with other processes, if it does.
    pub(crate) sharing: Sharing,
    /// Where it leaves their rows to the others, if it does.
    pub(crate) shard_snapshots: Option<Arc<dyn AnyShardSnapshots>>,
    /// Who lets shards identify, if that is not the bot itself.
    pub(crate) gate: Option<GateQueue>,
}

impl<R: Runtime> Builder<R> {
    /// Begins to describe a bot on a runtime; `token` with or without the `Bot ` prefix.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::core::Intents;
    /// # fn describe<R: Runtime>(runtime: R) -> Builder<R> {
    /// let builder = Builder::new(runtime, "token", Intents::GUILDS);
    /// # builder
    /// # }
    /// ```
    #[must_use]
    pub fn new(runtime: R, token: &str, intents: Intents) -> Self {
        let token = Token::new(token);
        let config = Config::new(token.clone(), intents, ShardId::ONE);
        Self {
            runtime,
            token,
            config,
            api: Api::default(),
            info: None,
            shards: None,
            sessions: Vec::new(),
            options: SocketOptions::default(),
            events: EVENTS,
            acknowledgement: Acknowledgement::default(),
            on_resume: OnResume::default(),
            state: None,
            snapshots: Snapshots::default(),
            fleet: None,
            old_values: false,
            policies: None,
            stores: Stores::default(),
            seed: None,
            indexes: Indexes::empty(),
            record: None,
            sharing: Sharing::default(),
            shard_snapshots: None,
            gate: None,
        }
    }

    /// Asks another service for gateway information, for example a simulated gateway.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::Api;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.api(Api::at("http://127.0.0.1:4000"))
    /// # }
    /// ```
    #[must_use]
    pub fn api(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// Uses this gateway information and asks nobody.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::GatewayInfo;
    /// # fn describe<R: Runtime>(builder: Builder<R>, info: GatewayInfo) -> Builder<R> {
    /// builder.gateway(info)
    /// # }
    /// ```
    #[must_use]
    pub fn gateway(mut self, info: GatewayInfo) -> Self {
        self.info = Some(info);
        self
    }

    /// Runs these shard numbers of `total`, in any order; without it, all that the service
    /// recommends. One process runs at most [`Api::max_shards`].
    ///
    /// All shards have one total, whichever process runs them: with two, guilds would come twice.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.shards(0..4, 16) // the first four of sixteen; [0, 5] would be two of them
    /// # }
    /// ```
    #[must_use]
    pub fn shards(mut self, numbers: impl IntoIterator<Item = u32>, total: u32) -> Self {
        self.shards = Some((bounded(numbers), total));
        self
    }

    /// Sessions of an earlier process: their shards resume instead of beginning anew.
    ///
    /// One that does not fit, of another number of shards or begun with other intents, leads to a
    /// warning in the log that names both sides, and its shard begins anew.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::core::Session;
    /// # fn describe<R: Runtime>(builder: Builder<R>, sessions: Vec<Session>) -> Builder<R> {
    /// builder.sessions(sessions) // those that `Bot::shutdown` gave
    /// # }
    /// ```
    #[must_use]
    pub fn sessions(mut self, sessions: impl IntoIterator<Item = Session>) -> Self {
        self.sessions.extend(sessions);
        self
    }

    /// What becomes of the sessions and rows of an earlier process; by default the sessions are
    /// resumed with the rows.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::OnResume;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.on_resume(OnResume::Identify) // every guild comes anew, and what was missed is gone
    /// # }
    /// ```
    #[must_use]
    pub const fn on_resume(mut self, on_resume: OnResume) -> Self {
        self.on_resume = on_resume;
        self
    }

    /// Keeps sessions, how far they are acknowledged, and the rows of the cache in memory in a
    /// folder, which is made if it is not there: the next process with the same folder resumes
    /// them, after a kill too, with the rows as they were. Dropping the bot keeps them as well.
    ///
    /// An event whose successor has been taken is written down as dealt with at the latest 256
    /// events or 5 ms later, and up to a second later while guilds stream in; after a kill, what is
    /// not comes again. Rows are written at the end and every 30 seconds
    /// ([`snapshots`](Self::snapshots)); what stores of your own keep is not among them, nor are
    /// member requests of your own. The token is not in the folder; rows are personal data, in
    /// files for their owner alone. The folder is locked: a second process gets an error of kind
    /// [`ErrorKind::StateInUse`](crate::ErrorKind::StateInUse). What is in it and does not fit this
    /// bot is named in a warning, and not used; a disk that fails later is a warning too, and the
    /// bot goes on. After three starts within a minute that have nothing to resume,
    /// [`Builder::connect`] waits, for a minute at first and 15 at most.
    ///
    /// A kill before the first snapshot, which is written once every shard has finished chunking,
    /// leaves a session without rows: the next process asks for members again, and has what else a
    /// guild has once that changes or the guild comes anew. Until then such a guild counts as
    /// [handed over](headcount_core::setup::Outcome::HandedOver).
    ///
    /// After a kill, removals that are acknowledged, came after the last change of guilds and are
    /// not replayed are forgotten: if a word that was written before one of them, such as a voice
    /// state with the member inside, reaches the next process, that row is there until the guild's
    /// members are asked for or the guild comes anew. An orderly stop hands them on.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.state("/var/lib/my-bot")
    /// # }
    /// ```
    #[must_use]
    pub fn state(self, folder: impl Into<PathBuf>) -> Self {
        self.state_with(folder, Durability::default())
    }

    /// As [`state`](Self::state), with what acknowledgements outlive.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::state::Durability;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.state_with("/var/lib/my-bot", Durability::default())
    /// # }
    /// ```
    #[must_use]
    pub fn state_with(mut self, folder: impl Into<PathBuf>, durability: Durability) -> Self {
        self.state = Some((folder.into(), durability));
        self
    }

    /// When the rows of the cache in memory are written to the [state folder](Self::state): by
    /// default every 30 seconds and at the end of the bot. Without such a folder it says only how
    /// often [`shard_snapshots`](Self::shard_snapshots) are left, where all but `Every` is every 30
    /// seconds.
    ///
    /// A thread of its own encodes and writes them, guild by guild, and leaves the cache alone for
    /// most of the time meanwhile. A disk that fails is a warning, and the snapshot before stays.
    /// At the end they are written twice: the second time in a form that other versions of this
    /// library can read.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::Snapshots;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.snapshots(Snapshots::AtEnd)
    /// # }
    /// ```
    #[must_use]
    pub const fn snapshots(mut self, snapshots: Snapshots) -> Self {
        self.snapshots = snapshots;
        self
    }

    /// How the gateway compresses what it sends; zstd-stream by default.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::Compression;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.compression(Compression::None)
    /// # }
    /// ```
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.options.compression = compression;
        self
    }

    /// The TLS configuration for the gateway and the service.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # use std::sync::Arc;
    /// use headcount_driver::rustls::ClientConfig;
    /// # fn describe<R: Runtime>(builder: Builder<R>, config: Arc<ClientConfig>) -> Builder<R> {
    /// builder.tls(config)
    /// # }
    /// ```
    #[must_use]
    pub fn tls(mut self, config: Arc<ClientConfig>) -> Self {
        self.api.tls = Some(Arc::clone(&config));
        self.options.tls = Some(config);
        self
    }

    /// Lets the token cross a network without TLS, to a service or gateway whose address starts
    /// with `http://` or `ws://`: everybody on the way can then read it.
    ///
    /// Without this, such an address is dialled on this machine alone; another one is an error of
    /// kind [`ErrorKind::Plaintext`](crate::ErrorKind::Plaintext) at the start. In no case does
    /// plaintext follow upon TLS: where the service, or the connection that named an address to
    /// resume at, has had TLS, an address without it is not dialled, and counts as a dead one.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # use headcount_driver::Api;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.api(Api::at("http://10.0.0.7:4000")).allow_plaintext()
    /// # }
    /// ```
    #[must_use]
    pub fn allow_plaintext(mut self) -> Self {
        self.options.allow_plaintext = true;
        self
    }

    /// Deadlines and limits of the sockets.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # use std::time::Duration;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.socket(|options| options.write_deadline = Duration::from_secs(5))
    /// # }
    /// ```
    #[must_use]
    pub fn socket(mut self, change: impl FnOnce(&mut SocketOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// The presence that the bot shows from the start.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::core::wire::presence::BotPresence;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.presence(BotPresence::default())
    /// # }
    /// ```
    #[must_use]
    pub fn presence(mut self, presence: BotPresence) -> Self {
        self.config.presence = Some(presence);
        self
    }

    /// Which guilds are asked for their members by themselves: an
    /// [`AutoChunk`](headcount_core::setup::AutoChunk) mode, or a [`Chunking`] with lists or a
    /// function. None by default. A function that panics counts as saying no.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::core::setup::{AutoChunk, Chunking};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// let chunking = Chunking::from(AutoChunk::Missing);
    /// builder.chunking(chunking.when(|it| it.members.is_some_and(|all| all < 10_000)))
    /// # }
    /// ```
    #[must_use]
    pub fn chunking(mut self, chunking: impl Into<Chunking>) -> Self {
        let chunking: Chunking = chunking.into();
        self.config.tracker.setup.chunking = chunking.guarded(answered);
        self
    }

    /// What all that is random about the bot follows from: jitter, back-off, the nonces of member
    /// requests. By default it comes from the operating system.
    ///
    /// For tests: with the same seed, and the same answers at the same times, a bot does the same.
    /// Outside of them give each process a seed of its own, which marks the answers to its
    /// requests. WebSocket masks and keys do not follow from it.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.seed(42)
    /// # }
    /// ```
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Changes the core's configuration, the same for every shard. Its shard id, its address, who
    /// paces identifies and what is acknowledged are set when the bot connects.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.configure(|config| config.large_threshold = 250)
    /// # }
    /// ```
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Changes how identifies are paced and budgeted. The budget itself comes with the gateway
    /// information.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.fleet_config(|fleet| fleet.warn_at = 100)
    /// # }
    /// ```
    #[must_use]
    pub fn fleet_config(mut self, change: impl FnOnce(&mut FleetConfig) + Send + 'static) -> Self {
        self.fleet = Some(Box::new(change));
        self
    }

    /// When an event counts as dealt with, so that it does not come again in the process that goes
    /// on with the [sessions](Self::sessions) of this one. By default when the next one is taken.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// use headcount_driver::Acknowledgement;
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.acknowledge(Acknowledgement::Explicit)
    /// # }
    /// ```
    #[must_use]
    pub const fn acknowledge(mut self, acknowledgement: Acknowledgement) -> Self {
        self.acknowledgement = acknowledgement;
        self
    }

    /// The high-water mark in events: how many may wait for the consumer, over all shards, before
    /// the shards stop reading; 1024 by default, and at least 1. They read on when half of them
    /// have been taken. Each shard may add what the message that it was reading leads to.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.event_buffer(256)
    /// # }
    /// ```
    #[must_use]
    pub fn event_buffer(mut self, events: usize) -> Self {
        self.events.events = events;
        self
    }

    /// The high-water mark in bytes: how many may wait for the consumer, over all shards, before
    /// the shards stop reading; 64 MiB by default. An event counts with its raw data; a change that
    /// waits for a store of your own counts with the message that it came of. One event larger than
    /// that passes alone.
    ///
    /// What lies beside it, for each shard: the message that it reads, at most
    /// [`ReceiveLimits`](headcount_core::config::ReceiveLimits), and what that leads to.
    ///
    /// ```
    /// # use headcount_driver::{Builder, Runtime};
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Builder<R> {
    /// builder.event_buffer_bytes(8 << 20)
    /// # }
    /// ```
    #[must_use]
    pub fn event_buffer_bytes(mut self, bytes: usize) -> Self {
        self.events.bytes = bytes;
        self
    }
}

/// More shards no process runs.
pub(crate) const MOST_SHARDS: usize = 1 << 20;

/// One more number than there may be is enough to see that there are too many.
pub(crate) fn bounded(numbers: impl IntoIterator<Item = u32>) -> Vec<u32> {
    numbers.into_iter().take(MOST_SHARDS + 1).collect()
}

/// What a caller's function says; no if it panics.
pub(crate) fn answered(ask: &dyn Fn() -> bool) -> bool {
    caught(ask).unwrap_or(false)
}

impl<R> std::fmt::Debug for Builder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .field("api", &self.api)
            .field("shards", &self.shards)
            .finish_non_exhaustive()
    }
}
