//! The coordinator with a real Redis, which each test starts for itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(clippy::print_stderr, reason = "a test that leaves itself out says so")]

mod bots;
mod faults;
mod processes;
#[path = "../../examples/server/mod.rs"]
mod server;
mod table;
mod takeover;
