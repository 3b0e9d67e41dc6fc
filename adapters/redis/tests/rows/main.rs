//! Rows in a real Redis, which each test starts for itself.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod failed;
mod faults;
mod feed;
mod garbage;
mod history;
mod others;
#[path = "../../examples/server/mod.rs"]
mod server;
mod sessions;
mod writing;
