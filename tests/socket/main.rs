//! The server on loopback: each transport, HTTP, TLS and the ways a connection can end.
#![allow(clippy::tests_outside_test_module, reason = "the whole crate is tests")]
mod binary;
mod client;
mod ends;
mod rest;
mod rollcall;
mod transport;
