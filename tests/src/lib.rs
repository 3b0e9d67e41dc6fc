//! A simulated chat gateway: the server's side of the protocol as a pure model.
//!
//! [`Gateway`] owns no socket, clock, thread or randomness of the operating system. A host feeds it
//! with upgrades, payloads and the time, and drains [`Output`]s. The same [`Options`], seed and
//! inputs give the same outputs, byte for byte.
#![forbid(unsafe_code)]

mod connection;
mod json;
mod requests;
mod rng;
mod session;
mod snowflake;
mod window;

pub mod act;
pub mod edge;
pub mod faults;
pub mod gateway;
pub mod intents;
pub mod ledger;
pub mod options;
pub mod rest;
pub mod rules;
pub mod server;
pub mod token;
pub mod world;

pub use act::{Act, Change, Target};
pub use edge::{Accept, Compression, ConnectionId, Encoding, Millis, Output, Upgrade};
pub use faults::{Fault, Junk, Times, Trouble};
pub use gateway::Gateway;
pub use ledger::Ledger;
pub use options::{Burst, Limits, Options, Pace};
pub use rest::{Rest, RestReply};
pub use rules::{Rule, Violation};
pub use snowflake::guild_id;
pub use token::Token;
pub use world::World;
pub use world::plan::{Arrival, GuildPlan, Plan};
