//! A simulated chat gateway: the server's side of the protocol as a pure model.
//!
//! [`Gateway`] owns no socket, clock, thread or randomness of the operating system. A host feeds it
//! with upgrades, payloads and the time, and drains [`Output`]s. The same [`Options`], seed and
//! inputs give the same outputs, byte for byte.
#![forbid(unsafe_code)]

pub mod act;
pub mod edge;
pub mod faults;
pub mod gateway;
pub mod ledger;
pub mod options;
pub mod rest;
pub mod rules;
pub mod server;
pub mod world;

pub use act::Act;
pub use edge::{Accept, Compression, ConnectionId, Encoding, Millis, Output, Upgrade};
pub use gateway::Gateway;
pub use ledger::Ledger;
pub use options::Options;
pub use rest::{Rest, RestReply};
pub use rules::{Rule, Violation};
pub use world::World;
