//! Recordings: what happened to a bot's shards, to be replayed elsewhere and seen by strangers.
//!
//! The core is a function of its inputs. A recording is its settings and seeds, every input with
//! its time and every call; a [`Replay`] hands them to the core again, on virtual time, and
//! compares what it does with what it did. [`Builder::record`] switches it on, [`Handle::dump`]
//! writes it out, and so does a shard that ends without having been asked to
//! ([`RecordOptions::file`]). `cargo run --release --example replay -- FILE` steps through it.
//!
//! # How much is kept
//! What happened goes into a ring of eight segments, [`RecordOptions::bytes`] together; when they
//! are full the oldest goes. A second set of machines, in the recorder's thread, does first what is
//! in it: where they stand then is where the recording begins, and they are written out with it, by
//! [`Shard::checkpoint`], and the rows that their mutations have made. They know nothing but what
//! has been scrubbed. So a recording of any length takes its bytes, and from the time on when they
//! are full the memory of a second bot: its machines, its rows ([`RecordOptions::rows`]), and for
//! the thread some microseconds an event. If these machines do something else than the bot did, a
//! warning says so, and the recording is written out ([`RecordOptions::file`]) as it shows that.
//! A recording has one begin: what is looked at later in it, a time or a shard, is replayed from
//! there on, at some 200,000 inputs a second. Begins of each segment would be eight times the rows,
//! and leave as much less room for what happened.
//!
//! # What is in it
//! A shard's own task copies what comes into a buffer, and adds a digest of what it led to. Full
//! buffers go to a thread, which scrubs and compresses them; nothing else ever reaches a disk. As
//! long as some come it looks for them itself, once a second: waking it would cost the shard more
//! than all else.
//!
//! | in the payloads | in the recording |
//! |---|---|
//! | ids: digits without anything else, in texts, numbers and keys | others of the same length and shard, by a permutation whose key is drawn anew for each run and is in no file |
//! | any other text: names, contents, session ids, addresses | a text of as many bytes and the same escapes, of which the first five characters are drawn; the same one for the same text |
//! | times as the service writes them | one moment of the same month, the same for all of that month |
//! | names of events, statuses, features, sets of permissions, nonces of the core's own requests | as they are |
//! | numbers under `value`, as in the options of a command, and `.._value` | others of as many digits |
//! | keys in small letters, digits and `_` | as they are; other keys as texts |
//! | other numbers, `true`, `false`, `null` | as they are |
//!
//! The token is in no input. What stays tells how many guilds, members and messages there were and
//! when, how long texts are, and which of them are the same.
//!
//! # What it does not hold
//! - Functions: what a filter of member requests answered is recorded, policies are not. The rows
//!   are those that the default policies of their kinds keep.
//! - What becomes of a shard that is started by hand, that goes on with the rows of an earlier
//!   owner, or whose thread could not keep up: its part ends there for good, and the replay says
//!   so. Of a bot in [several processes](crate::Builder::coordinate) each records what happens to a
//!   shard as long as it has it, also when it gets it back, until once it goes on with
//!   [rows](crate::Builder::shard_snapshots) that its last owner has left, or with members that a
//!   [store](crate::Builder::store) has.
//! - What the bot says of itself, and what a process that is killed had not written out.
//!
//! Digests are of what scrubbing leaves alone: kinds and numbers of actions, sequences, opcodes,
//! states, reasons and outcomes, and how many rows mutations have.
//! Bytes that are no JSON are as little after scrubbing, but an id with escapes in it is none then:
//! the replay of what no service sends may differ, and says so. Guilds that are due in the same
//! millisecond have their turns in the order of their ids, which is another one in a recording;
//! within one input the digest does not look at the order.
//!
//! [`Builder::record`]: crate::Builder::record
//! [`Handle::dump`]: crate::Handle::dump
//! [`Shard::checkpoint`]: headcount_core::Shard::checkpoint

mod archive;
mod call;
#[cfg(test)]
mod cost;
mod digest;
mod end;
mod evidence_files;
mod file;
mod followed;
mod follower;
mod frame;
mod frame_base;
mod header;
mod key;
mod meaning;
mod packing;
mod recorder;
mod recording;
mod replay;
mod run_recorder;
mod scrub;
mod segment_ring;
mod tape;
mod text;

use std::path::PathBuf;

pub use end::RecordingEnd;
pub use recording::{Recording, RecordingError};
pub use replay::{Divergence, Happened, Replay, ReplayStep};
pub use run_recorder::RunRecorder;

pub(crate) use call::RecordedCall;
pub(crate) use header::ShardHeader;
pub(crate) use recorder::Recorder;
pub(crate) use tape::{Tape, TapePiece};

/// How a bot is recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordOptions {
    /// How many bytes of what happened are kept, compressed: the newest. Default 64 MiB.
    pub bytes: usize,
    /// Whether a recording that begins later than the run has the rows of the cache as they stood
    /// there. The recorder then keeps a second cache from the time on when `bytes` are full.
    /// Default yes.
    pub rows: bool,
    /// How many bytes may wait for the recorder's thread, as they came, beside a buffer of 32 KiB
    /// for each shard; a shard for which there is no room is recorded no further. While a
    /// recording is written out the thread takes in what comes. Default 64 MiB.
    pub waiting: usize,
    /// Where the recording is written to when a shard ends for good without having been asked to:
    /// refused by the gateway, or panicked; and when the recorder finds that a part which it drops
    /// for want of room does something else than the bot did. The bot's events end once it is on
    /// the disk, at the latest after 10 s. The first such end goes to this file, in the place of an
    /// older one; those that come while it is written are the second together, in a file with `.2`
    /// behind its name, and so on up to `.4`; of later ones there is none. What an earlier process
    /// left under these names stays until it is written over. Each bot and each process needs a
    /// path of its own: two that write to one may leave neither's recording. Default nowhere.
    pub file: Option<PathBuf>,
}

impl Default for RecordOptions {
    fn default() -> Self {
        Self {
            bytes: 64 << 20,
            rows: true,
            waiting: 64 << 20,
            file: None,
        }
    }
}

#[cfg(test)]
mod tests;
