//! The status page in a real browser, headless Chromium, against the simulated gateway. Plain
//! `cargo test` leaves these tests out: `cargo test -p headcount-sim --test browser -- --ignored`.
#![allow(clippy::tests_outside_test_module, reason = "the whole crate is tests")]
mod chromium;
mod operator;
mod scene;
mod windows;
