//! Describing a bot and starting it.

use std::num::NonZeroU32;
use std::ops::Range;
use std::sync::Arc;

use futures_channel::mpsc;
use headcount_core::wire::presence::Presence;
use headcount_core::{Config, Intents, Session, Shard, ShardId, Token};
use rustls::ClientConfig;
use tracing::Instrument;

use crate::bot::Bot;
use crate::clock::Clock;
use crate::drive::Drive;
use crate::event::BotEvent;
use crate::handle::{Handle, Shared};
use crate::seat::Seat;
use crate::{Api, Compression, Error, ErrorKind, GatewayInfo, Runtime, SocketOptions};

/// Events that may wait for the consumer, over all shards; each shard may hold one more.
const EVENTS: usize = 1024;

/// A bot that is not started yet.
///
/// Everything has a default: the shards and the address that the service recommends, zstd-stream
/// compression, the web's trusted roots.
pub struct Builder<R> {
    runtime: R,
    token: Token,
    config: Config,
    api: Api,
    info: Option<GatewayInfo>,
    shards: Option<(Range<u32>, u32)>,
    sessions: Vec<Session>,
    options: SocketOptions,
    events: usize,
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

    /// Runs these shard numbers of `total`; without it, all that the service recommends.
    #[must_use]
    pub fn shards(mut self, numbers: Range<u32>, total: u32) -> Self {
        self.shards = Some((numbers, total));
        self
    }

    /// Sessions of an earlier process: their shards resume instead of beginning anew. A session
    /// of a shard that this bot does not run, or begun with other intents, is an error.
    #[must_use]
    pub fn sessions(mut self, sessions: impl IntoIterator<Item = Session>) -> Self {
        self.sessions.extend(sessions);
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

    /// Deadlines and limits of the sockets.
    #[must_use]
    pub fn socket(mut self, change: impl FnOnce(&mut SocketOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// What the bot shows of itself from the start.
    #[must_use]
    pub fn presence(mut self, presence: Presence) -> Self {
        self.config.presence = Some(presence);
        self
    }

    /// Changes the core's configuration, the same for every shard. Its shard id and address are
    /// set when the bot connects.
    #[must_use]
    pub fn configure(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// Events that may wait for the consumer before the shards stop reading, at least one per
    /// shard; 1024 by default.
    #[must_use]
    pub fn event_buffer(mut self, events: usize) -> Self {
        self.events = events;
        self
    }

    /// Asks the service how to connect, unless [`Builder::gateway`] says so, and starts the
    /// shards. It does not wait until they are connected: events tell that.
    ///
    /// Cancel-safe: nothing was started.
    ///
    /// # Errors
    /// Those of [`Api::gateway_info`]; [`ErrorKind::Config`] for no shards at all, a shard number
    /// out of range, or a session that does not belong to this bot.
    pub async fn connect(self) -> Result<Bot<R>, Error> {
        let info = match &self.info {
            Some(info) => info.clone(),
            None => {
                self.api
                    .gateway_info(&self.runtime, self.token.expose())
                    .await?
            }
        };
        self.start(info)
    }

    fn start(mut self, info: GatewayInfo) -> Result<Bot<R>, Error> {
        let (numbers, total) = self.shards.take().unwrap_or((0..info.shards, info.shards));
        if numbers.is_empty() || numbers.end > total {
            return Err(Error::new(
                ErrorKind::Config,
                "these shard numbers do not exist",
            ));
        }
        let total = NonZeroU32::new(total)
            .ok_or_else(|| Error::new(ErrorKind::Config, "a bot has at least one shard"))?;
        self.config.url = info.url.into();
        let clock = Clock::start(&self.runtime);
        let (sender, events) = mpsc::channel(self.events);
        let mut seats = Vec::new();
        for number in numbers {
            let id = ShardId::new_checked(number, total.get())
                .ok_or_else(|| Error::new(ErrorKind::Config, "no such shard"))?;
            seats.push((id, Arc::new(Seat::new(self.shard(id)?))));
        }
        if !self.sessions.is_empty() {
            let detail = "a session belongs to a shard that this bot does not run";
            return Err(Error::new(ErrorKind::Config, detail));
        }
        for (id, seat) in &seats {
            self.spawn(*id, Arc::clone(seat), clock, sender.clone());
        }
        let patience = self.options.write_deadline + self.options.close_deadline;
        let handle = Handle::new(Shared {
            clock,
            total,
            seats,
        });
        Ok(Bot::new(self.runtime, events, handle, patience))
    }

    /// One shard's core, with its session of an earlier process if there is one.
    fn shard(&mut self, id: ShardId) -> Result<Shard, Error> {
        let config = Config {
            shard: id,
            ..self.config.clone()
        };
        let seed = getrandom::u64().map_err(|e| {
            Error::with_source(ErrorKind::Config, "the system gives no random numbers", e)
        })?;
        match self
            .sessions
            .iter()
            .position(|session| session.shard() == id)
        {
            None => Ok(Shard::new(config, seed)),
            Some(at) => Shard::with_session(config, seed, self.sessions.swap_remove(at))
                .map_err(|e| Error::new(ErrorKind::Config, e.to_string())),
        }
    }

    fn spawn(&self, id: ShardId, seat: Arc<Seat>, clock: Clock, events: mpsc::Sender<BotEvent>) {
        let (runtime, options) = (self.runtime.clone(), self.options.clone());
        let drive = Drive::new(runtime, clock, id, seat, options, events);
        let span = tracing::info_span!("shard", number = id.number(), total = id.total());
        self.runtime.spawn(drive.run().instrument(span));
    }
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
