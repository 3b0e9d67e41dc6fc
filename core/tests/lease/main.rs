//! Leases over a store that misbehaves: several processes, their shards and a gateway, on virtual
//! time and from a seed, with everything looked after at each step.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(
    clippy::print_stdout,
    reason = "what was simulated, for whoever asks for it"
)]

mod alone;
mod dice;
mod faults;
mod gateway;
mod process;
mod scenarios;
mod store;
mod table;
mod takeover;
mod unable;
mod world;
