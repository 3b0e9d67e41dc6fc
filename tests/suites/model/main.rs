//! What the simulated gateway does, held against the protocol and against what existing clients
//! send.
#![allow(missing_docs, reason = "tests")]

mod client;
mod clients;
mod faults;
mod late;
mod members;
mod order;
mod payloads;
mod protocol;
mod rest;
mod sessions;
mod swarm;
mod talk;
mod traffic;
