//! What the fuzz targets run: bodies that take bytes and assert what must hold of them.
//!
//! One table lists them all. `fuzz/` calls them with bytes that a fuzzer finds, the properties
//! with bytes that shrink, and the corpus is replayed through them on any toolchain.
mod cache;
mod chunks;
mod commands;
mod driver;
mod driver_io;
mod envelope;
mod inflate;
mod loose;
mod scenario;
mod script;
mod session;
mod setup;
mod snapshot;
mod views;

/// One fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, which is that of its file in `fuzz/fuzz_targets/` and of its corpus.
    pub name: &'static str,
    /// What it asserts.
    pub what: &'static str,
    /// Its body; panics when what it asserts does not hold.
    pub run: fn(&[u8]),
}

/// Every fuzz target.
pub const TARGETS: &[Target] = &[
    Target {
        name: "envelope",
        what: "a frame is read as `serde_json` reads it, and what is skipped is checked loosely",
        run: envelope::run,
    },
    Target {
        name: "views",
        what: "a payload means the same in any spelling, and its mutation survives JSON",
        run: views::run,
    },
    Target {
        name: "commands",
        what: "a command says in JSON what was asked for, and one that is too large is refused",
        run: commands::run,
    },
    Target {
        name: "session",
        what: "a shard keeps the protocol, its budgets and its deadlines; time may be split",
        run: session::run,
    },
    Target {
        name: "setup",
        what: "every guild and every request ends once; counts are those of a naive reference",
        run: setup::run,
    },
    Target {
        name: "chunks",
        what: "what came of a request and what is missing are those of plain sets",
        run: chunks::run,
    },
    Target {
        name: "cache",
        what: "the store holds what a naive model holds, and an odd value costs itself alone",
        run: cache::run,
    },
    Target {
        name: "snapshot",
        what: "a damaged snapshot is refused, or gives a store that is consistent",
        run: snapshot::run,
    },
    Target {
        name: "scenario",
        what: "whole bots keep their promises under the faults that the bytes spell",
        run: scenario::run,
    },
    Target {
        name: "inflate",
        what: "any cut of a compressed stream gives its messages; bombs and cut ends are refused",
        run: inflate::run,
    },
    Target {
        name: "driver_io",
        what: "messages arrive whole over partial reads, writes, stalls and dropped futures",
        run: driver_io::run,
    },
    Target {
        name: "driver",
        what: "a bot recovers after sockets, gateway, consumer and the user's code failed together",
        run: driver::run,
    },
];

/// Runs the target of this name.
///
/// # Panics
/// When there is none, or what it asserts does not hold.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    let target = target.expect("a target of the table");
    (target.run)(bytes);
}
