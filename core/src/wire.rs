//! What is on the wire: frames, envelopes, names, commands, and one borrowed view per payload
//! family.

pub mod close;
pub mod command;
mod envelope;
pub mod json;
mod malformed;
mod name;
pub mod opcode;
pub mod presence;
mod text;
pub(crate) mod writer;

pub use envelope::Envelope;
pub use malformed::Malformed;
pub use name::Name;
pub use text::Text;
