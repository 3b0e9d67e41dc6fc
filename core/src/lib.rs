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

pub mod error;
pub mod id;
mod input;
mod intents;
pub mod manager;
mod rng;
mod shard_id;
mod time;
mod token;
pub mod twitch;
pub mod wire;

pub use error::RequestError;
pub use input::Input;
pub use intents::Intents;
pub use shard_id::ShardId;
pub use time::Instant;
pub use token::Token;
