//! Attacks on a bot, each with what has to hold under it.
//!
//! A hostile server (`Host`) stands in this process; the bot runs in a child process
//! ([`bot::attend`]), so that its memory can be measured and capped. [`run`] brings both together,
//! and judges.
pub mod bot;
mod child;
mod flood;
mod host;
pub mod idle;
mod log;
pub mod memory;
mod script;
mod soak;
mod verdict;
mod wire;

pub use child::{CONTROL, run};
pub use soak::soak;
pub use verdict::{Verdict, json};

use flood::Flood;
use headcount_driver::Compression;
use script::Script;

/// One MiB in bytes.
pub const MIB: u64 = 1 << 20;

/// An attack, and what is right under it.
#[derive(Clone, Copy, Debug)]
pub struct Attack {
    /// Its name: that of its test, and of its row in the table.
    pub name: &'static str,
    /// What the server does, in a few words.
    pub what: &'static str,
    script: Script,
    compression: Compression,
    /// Whether the bot takes its events.
    takes: bool,
    right: Right,
}

/// What has to hold under an attack.
#[derive(Clone, Copy, Debug)]
struct Right {
    /// The most that the bot may hold beyond what it holds when it is idle, in bytes.
    peak: u64,
    /// Whether the server sees every heartbeat in time.
    beats: bool,
    /// Words of which the bot's events, or the error that it does not start with, have to hold one;
    /// none if nothing need be emitted.
    emitted: &'static [&'static str],
}

/// A row: how much memory it may take, whether heartbeats are seen, and what is emitted.
const fn right(mebibytes: u64, beats: bool, emitted: &'static [&'static str]) -> Right {
    Right {
        peak: mebibytes * MIB,
        beats,
        emitted,
    }
}

/// Every attack.
pub const ATTACKS: &[Attack] = &[
    Attack {
        name: "pings_to_a_bot_that_cannot_answer",
        what: "stops reading, and floods pings of 125 bytes",
        script: Script::Session {
            flood: Flood::Pings,
            reads: false,
        },
        compression: Compression::None,
        takes: true,
        right: right(8, false, &["HeartbeatUnanswered", "Closed(None)"]),
    },
    Attack {
        name: "large_dispatches_that_nobody_takes",
        what: "sends dispatches of 10 MB, compressed, to a user who takes nothing",
        script: Script::Session {
            flood: Flood::Dispatches(10_000_000),
            reads: true,
        },
        compression: Compression::ZstdStream,
        takes: false,
        // The buffer's 64 MiB, and the message that fills it: once more while it is copied.
        right: right(64 + 3 * 10, true, &["TypingStart"]),
    },
    Attack {
        name: "endless_replay_that_nobody_takes",
        what: "replays dispatches of 1 MB for ever to a user who takes nothing",
        script: Script::Replay(Flood::Dispatches(1_000_000)),
        compression: Compression::None,
        takes: false,
        right: right(64 + 8, true, &["TypingStart"]),
    },
    Attack {
        name: "replay_of_what_is_known",
        what: "replays for ever what the bot has had",
        script: Script::Replay(Flood::Repeated(100)),
        compression: Compression::ZlibStream,
        takes: true,
        right: right(16, false, &["ReadyTimedOut"]),
    },
    Attack {
        name: "flood_before_hello",
        what: "sends dispatches in place of Hello, to a user who takes nothing",
        script: Script::Hello(Flood::Dispatches(100)),
        compression: Compression::None,
        takes: false,
        right: right(8, false, &["HelloTimedOut"]),
    },
    Attack {
        name: "flood_before_ready",
        what: "sends dispatches in place of READY, to a user who takes nothing",
        script: Script::Ready(Flood::Dispatches(100)),
        compression: Compression::None,
        takes: false,
        right: right(8, false, &["ReadyTimedOut"]),
    },
    Attack {
        name: "ready_of_a_million_guilds",
        what: "READY lists 1.2 million guilds, 43 MB",
        script: Script::Guilds(1_200_000),
        compression: Compression::ZstdStream,
        takes: true,
        // Four times the message.
        right: right(4 * 41, false, &["Ready"]),
    },
    Attack {
        name: "ready_that_is_too_large",
        what: "READY lists 2 million guilds, more than 64 MiB",
        script: Script::Guilds(2_000_000),
        compression: Compression::ZstdStream,
        takes: true,
        // As far as the limit it is read; the decompressor looks back 8 MiB.
        right: right(64 + 16, false, &["Closed(None)"]),
    },
    Attack {
        name: "a_million_shards",
        what: "recommends 1,000,000 shards",
        script: Script::Shards(1_000_000),
        compression: Compression::None,
        takes: true,
        right: right(8, false, &["Nonsense"]),
    },
    Attack {
        name: "as_many_shards_as_there_are_numbers",
        what: "recommends 4,294,967,295 shards",
        script: Script::Shards(u32::MAX as u64),
        compression: Compression::None,
        takes: true,
        right: right(8, false, &["Nonsense"]),
    },
    Attack {
        name: "pings",
        what: "floods pings of 125 bytes, and reads the answers",
        script: Script::Session {
            flood: Flood::Pings,
            reads: true,
        },
        compression: Compression::None,
        takes: true,
        right: right(8, true, &[]),
    },
    Attack {
        name: "empty_fragments",
        what: "goes on with a message in frames without a byte until it is sent a heartbeat",
        script: Script::Session {
            flood: Flood::Fragments,
            reads: true,
        },
        compression: Compression::None,
        takes: true,
        right: right(8, true, &[]),
    },
    Attack {
        name: "messages_that_inflate_to_nothing",
        what: "floods compressed messages without content",
        script: Script::Session {
            flood: Flood::Nothing,
            reads: true,
        },
        compression: Compression::ZlibStream,
        takes: true,
        right: right(8, true, &["Misunderstood"]),
    },
    Attack {
        name: "chat_pings",
        what: "a chat's server floods pings of 125 bytes",
        script: Script::Chat(Flood::Pings),
        compression: Compression::None,
        takes: true,
        right: right(8, true, &[]),
    },
    Attack {
        name: "chat_fragments",
        what: "a chat's server goes on with a message in frames without a byte, and without end",
        script: Script::Chat(Flood::Fragments),
        compression: Compression::None,
        takes: true,
        right: right(8, false, &[]),
    },
    Attack {
        name: "chat_that_nobody_takes",
        what: "a chat's server sends messages of 60 kB to a user who takes nothing",
        script: Script::Chat(Flood::Chatter(60_000)),
        compression: Compression::None,
        takes: false,
        right: right(32, true, &["Missed"]),
    },
];

/// The attack of this name.
#[must_use]
pub fn attack(name: &str) -> Option<&'static Attack> {
    let mut all = ATTACKS.iter().chain(&idle::BOTS).chain([&soak::SOAK]);
    all.find(|attack| attack.name == name)
}
