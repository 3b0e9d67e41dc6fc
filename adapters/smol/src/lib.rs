//! `headcount` on smol: a gateway bot that knows when everyone in the room has been counted, and a
//! Twitch chat bot in hundreds of rooms.
//!
//! This crate holds the few lines that smol needs; the bot itself is in [`driver`], and every
//! decision in [`driver::core`]. smol is small, starts its threads by itself, and suits programs
//! that have no runtime yet or build on the `async-*` crates.
//!
//! ```no_run
//! use headcount_smol::{Bot, BotEvent, Event, Intents, OnStop};
//!
//! fn main() -> Result<(), headcount_smol::Error> {
//!     let token = std::env::var("DISCORD_TOKEN").unwrap_or_default();
//!     smol::block_on(async {
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
//! use headcount_smol::driver::core::manager::{Distributed, Options};
//! use headcount_smol::driver::core::twitch::{Account, Room};
//! use headcount_smol::{Chat, ChatEvent};
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

use smol::net::{TcpListener, TcpStream};

pub use headcount_driver as driver;
pub use headcount_driver::core::session::OnStop;
pub use headcount_driver::core::{Event, Intents};
pub use headcount_driver::{
    Acknowledgement, Api, BotEvent, Compression, Error, ErrorKind, GatewayInfo, Handle, Mark,
};
#[cfg(feature = "chat")]
pub use headcount_driver::{ChatEvent, ChatHandle};

/// A running bot on smol.
pub type Bot = driver::Bot<Smol>;

/// A bot on smol that is not started yet.
pub type Builder = driver::Builder<Smol>;

/// A running Twitch chat bot on smol.
#[cfg(feature = "chat")]
pub type Chat = driver::Chat<Smol>;

/// A Twitch chat bot on smol that is not started yet.
#[cfg(feature = "chat")]
pub type ChatBuilder = driver::ChatBuilder<Smol>;

/// The smol runtime: its global executor, which starts its threads when it is first used.
///
/// Works from any thread; `SMOL_THREADS` in the environment says how many threads run tasks, one
/// by default.
#[derive(Clone, Copy, Debug, Default)]
pub struct Smol;

impl driver::Runtime for Smol {
    type Stream = TcpStream;
    type Timer = SmolTimer;

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Stream> {
        let addresses = smol::net::resolve((host, port))
            .await
            .map_err(driver::unresolved)?;
        let stream = TcpStream::connect(&addresses[..]).await?;
        stream.set_nodelay(true)?;
        Ok(stream)
    }

    fn timer(&self, after: Duration) -> Self::Timer {
        SmolTimer(smol::Timer::after(after))
    }

    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        smol::spawn(future).detach();
    }
}

impl driver::Serve for Smol {
    type Acceptor = TcpListener;

    fn acceptor(&self, listener: std::net::TcpListener) -> io::Result<Self::Acceptor> {
        TcpListener::try_from(listener)
    }

    async fn accept(acceptor: &Self::Acceptor) -> io::Result<Self::Stream> {
        let (stream, _) = acceptor.accept().await?;
        Ok(stream)
    }
}

/// A delay on smol's clock.
#[derive(Debug)]
pub struct SmolTimer(smol::Timer);

impl Future for SmolTimer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}
