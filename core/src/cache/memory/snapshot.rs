//! What a store holds as bytes, written piece by piece while the store goes on, and read back.
//!
//! [`MemoryStore::snapshot`] begins one. [`SnapshotWriter::copy`] takes a few guilds out of the
//! store at a time, each as a whole, and [`SnapshotWriter::write`] makes bytes of them without the
//! store. [`SnapshotReader`] takes the bytes back, in pieces of any size. Nothing here reads or
//! writes a file.
//!
//! # Positions
//!
//! A snapshot says of each shard at which dispatch it began, and all rows include the dispatches
//! up to there: a session is resumed from there. A guild that is written later includes more, and
//! says up to where; a store that was read back passes over what comes again and is included
//! already. What it says about users is applied: a user is written with each guild that holds the
//! user, and whoever is in two guilds is as old as the guild that was written last, until all has
//! come again.
//!
//! # Format
//!
//! Numbers are little-endian. The bytes begin with `hcsnap` and the number of the format, 2 bytes.
//! Sections follow. Each begins with the length of its content, 4 bytes; a CRC-32C of 4 bytes; and
//! its kind, a byte. The checksum is that of the section before it (zero for the first), the
//! length, the kind and the content, so that sections cannot be lost, doubled or moved.
//!
//! | kind | content |
//! |---|---|
//! | 1 | first: [`SnapshotHead`], as JSON |
//! | 2 | an [`Exported`](super::Exported) piece, as JSON |
//! | 3 | last: how many sections came before it, 8 bytes |

mod head;
mod reader;
mod section;
mod writer;

pub use head::{SnapshotError, SnapshotHead};
pub use reader::SnapshotReader;
pub use writer::SnapshotWriter;
