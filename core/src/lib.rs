//! headcount's core.
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
pub mod cache;
pub mod chunk;
pub mod config;
mod dispatch;
pub mod error;
pub mod event;
pub mod fleet;
pub mod id;
mod input;
mod intents;
mod outbox;
mod rng;
pub mod session;
pub mod setup;
mod shard;
mod shard_id;
mod time;
mod token;
pub mod wire;

pub use action::{Action, Actions};
pub use config::Config;
pub use dispatch::Dispatch;
pub use error::RequestError;
pub use event::Event;
pub use input::Input;
pub use intents::Intents;
pub use session::Session;
pub use shard::Shard;
pub use shard_id::ShardId;
pub use time::Instant;
pub use token::Token;
