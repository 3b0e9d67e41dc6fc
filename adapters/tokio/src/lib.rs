//! `headcount` on tokio: a gateway bot that knows when everyone in the room has been counted, and a
//! Twitch chat bot in hundreds of rooms.
//!
//! This crate holds the few lines that tokio needs; the bot itself is in [`driver`], and every
//! decision in [`driver::core`].
//!
//! ```no_run
//! use headcount_tokio::{Bot, BotEvent, Event, Intents, OnStop};
//!
//! # async fn run(token: String) -> Result<(), headcount_tokio::Error> {
//! let mut bot = Bot::connect(token, Intents::GUILDS).await?;
//! while let Some(BotEvent { shard, event, .. }) = bot.next().await {
//!     match event {
//!         Event::Dispatch(dispatch) => println!("{shard:?}: {:?}", dispatch.name()),
//!         Event::GuildReady(guild) => println!("{}: {:?}", guild.guild, guild.outcome),
//!         Event::FinishedChunking(all) => println!("{} complete", all.complete),
//!         Event::Halted(why) => println!("{shard:?}: {why}"),
//!         Event::StoreFailed(failure) => println!("{}", failure.error),
//!         Event::ConnectionFailed(failure) => println!("{:#}", failure.error),
//!         _ => {}
//!     }
//! }
//! bot.outcome()?; // why every shard has ended, unless somebody stopped the bot
//! let sessions = bot.shutdown(OnStop::Resume).await?; // the next process can resume them
//! # Ok(())
//! # }
//! ```
//!
//! What a bot warns of goes to [`tracing`](driver::traces): with the crate `tracing-subscriber`,
//! the line `tracing_subscriber::fmt::init();` at the begin of `main` shows it.
//!
//! A Twitch chat bot has accounts, and shard managers that spread its rooms over connections:
//!
//! ```no_run
//! use headcount_tokio::driver::core::Token;
//! use headcount_tokio::driver::core::manager::{Distributed, Options};
//! use headcount_tokio::driver::core::twitch::{Account, Login, PoolEvent, Room, Say};
//! use headcount_tokio::{Chat, ChatEvent};
//!
//! # async fn run(token: &str) -> Result<(), Box<dyn std::error::Error>> {
//! let mut builder = Chat::builder();
//! let account = builder.account(Account::new(Login::new("my_bot")?, Some(Token::new(token))));
//! let rooms = ["ann", "bob"].map(|name| Room::new(name).expect("a room's name"));
//! let make = |_: &Options| Distributed::default(); // 25 rooms a connection, 5 connections
//! let manager = builder.manager(account, Options::default(), rooms, make)?;
//! let mut chat = builder.start()?;
//! let handle = chat.handle();
//! while let Some(event) = chat.next().await {
//!     if let ChatEvent::WantToken(_) | ChatEvent::Pool(PoolEvent::LoginRejected { .. }) = &event {
//!         return Err(event.remedy().unwrap_or_default().into()); // nothing goes on without one
//!     }
//!     let ChatEvent::Heard(heard) = event else { continue };
//!     let Some(message) = heard.message() else { continue };
//!     if let ("PRIVMSG", Some("!hello"), Some(room)) =
//!         (message.command(), message.text(), message.room())
//!     {
//!         handle.say(manager, Say::new(room, "hello!"))?; // queued within Twitch's limits
//!     }
//! }
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use tokio::net::{TcpListener, TcpStream};
use tokio_util::compat::{Compat, TokioAsyncReadCompatExt};

pub use headcount_driver as driver;
pub use headcount_driver::core::session::OnStop;
pub use headcount_driver::core::{Event, Intents};
pub use headcount_driver::{
    Acknowledgement, Api, BotEvent, Compression, Error, ErrorKind, GatewayInfo, Handle, Mark,
};
#[cfg(feature = "chat")]
pub use headcount_driver::{ChatEvent, ChatHandle};

/// A running bot on tokio.
pub type Bot = driver::Bot<Tokio>;

/// A bot on tokio that is not started yet.
pub type Builder = driver::Builder<Tokio>;

/// A running Twitch chat bot on tokio.
#[cfg(feature = "chat")]
pub type Chat = driver::Chat<Tokio>;

/// A Twitch chat bot on tokio that is not started yet.
#[cfg(feature = "chat")]
pub type ChatBuilder = driver::ChatBuilder<Tokio>;

/// The tokio runtime that the calling task runs in.
///
/// Its methods panic outside a tokio runtime, as tokio's own functions do. Its clock is tokio's,
/// so that a paused clock in a test moves everything.
#[derive(Clone, Copy, Debug, Default)]
pub struct Tokio;

impl driver::Runtime for Tokio {
    type Stream = Compat<TcpStream>;
    type Timer = tokio::time::Sleep;

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Stream> {
        let addresses: Vec<_> = tokio::net::lookup_host((host, port))
            .await
            .map_err(driver::unresolved)?
            .collect();
        let stream = TcpStream::connect(&addresses[..]).await?;
        stream.set_nodelay(true)?;
        Ok(stream.compat())
    }

    fn timer(&self, after: Duration) -> Self::Timer {
        tokio::time::sleep(after)
    }

    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        tokio::spawn(future);
    }

    fn now(&self) -> Instant {
        tokio::time::Instant::now().into_std()
    }
}

impl driver::Serve for Tokio {
    type Acceptor = TcpListener;

    fn acceptor(&self, listener: std::net::TcpListener) -> io::Result<Self::Acceptor> {
        TcpListener::from_std(listener)
    }

    async fn accept(acceptor: &Self::Acceptor) -> io::Result<Self::Stream> {
        let (stream, _) = acceptor.accept().await?;
        Ok(stream.compat())
    }
}

#[cfg(feature = "chat")]
#[doc = include_str!("twitch_bot.md")]
pub mod twitch_bot {}
