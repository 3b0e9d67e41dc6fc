//! The description of a chat bot, before it is started.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use headcount_core::manager::{Manager, Options, Refusal};
use headcount_core::twitch::{Account, AccountKey, ManagerKey, Pool, PoolConfig, Room};
use rustls::ClientConfig;

use super::backlog::Backlog;
use super::carrier::Carrier;
use super::guarded::{Failure, Guarded};
use super::shared::SharedChat;
use super::{Chat, ChatHandle};
use crate::address::{self, Address, Cleartext};
use crate::alarm::Alarm;
use crate::clock::Clock;
use crate::delivery::{BufferLimits, Delivery};
use crate::{Compression, Error, ErrorKind, Runtime, SocketOptions, settings};

/// Where Twitch's chat is.
pub const TWITCH_URL: &str = "wss://irc-ws.chat.twitch.tv:443";

/// What may wait for the consumer.
const BACKLOG: BufferLimits = BufferLimits {
    events: 8192,
    bytes: 16 << 20,
};

/// How long a shutdown waits for the connections beyond their own deadlines.
const GRACE: Duration = Duration::from_secs(1);

/// The largest frame from the server, in bytes; it holds many lines at most.
const FRAME_BYTES: usize = 1 << 20;

/// A chat bot that is not started yet.
///
/// Add accounts and shard managers, then [`start`](Self::start). Everything else has a default:
/// Twitch itself, the web's trusted roots.
pub struct ChatBuilder<R> {
    runtime: R,
    pool: Pool,
    managers: Vec<(ManagerKey, Failure)>,
    url: String,
    options: SocketOptions,
    backlog: BufferLimits,
}

impl<R: Runtime> ChatBuilder<R> {
    /// Begins to describe a chat bot on a runtime.
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// fn reader<R: Runtime>(runtime: R) -> ChatBuilder<R> {
    ///     ChatBuilder::new(runtime)
    /// }
    /// ```
    #[must_use]
    pub fn new(runtime: R) -> Self {
        Self::with_config(runtime, PoolConfig::default())
    }

    /// The same, with other waits and bounds than the default ones.
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// use headcount_driver::core::twitch::PoolConfig;
    ///
    /// fn reader<R: Runtime>(runtime: R) -> ChatBuilder<R> {
    ///     ChatBuilder::with_config(runtime, PoolConfig::default())
    /// }
    /// ```
    #[must_use]
    pub fn with_config(runtime: R, config: PoolConfig) -> Self {
        // Chance only spreads dials and picks an anonymous number: none is better than no bot.
        let seed = getrandom::u64().unwrap_or_default();
        Self {
            runtime,
            pool: Pool::new(config, seed),
            managers: Vec::new(),
            url: TWITCH_URL.to_owned(),
            options: SocketOptions {
                compression: Compression::None,
                max_message_bytes: FRAME_BYTES,
                ..SocketOptions::default()
            },
            backlog: BACKLOG,
        }
    }

    /// Adds an account.
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// use headcount_driver::core::Token;
    /// use headcount_driver::core::twitch::{Account, Login};
    ///
    /// fn add<R: Runtime>(builder: &mut ChatBuilder<R>, login: Login, token: &str) {
    ///     let account = builder.account(Account::new(login, Some(Token::new(token))));
    ///     println!("{account:?}");
    /// }
    /// ```
    pub fn account(&mut self, account: Account) -> AccountKey {
        self.pool.add_account(account)
    }

    /// Adds a shard manager made by `factory`, whose shards use `account` unless they name
    /// another one by its login.
    ///
    /// # Errors
    /// What the manager refuses: [`Refusal::Capacity`] when the initial rooms do not fit,
    /// [`Refusal::Other`] when it panics.
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// use headcount_driver::core::manager::{Distributed, Options, Refusal};
    /// use headcount_driver::core::twitch::{AccountKey, Room};
    ///
    /// fn add<R: Runtime>(
    ///     builder: &mut ChatBuilder<R>,
    ///     account: AccountKey,
    ///     rooms: Vec<Room>,
    /// ) -> Result<(), Refusal<Room>> {
    ///     let spread = |_: &Options| Distributed::default();
    ///     builder.manager(account, Options::default(), rooms, spread)?;
    ///     Ok(())
    /// }
    /// ```
    pub fn manager<M: Manager<Room> + Send + 'static>(
        &mut self,
        account: AccountKey,
        options: Options,
        initial: impl IntoIterator<Item = Room>,
        factory: impl FnOnce(&Options) -> M,
    ) -> Result<ManagerKey, Refusal<Room>> {
        let failure = Failure::default();
        let factory = |options: &Options| Guarded::new(factory(options), failure.clone());
        let key = self.pool.add_manager(account, options, initial, factory)?;
        self.managers.push((key, failure));
        Ok(key)
    }

    /// Connects to another server, for example a simulated one: `ws://` or `wss://`.
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// # fn describe<R: Runtime>(builder: ChatBuilder<R>) -> ChatBuilder<R> {
    /// builder.url("ws://127.0.0.1:6667")
    /// # }
    /// ```
    #[must_use]
    pub fn url(mut self, url: impl Into<String>) -> Self {
        self.url = url.into();
        self
    }

    /// The TLS configuration.
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// # use std::sync::Arc;
    /// use headcount_driver::rustls::ClientConfig;
    /// # fn describe<R: Runtime>(
    /// #     builder: ChatBuilder<R>, config: Arc<ClientConfig>) -> ChatBuilder<R> {
    /// builder.tls(config)
    /// # }
    /// ```
    #[must_use]
    pub fn tls(mut self, config: Arc<ClientConfig>) -> Self {
        self.options.tls = Some(config);
        self
    }

    /// Lets the token cross a network without TLS, to a server whose address starts with `ws://`:
    /// everybody on the way can then read it. Without this, such an address is dialled on this
    /// machine alone.
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// # fn describe<R: Runtime>(builder: ChatBuilder<R>) -> ChatBuilder<R> {
    /// builder.url("ws://10.0.0.7:6667").allow_plaintext()
    /// # }
    /// ```
    #[must_use]
    pub fn allow_plaintext(mut self) -> Self {
        self.options.allow_plaintext = true;
        self
    }

    /// Deadlines and limits of the sockets; chat is never compressed.
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// # use std::time::Duration;
    /// # fn describe<R: Runtime>(builder: ChatBuilder<R>) -> ChatBuilder<R> {
    /// builder.socket(|options| options.write_deadline = Duration::from_secs(5))
    /// # }
    /// ```
    #[must_use]
    pub fn socket(mut self, change: impl FnOnce(&mut SocketOptions)) -> Self {
        change(&mut self.options);
        self
    }

    /// How many messages may wait when the consumer is slow; 8192 by default. See [`Chat`].
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// # fn describe<R: Runtime>(builder: ChatBuilder<R>) -> ChatBuilder<R> {
    /// builder.backlog(1024)
    /// # }
    /// ```
    #[must_use]
    pub fn backlog(mut self, messages: usize) -> Self {
        self.backlog.events = messages;
        self
    }

    /// How many bytes of messages may wait when the consumer is slow; 16 MiB by default. One larger
    /// message passes alone. See [`Chat`].
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Runtime};
    /// # fn describe<R: Runtime>(builder: ChatBuilder<R>) -> ChatBuilder<R> {
    /// builder.backlog_bytes(4 << 20)
    /// # }
    /// ```
    #[must_use]
    pub fn backlog_bytes(mut self, bytes: usize) -> Self {
        self.backlog.bytes = bytes;
        self
    }

    /// Starts every manager. It does not wait for a connection: events report that. Must be called
    /// where the runtime can spawn.
    ///
    /// # Errors
    /// [`ErrorKind::Url`] for a URL that cannot be dialled, [`ErrorKind::Plaintext`] for one where
    /// the token may not go, [`ErrorKind::Config`] for a setting that
    /// makes no sense, and when a manager refuses to start. Nothing was started.
    ///
    /// ```
    /// # use headcount_driver::{ChatBuilder, Error, Runtime};
    /// async fn run<R: Runtime>(builder: ChatBuilder<R>) -> Result<(), Error> {
    ///     let mut chat = builder.start()?;
    ///     while let Some(event) = chat.next().await {
    ///         println!("{event:?}");
    ///     }
    ///     Ok(())
    /// }
    /// ```
    pub fn start(mut self) -> Result<Chat<R>, Error> {
        self.pool.check()?;
        settings::socket(&self.options).map_err(|error| error.of("socket"))?;
        settings::backlog(self.backlog)?;
        let cleartext = Cleartext::new(self.options.allow_plaintext);
        Address::of(&address::parse(&self.url)?)?.permit(cleartext)?;
        let clock = Clock::start(&self.runtime);
        for (manager, _) in &self.managers {
            let started = self.pool.start_all(clock.now(&self.runtime), *manager);
            started.map_err(|refusal| Error::new(ErrorKind::Config, refusal.to_string()))?;
        }
        let runtime = self.runtime.clone();
        let now = move || clock.now(&runtime);
        let (delivery, events) = Delivery::new(self.backlog);
        let backlog = Backlog::new(delivery);
        let shared = Arc::new(SharedChat::new(self.pool, self.managers, now, &backlog));
        let carrier = Carrier::new(
            self.runtime.clone(),
            Arc::clone(&shared),
            self.url.into(),
            self.options.clone(),
            backlog,
            Alarm::new(self.runtime.clone(), clock),
        );
        self.runtime.spawn(carrier.run());
        #[cfg(feature = "metrics")]
        crate::metrics::spawn_chat_publisher(&self.runtime, &shared);
        Ok(Chat {
            patience: self.options.write_deadline + self.options.close_deadline + GRACE,
            handle: ChatHandle::new(shared),
            runtime: self.runtime,
            events,
        })
    }
}

impl<R> fmt::Debug for ChatBuilder<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatBuilder")
            .field("managers", &self.managers.len())
            .finish_non_exhaustive()
    }
}
