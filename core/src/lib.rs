//! The pure core of a gateway library for chat bots.
//!
//! It has no socket, no clock, no task and no thread. A [`Shard`] is a state machine: you report
//! what happened, and it returns what to do. That is the whole contract.
//!
//! ```text
//!  frames, time --> Shard::handle --> actions: connect, send, close, mutate, emit
//!                   Shard::poll_timeout --> when to call again, and why
//! ```
//!
//! # The loop
//!
//! ```
//! use headcount_core::{Action, Config, Event, Input, Instant, Intents, Shard, ShardId, Token};
//! # struct Socket(Vec<&'static str>);
//! # impl Socket {
//! #     fn connect(&mut self, _: &str) -> Input<'static> { Input::Opened }
//! #     fn send(&mut self, text: &str) { assert!(text.starts_with("{\"op\":")); }
//! #     fn close(&mut self, _: u16) {}
//! #     fn now(&self) -> Instant { Instant::ZERO }
//! #     fn recv_until(&mut self, _: Instant) -> Input<'static> {
//! #         self.0.pop().map_or(Input::Timeout, |text| Input::Payload(text.as_bytes()))
//! #     }
//! # }
//! # let mut socket = Socket(vec![
//! #     r#"{"t":"READY","s":1,"op":0,"d":{"session_id":"x","guilds":[],"user":{"id":"1",
//! #        "username":"b","discriminator":"0"},"application":{"id":"2","flags":0},"v":10}}"#,
//! #     r#"{"op":10,"d":{"heartbeat_interval":41250}}"#,
//! # ]);
//! let intents = Intents::GUILDS | Intents::GUILD_MEMBERS;
//! let config = Config::new(Token::new("the bot's token"), intents, ShardId::ONE);
//! let mut shard = Shard::new(config, 42); // draw the seed anew for each shard
//!
//! let mut scratch = String::new();
//! let mut input = Input::Timeout; // the first wake-up opens the connection
//! 'bot: loop {
//!     let mut next = None;
//!     for action in shard.handle(socket.now(), input) {
//!         match action {
//!             Action::Connect { url } => next = Some(socket.connect(&url)),
//!             Action::Send(command) => socket.send(command.encode(&mut scratch)),
//!             Action::Close(code) => socket.close(code),
//!             Action::Mutate(_change) => { /* cache.apply(&change) */ }
//!             Action::Emit(Event::ShardReady(ready)) => {
//!                 println!("{} guilds are here", ready.available);
//!                 break 'bot;
//!             }
//!             Action::Emit(_event) => { /* everything else that happens */ }
//!             Action::WantIdentify => { /* only when a fleet paces identifies */ }
//!             Action::Confirm(_) => { /* only with `SetupConfig::confirm` */ }
//!         }
//!     }
//!     let Some(deadline) = shard.poll_timeout() else { break }; // the shard has ended
//!     // A dead socket is `Input::Closed`, never an early return: the shard knows what to do.
//!     input = next.unwrap_or_else(|| socket.recv_until(deadline.at));
//! }
//! ```
//!
//! # What holds
//!
//! - Every effect is an [`Action`]; every wait is [`Shard::poll_timeout`]. The same seed and the
//!   same inputs give the same actions.
//! - Whatever a peer sends, nothing panics and nothing grows without bound. What cannot be
//!   understood changes nothing but the sequence and a counter, and is reported
//!   ([`Event::Misunderstood`]).
//! - The mutations of a dispatch come before its event, in order of sequence.
//! - Every guild of READY and every member request ends in exactly one outcome.
//! - The send budgets of the gateway are never exceeded, and every wait has a deadline.
//! - The token is in no event, error or `Debug`.
//!
//! # A connection's life
//!
//! ```text
//!            WaitOver               Opened             Greeted
//!   Idle ---------------> Connecting -----> Greeting ---------> Identifying --Ready----> Active
//!    ^ \                      ^                      \                                    ^
//!    |  `-> Waiting ----------'                       `------> Resuming ----Resumed-------'
//!    |      (for the fleet, before an identify)
//!    `--- any failure, with a Reason; the next try waits longer      Halted: over for good
//! ```
//!
//! # Where to look
//!
//! [`Shard`] is one connection: a session and a [`Tracker`]. The tracker alone (guild streaming,
//! member requests, cache mutations) also works beside another gateway library. A
//! [`Fleet`](fleet::Fleet) lets the shards of one bot identify in turn, and says when the whole
//! bot is ready; [`fleet::lease`] lets several processes share them. [`faults`] shows what each
//! thing that can go wrong looks like to a user; [`architecture`] is for those who change the
//! core.
//!
//! # Features
//!
//! The first two are on by default. With `default-features = false` the core needs `alloc` and
//! nothing else.
//!
//! - `std` finds out at run time how fast the processor can check text, and does no more.
//! - `twitch` is Twitch chat, the module `twitch`.
//! - `checkpoint` writes a shard down as it stands: `Shard::checkpoint`.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects,
        clippy::wildcard_enum_match_arm
    )
)]

extern crate alloc;
#[cfg(test)]
extern crate std;

mod action;
#[doc = include_str!("architecture.md")]
pub mod architecture {}
pub mod bounds;
pub mod cache;
pub mod chunk;
pub mod config;
mod countdown;
pub mod counts;
pub mod crc32c;
mod dispatch;
pub mod error;
pub mod event;
#[doc = include_str!("faults.md")]
pub mod faults {}
mod command_queue;
pub mod fleet;
pub mod id;
mod input;
mod intents;
pub mod interest;
mod kind;
pub mod manager;
mod misunderstood;
#[doc = include_str!("own_loop.md")]
pub mod own_loop {}
mod owners;
#[cfg(feature = "checkpoint")]
mod pairs;
mod positions;
mod process_id;
mod rng;
mod send_budget;
mod sequences;
pub mod session;
pub mod setup;
mod shard;
mod shard_id;
mod time;
mod token;
pub mod tracker;
#[cfg(feature = "twitch")]
pub mod twitch;
pub mod wire;

pub use action::{Action, ActionIter, Actions};
pub use config::Config;
pub use dispatch::Dispatch;
pub use error::RequestError;
pub use event::Event;
pub use input::Input;
pub use intents::Intents;
pub use positions::{Position, Positions};
pub use session::Session;
#[cfg(feature = "checkpoint")]
pub use shard::ShardCheckpoint;
pub use shard::{ConnectionStanding, Deadline, Shard};
pub use shard_id::ShardId;
pub use time::Instant;
pub use token::Token;
pub use tracker::Tracker;
