//! Real sockets on loopback: the simulated gateway as others see it, and bots on every runtime.
#![allow(clippy::tests_outside_test_module, reason = "the whole crate is tests")]
mod binary;
mod board;
mod bot;
mod chat;
mod client;
mod closes;
mod dials;
mod ends;
mod kills;
mod managers;
mod many_shards;
mod metrics;
#[cfg(unix)]
mod odd_folders;
mod one_shard;
mod panics;
mod plaintext;
mod recording;
mod recovery;
mod rest;
mod restarts;
mod rigged;
mod rollcall;
mod runtimes;
mod shape;
mod slow_consumer;
mod stale_rows;
mod state;
mod tls;
mod transport;
mod waiting;
mod warm;
