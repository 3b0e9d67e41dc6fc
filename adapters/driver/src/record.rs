//! Recordings: what happened to a bot's shards, to be replayed elsewhere and seen by strangers.
//!
//! The core is a function of its inputs. A recording is its settings and seeds, every input with
//! its time and every call, from the begin of the run on; a [`Replay`] hands them to the core
//! again, on virtual time, and compares what it does with what it did. [`Builder::record`] switches
//! it on, [`Handle::dump`] writes it out, and so does a shard that ends without having been asked
//! to ([`RecordOptions::file`]). `cargo run --release --example replay -- FILE` steps through it.
//!
//! # What is in it
//! A shard's own task copies what comes into a buffer, and adds a digest of what it led to. Full
//! buffers go to a thread, which scrubs and compresses them; nothing else ever reaches a disk.
//!
//! | in the payloads | in the recording |
//! |---|---|
//! | ids: digits without anything else, in texts, numbers and keys | others of the same length and shard, by a permutation whose key is drawn anew for each run and is in no file |
//! | any other text: names, contents, session ids, addresses | a text of as many bytes and the same escapes; the same one for the same text |
//! | times as the service writes them | others in the same month |
//! | names of events, statuses, features, sets of permissions, the core's own nonces | as they are |
//! | keys in small letters, digits and `_` | as they are; other keys as texts |
//! | other numbers, `true`, `false`, `null` | as they are |
//!
//! The token is in no input. What stays tells how many guilds, members and messages there were and
//! when, how long texts are, and which of them are the same.
//!
//! # What it does not hold
//! - More than its bound: a recording that is full keeps its begin, and says so.
//! - Functions: what a filter of member requests answered is recorded, predicates of policies are
//!   not. A store that follows a replay's mutations holds what one without policies does.
//! - What becomes of a shard that is started by hand, that goes on with the rows of an earlier
//!   process, or whose thread could not keep up: its part ends there, and the replay says so.
//! - What the bot says of itself, and what a process that is killed had not written out.
//!
//! Digests are of what scrubbing leaves alone: kinds and numbers of actions, sequences, opcodes.
//! Guilds that are due in the same millisecond have their turns in the order of their ids, which is
//! another one in a recording; within one input the digest does not look at the order.
//!
//! [`Builder::record`]: crate::Builder::record
//! [`Handle::dump`]: crate::Handle::dump

mod call;
mod digest;
mod end;
mod file;
mod frame;
mod header;
mod key;
mod meaning;
mod recorder;
mod recording;
mod replay;
mod scrub;
mod tape;
mod text;

use std::path::PathBuf;

pub use end::RecordingEnd;
pub use recording::{Recording, RecordingError};
pub use replay::{Divergence, Happened, Replay, ReplayStep};

pub(crate) use call::RecordedCall;
pub(crate) use header::ShardHeader;
pub(crate) use recorder::Recorder;
pub(crate) use tape::{Tape, TapePiece};

/// How a bot is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordOptions {
    /// How many bytes of a recording are kept, compressed; what comes then is not. Default 64 MiB.
    pub bytes: usize,
    /// How many bytes may wait for the recorder's thread, as they came, beside a buffer of 32 KiB
    /// for each shard; a shard for which there is no room is recorded no further. Default 64 MiB.
    pub waiting: usize,
    /// Where the recording is written to when a shard ends for good without having been asked to:
    /// refused by the gateway, or panicked. Default nowhere.
    pub file: Option<PathBuf>,
}

impl Default for RecordOptions {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            waiting: 64 << 20,
            file: None,
        }
    }
}

#[cfg(test)]
mod tests;
