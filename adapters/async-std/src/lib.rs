//! `headcount` on async-std: a gateway bot that knows when everyone in the room has been counted,
//! and a Twitch chat bot in hundreds of rooms.
//!
//! **async-std is discontinued.** Its makers say so themselves and point to smol. This crate is
//! here for programs that run on async-std today; a new program takes `headcount-smol`, which has
//! the same types and methods, or `headcount-tokio`. To move on, change the name of this crate and
//! of the runtime; nothing else about the bot changes.
//!
//! This crate holds the few lines that async-std needs; the bot itself is in [`driver`], and every
//! decision in [`driver::core`].
//!
//! ```no_run
//! use headcount_async_std::{Bot, BotEvent, Event, Intents, OnStop};
//!
//! fn main() -> Result<(), headcount_async_std::Error> {
//!     let token = std::env::var("DISCORD_TOKEN").unwrap_or_default();
//!     async_std::task::block_on(async {
//!         let mut bot = Bot::connect(token, Intents::GUILDS).await?;
//!         while let Some(BotEvent { shard, event, .. }) = bot.next().await {
//!             match event {
//!                 Event::Dispatch(dispatch) => println!("{shard:?}: {:?}", dispatch.name()),
//!                 Event::GuildReady(guild) => println!("{}: {:?}", guild.guild, guild.outcome),
//!                 Event::FinishedChunking(all) => println!("{} complete", all.complete),
//!                 Event::Halted(why) => println!("{shard:?}: {why}"),
//!                 Event::StoreFailed(failure) => println!("{}", failure.error),
//!                 Event::ConnectionFailed(failure) => println!("{:#}", failure.error),
//!                 _ => {}
//!             }
//!         }
//!         bot.outcome()?; // why every shard has ended, unless somebody stopped the bot
//!         let _sessions = bot.shutdown(OnStop::Resume).await?; // the next process resumes them
//!         Ok(())
//!     })
//! }
//! ```
//!
//! A Twitch chat bot has accounts, and shard managers that spread its rooms over connections:
//!
//! ```no_run
//! use headcount_async_std::driver::core::manager::{Distributed, Options};
//! use headcount_async_std::driver::core::twitch::{Account, Room};
//! use headcount_async_std::{Chat, ChatEvent};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let mut builder = Chat::builder();
//! let reader = builder.account(Account::anonymous()); // it reads, and says nothing
//! let rooms = ["ann", "bob"].map(|name| Room::new(name).expect("a room's name"));
//! let make = |_: &Options| Distributed::default(); // 25 rooms a connection, 5 connections
//! builder.manager(reader, Options::default(), rooms, make)?;
//! let mut chat = builder.start()?;
//! while let Some(event) = chat.next().await {
//!     let ChatEvent::Heard(heard) = event else { continue };
//!     if let Some(text) = heard.message().and_then(|message| message.text()) {
//!         println!("{text}");
//!     }
//! }
//! # Ok(())
//! # }
//! ```
#![forbid(unsafe_code)]

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use async_std::net::{TcpListener, TcpStream, ToSocketAddrs};

pub use headcount_driver as driver;
pub use headcount_driver::core::session::OnStop;
pub use headcount_driver::core::{Event, Intents};
pub use headcount_driver::{
    Acknowledgement, Api, BotEvent, Compression, Error, ErrorKind, GatewayInfo, Handle, Mark,
};
#[cfg(feature = "chat")]
pub use headcount_driver::{ChatEvent, ChatHandle};

/// A running bot on async-std.
pub type Bot = driver::Bot<AsyncStd>;

/// A bot on async-std that is not started yet.
pub type Builder = driver::Builder<AsyncStd>;

/// A running Twitch chat bot on async-std.
#[cfg(feature = "chat")]
pub type Chat = driver::Chat<AsyncStd>;

/// A Twitch chat bot on async-std that is not started yet.
#[cfg(feature = "chat")]
pub type ChatBuilder = driver::ChatBuilder<AsyncStd>;

/// The async-std runtime: its global executor, which starts its threads when it is first used.
///
/// Works from any thread.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsyncStd;

impl driver::Runtime for AsyncStd {
    type Stream = TcpStream;
    type Timer = AsyncStdTimer;

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Stream> {
        let addresses: Vec<_> = (host, port)
            .to_socket_addrs()
            .await
            .map_err(driver::unresolved)?
            .collect();
        let stream = TcpStream::connect(&addresses[..]).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn timer(&self, after: Duration) -> Self::Timer {
        AsyncStdTimer(async_io::Timer::after(after))
    }

    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        async_std::task::spawn(future);
    }
}

impl driver::Serve for AsyncStd {
    type Acceptor = TcpListener;

    fn acceptor(&self, listener: std::net::TcpListener) -> io::Result<Self::Acceptor> {
        Ok(listener.into())
    }

    async fn accept(acceptor: &Self::Acceptor) -> io::Result<Self::Stream> {
        let (stream, _) = acceptor.accept().await?;
        Ok(stream)
    }
}

/// A delay on the timers that async-std itself stands on; its own have no type that can be named.
#[derive(Debug)]
pub struct AsyncStdTimer(async_io::Timer);

impl Future for AsyncStdTimer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}
