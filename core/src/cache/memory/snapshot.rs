//! What a store holds as bytes, written piece by piece while the store goes on, and read back.
//!
//! [`MemoryStore::snapshot`] begins one. [`SnapshotWriter::copy`] takes a few guilds out of the
//! store at a time, each as a whole but for its users, which follow in small numbers, and
//! [`SnapshotWriter::write`] makes bytes of them without the store. [`SnapshotReader`] takes the
//! bytes back, in pieces of any size. Nothing here reads or writes a file.
//!
//! # Positions
//!
//! A snapshot says of each shard at which dispatch it began, and all rows include the dispatches
//! up to there: a session is resumed from there. A guild that is written later includes more, and
//! says up to where; a store that was read back passes over what comes again and is included
//! already. What it says about users is applied: users are looked up behind their guild, a few
//! hundred at a time, and each is as it was then. One who had gone by then has no name: the member
//! has left the guild since, which comes again too. Whoever is in two guilds is as old as the one
//! that was written last, until all has come again.
//!
//! A channel lies in one guild as long as there is that channel, here as in every service that is
//! known. One that went to another guild and came back while a snapshot was written may end in the
//! other one, until something more is said of it.
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
//! | 4 | a guild; the generation of its members, 1 byte; roles by the numbers in members' rows |
//! | 5 | a guild; for each member the user's id, the record of the user, and the row |
//! | 6 | a guild; for each presence the user's id and the row |
//! | 7 | a guild; a kind; for each row two ids, when it was used, and its age in milliseconds |
//!
//! A guild is its id, or zero for what lies in none. Ids and the numbers of section 7 are 8 bytes;
//! a role that is gone is zero. A kind is its bit in [`Kinds`](crate::cache::Kinds), 4 bytes. When
//! a row was used counts only in comparison with others of its kind. Records and rows have their
//! length before them, seven bits a byte, the lowest first.
//!
//! They are laid out as in the store, and bound to the number of the layout in the head. A
//! snapshot with another number is refused ([`SnapshotError::OtherLayout`]);
//! [`SnapshotWriter::portable`] writes one of the sections 1, 2, 3 and 7, which depends on none.
//!
//! # Policies
//!
//! The first piece names the kinds that were kept. No more is said of the policies, since no more
//! is needed: those of the store that is read into are enforced on what is read, whatever they
//! were before, by the use and the age of each row; and what a policy had taken away is a
//! [`Lack`](crate::cache::Lack) of its guild.
//!
//! [`MemoryStore::snapshot`]: crate::cache::MemoryStore::snapshot

mod head;
mod packed;
mod reader;
mod section;
#[cfg(test)]
mod tests;
mod uses;
mod writer;

pub use head::{SnapshotError, SnapshotHead};
pub use packed::LAYOUT;
pub use reader::SnapshotReader;
pub use writer::SnapshotWriter;
