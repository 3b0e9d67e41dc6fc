//! A simulated chat gateway: the server's side of the protocol as a pure model.
//!
//! [`Gateway`] owns no socket, clock, thread or randomness of the operating system. A host feeds it
//! with upgrades, payloads and the time, and drains [`Output`]s. The same [`Options`], seed and
//! inputs give the same outputs, byte for byte.
//!
//! | what | where |
//! |---|---|
//! | guilds, members, users, drawn from a seed | [`World`], described by a [`Plan`] |
//! | budgets, time limits, pace | [`Options`] |
//! | what goes wrong | [`Fault`]: a [`Trouble`], on which shard, how often |
//! | what happens on the server's side | [`Act`], at once or in [`Options::script`] |
//! | which rules a client broke | [`Gateway::violations`] |
//! | what was sent | [`Gateway::ledger`] |
//! | shards of the core against it, on virtual time | [`Pair`] |
//!
//! ```
//! use headcount_sim::{Accept, Gateway, Options, Output, Plan, Upgrade};
//!
//! let options = Options { world: Plan::even(2, 1500), ..Options::default() };
//! let mut gateway = Gateway::new(options, 7);
//! let Accept::Open(id) = gateway.upgrade(0, Upgrade::default()) else { panic!() };
//! let identify = r#"{"op":2,"d":{"token":"any","properties":{},"intents":3}}"#;
//! gateway.receive(10, id, identify.as_bytes());
//! while gateway.poll_timeout().is_some_and(|at| at < 1000) {
//!     gateway.advance(gateway.poll_timeout().unwrap_or(1000));
//! }
//! let mut names = Vec::new();
//! while let Some((_, Output::Send(text))) = gateway.poll_output() {
//!     names.push(text[..12].to_owned());
//! }
//! assert_eq!(names, [r#"{"t":null,"s"#, r#"{"t":"READY""#, r#"{"t":"GUILD_"#, r#"{"t":"GUILD_"#]);
//! assert!(gateway.violations().is_empty());
//! ```
//!
//! Beside it, [`twitch`] is a simulated Twitch chat, made in the same way.
#![forbid(unsafe_code)]
#![recursion_limit = "256"]

mod connection;
mod frame;
mod json;
mod odd;
mod requests;
mod rng;
mod session;
mod snowflake;
mod window;

pub mod act;
pub mod attack;
pub mod census;
pub mod edge;
pub mod faults;
pub mod fuzzing;
pub mod gateway;
pub mod intents;
pub mod ledger;
pub mod options;
pub mod pair;
pub mod picture;
pub mod rest;
pub mod rules;
pub mod scenario;
pub mod server;
pub mod simulation;
pub mod token;
#[doc = include_str!("testing_your_bot.md")]
pub mod testing_your_bot {}
pub mod twitch;
pub mod world;

pub use act::{Act, Change, Target};
pub use edge::{Accept, Compression, ConnectionId, Encoding, Millis, Output, Upgrade};
pub use faults::{Fault, Junk, Subject, Times, Trouble};
pub use gateway::{Addressee, BotSaid, Gateway};
pub use ledger::Ledger;
pub use options::{Burst, EarlierSession, Limits, Options, Pace, Words};
pub use pair::Pair;
pub use rest::{Rest, RestReply};
pub use rules::{Rule, Violation};
pub use snowflake::guild_id;
pub use token::Token;
pub use world::World;
pub use world::plan::{Arrival, GuildPlan, Plan};
