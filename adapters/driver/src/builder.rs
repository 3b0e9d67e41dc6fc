//! The description of a bot, before it is started.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use headcount_core::cache::{AsyncStore, Kinds, Policies, Warning};
use headcount_core::fleet::FleetConfig;
use headcount_core::setup::Chunking;
use headcount_core::wire::presence::BotPresence;
use headcount_core::{Config, Intents, Session, ShardId, Token};
use rustls::ClientConfig;

use crate::acknowledgements::Acknowledgement;
use crate::delivery::BufferLimits;
use crate::on_resume::OnResume;
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
    pub(crate) fleet: Option<FleetChange>,
    pub(crate) old_values: bool,
    /// What the caller wants cached, if they have said so.
    pub(crate) policies: Option<Policies>,
    pub(crate) stores: Stores,
    pub(crate) seed: Option<u64>,
}

impl<R: Runtime> Builder<R> {
    /// Begins to describe a bot on a runtime; `token` with or without the `Bot ` prefix.
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
            fleet: None,
            old_values: false,
            policies: None,
            stores: Stores::default(),
            seed: None,
        }
    }

    /// Asks another service for gateway information, for example a simulated gateway.
    #[must_use]
    pub fn api(mut self, api: Api) -> Self {
        self.api = api;
        self
    }

    /// Uses this gateway information and asks nobody.
    #[must_use]
    pub fn gateway(mut self, info: GatewayInfo) -> Self {
        self.info = Some(info);
        self
    }

    /// Runs these shard numbers of `total`, in any order; without it, all that the service
    /// recommends. One process runs at most [`Api::max_shards`].
    ///
    /// All shards of a bot have one total: with two at a time, guilds would come twice.
    ///
    /// ```no_run
    /// # fn two<R: headcount_driver::Runtime>(
    /// #     one: headcount_driver::Builder<R>, other: headcount_driver::Builder<R>) {
    /// let first_half = one.shards(0..8, 16);
    /// let every_other = other.shards([1, 3, 5, 7], 16);
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
    #[must_use]
    pub fn sessions(mut self, sessions: impl IntoIterator<Item = Session>) -> Self {
        self.sessions.extend(sessions);
        self
    }

    /// What becomes of the sessions of an earlier process; by default they are resumed.
    #[must_use]
    pub const fn on_resume(mut self, on_resume: OnResume) -> Self {
        self.on_resume = on_resume;
        self
    }

    /// Keeps sessions, and how far they are acknowledged, in a folder, which is made if it is not
    /// there: the next process with the same folder resumes them, after a kill too. Dropping the
    /// bot keeps them as well.
    ///
    /// An event whose successor has been taken is written down as dealt with at the latest 256
    /// events or 5 ms later, and up to a second later while guilds stream in; after a kill, what is
    /// not comes again. The token is not in the folder, and rows are not. It is locked: a second
    /// process gets an error of kind [`ErrorKind::StateInUse`](crate::ErrorKind::StateInUse). What
    /// is in it and does not fit this bot is named in a warning, and not used; a disk that fails
    /// later is a warning too, and the bot goes on. After three starts within a minute that have
    /// nothing to resume, [`Builder::connect`] waits, for a minute at first and 15 at most.
    #[must_use]
    pub fn state(self, folder: impl Into<PathBuf>) -> Self {
        self.state_with(folder, Durability::default())
    }

    /// As [`state`](Self::state), with what acknowledgements outlive.
    #[must_use]
    pub fn state_with(mut self, folder: impl Into<PathBuf>, durability: Durability) -> Self {
        self.state = Some((folder.into(), durability));
        self
    }

    /// How the gateway compresses what it sends; zstd-stream by default.
    #[must_use]
    pub fn compression(mut self, compression: Compression) -> Self {
        self.options.compression = compression;
        self
    }

    /// The TLS configuration for the gateway and the service.
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
    #[must_use]
    pub fn allow_plaintext(mut self) -> Self {
        self.options.allow_plaintext = true;
        self
    }

    /// Deadlines and limits of the sockets.
    #[must_use]
    pub fn socket(mut self, change: impl FnOnce(&mut SocketOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// The presence that the bot shows from the start.
    #[must_use]
    pub fn presence(mut self, presence: BotPresence) -> Self {
        self.config.presence = Some(presence);
        self
    }

    /// Which guilds are asked for their members by themselves: an
    /// [`AutoChunk`](headcount_core::setup::AutoChunk) mode, or a [`Chunking`] with lists. None by
    /// default.
    #[must_use]
    pub fn chunking(mut self, chunking: impl Into<Chunking>) -> Self {
        self.config.tracker.setup.chunking = chunking.into();
        self
    }

    /// Which rows are cached: [`Policies`], or plain [`Kinds`](headcount_core::cache::Kinds). Kinds
    /// of which none are kept are not even decoded. By default what the intents keep fresh:
    /// [`Policies::following`].
    ///
    /// ```no_run
    /// # use headcount_driver::{Builder, Runtime, core::Intents};
    /// use headcount_driver::core::cache::{Kind, MemberTraits, Policies, Policy, Unsuitable};
    ///
    /// # fn describe<R: Runtime>(builder: Builder<R>) -> Result<Builder<R>, Unsuitable> {
    /// let members = Policy::lru(10_000).sparing(MemberTraits::OWNER | MemberTraits::IN_VOICE);
    /// let policies = Policies::following(Intents::GUILDS | Intents::GUILD_MEMBERS);
    /// let policies = policies.with(Kind::Member, members)?;
    /// let builder = builder.cache(policies);
    /// # Ok(builder)
    /// # }
    /// ```
    #[must_use]
    pub fn cache(mut self, policies: impl Into<Policies>) -> Self {
        let policies = policies.into();
        self.config.tracker.kinds = policies.kinds();
        self.policies = Some(policies);
        self
    }

    /// What the caller has asked to be cached and will not come, for want of an intent or of
    /// another kind. The same is logged when the bot starts.
    pub fn warnings(&self) -> impl Iterator<Item = Warning> + use<R> {
        let asked_for = match self.follows_intents() {
            true => self.stores.kinds(),
            false => Kinds::all(),
        };
        let kept = self.kept();
        let warnings = kept.warnings(self.config.intents);
        let warnings = warnings.filter(|warning| asked_for.contains(warning.kind().only()));
        warnings.collect::<Vec<_>>().into_iter()
    }

    /// Whether nobody has said what is to be cached in memory.
    fn follows_intents(&self) -> bool {
        self.policies.is_none() && self.config.tracker.kinds == Kinds::default()
    }

    /// The policies, with the kinds that the configuration has the last word on.
    pub(crate) fn kept(&self) -> Policies {
        let policies = match &self.policies {
            Some(policies) => policies.clone(),
            None if self.follows_intents() => Policies::following(self.config.intents),
            None => Policies::default(),
        };
        let kinds = match self.follows_intents() {
            true => policies.kinds(),
            false => self.config.tracker.kinds,
        };
        policies.matching(kinds | self.stores.kinds())
    }

    /// Keeps these kinds in a store of your own instead of in memory; they are cached then, too.
    ///
    /// An event waits until its change is stored, and so do later events of its guild; other
    /// guilds go on, and so do heartbeats. A change that fails is tried again, up to
    /// [`Builder::store_attempts`] and within [`Builder::store_deadline`]. One that fails for good
    /// is an [`Event::StoreFailed`](headcount_core::Event), and the event follows all the same
    /// ([`Dispatch::is_unstored`](headcount_core::Dispatch::is_unstored)). A guild counts as
    /// complete only when all that it consists of is stored. Users go with the members and messages
    /// that hold them.
    #[must_use]
    pub fn store<S>(mut self, kinds: Kinds, store: S) -> Self
    where
        S: AsyncStore + Send + Sync + 'static,
        S::Error: Send + Sync + 'static,
    {
        self.stores.route(kinds, store);
        self
    }

    /// How long a store of your own may take for one change before it counts as failed, all
    /// attempts and the pauses between them included; 10 seconds by default. Changes of the same
    /// guild that wait behind such a one count as failed with it, up to where the guild is
    /// delivered anew: no event waits longer than this for a store that is stuck.
    #[must_use]
    pub fn store_deadline(mut self, deadline: Duration) -> Self {
        self.stores.deadline = deadline;
        self
    }

    /// How often a store of your own is handed one change before it counts as failed, 1 to 100; 3
    /// by default. The same change comes again, with the same origin
    /// ([`Mutation::origin`](headcount_core::cache::Mutation::origin)), after 100 ms and then after
    /// twice as long each time. A store that has panicked is not tried again.
    #[must_use]
    pub fn store_attempts(mut self, attempts: u32) -> Self {
        self.stores.attempts = attempts;
        self
    }

    /// Whether events carry what they displaced in the cache
    /// ([`Dispatch::displaced`](headcount_core::Dispatch::displaced)); off by default, since it
    /// copies each row that changes.
    #[must_use]
    pub fn old_values(mut self, wanted: bool) -> Self {
        self.old_values = wanted;
        self
    }

    /// What all that is random about the bot follows from: jitter, back-off, the nonces of member
    /// requests. By default it comes from the operating system.
    ///
    /// For tests: with the same seed, and the same answers at the same times, a bot does the same.
    /// Outside of them give each process a seed of its own, which marks the answers to its
    /// requests. WebSocket masks and keys do not follow from it.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Changes the core's configuration, the same for every shard. Its shard id, its address, who
    /// paces identifies and what is acknowledged are set when the bot connects.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Changes how identifies are paced and budgeted. The budget itself comes with the gateway
    /// information.
    #[must_use]
    pub fn fleet_config(mut self, change: impl FnOnce(&mut FleetConfig) + Send + 'static) -> Self {
        self.fleet = Some(Box::new(change));
        self
    }

    /// When an event counts as dealt with, so that it does not come again in the process that goes
    /// on with the [sessions](Self::sessions) of this one. By default when the next one is taken.
    #[must_use]
    pub const fn acknowledge(mut self, acknowledgement: Acknowledgement) -> Self {
        self.acknowledgement = acknowledgement;
        self
    }

    /// The high-water mark in events: how many may wait for the consumer, over all shards, before
    /// the shards stop reading; 1024 by default, and at least 1. They read on when half of them
    /// have been taken. Each shard may add what the message that it was reading leads to.
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

impl<R> std::fmt::Debug for Builder<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Builder")
            .field("config", &self.config)
            .field("api", &self.api)
            .field("shards", &self.shards)
            .finish_non_exhaustive()
    }
}
