//! The coordinator with a real Redis, which each test starts for itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod bots;
mod faults;
mod processes;
mod proxy;
#[path = "../../examples/server/mod.rs"]
mod server;
mod snapshots;
mod table;
mod takeover;
mod tls;
