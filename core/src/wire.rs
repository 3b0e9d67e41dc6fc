//! What travels on the wire, and how it is read and written.

pub mod close;
pub mod opcode;
pub mod presence;
pub(crate) mod writer;
