//! Rows as bytes: what a batch carries and what the store in memory keeps.
//!
//! A record is a mask of two bits a part, and then the parts that have more to say, in the order
//! of their declaration, without padding. It says where it ends, so no record is the beginning
//! of another, and equal rows are equal bytes. Where records leave the process, the number of their
//! layout goes along; whoever wants rows that depend on none serialises them.

mod cursor;
mod part;
mod parts;
mod payload;
mod pieces;
mod pool;
mod record;
mod sink;

pub(crate) use cursor::Cursor;
pub(crate) use part::Packed;
pub(crate) use parts::RecordParts;
pub(crate) use payload::{Form, Payload, keyed_record_payloads, record_payloads};
pub(crate) use pieces::Pieces;
pub(crate) use pool::{RecordPool, RecordPools};
pub(crate) use record::{Transcoded, covers, packed, quoted};
pub(crate) use sink::Sink;

#[cfg(test)]
mod hostile;
#[cfg(test)]
mod tests;
