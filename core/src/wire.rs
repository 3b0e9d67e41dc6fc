//! What is on the wire: frames, envelopes, names, commands, and one borrowed view per payload
//! family.

pub mod close;
pub mod command;
mod envelope;
mod field;
mod image;
pub mod json;
mod malformed;
mod name;
mod only_id;
pub mod opcode;
pub(crate) mod packed;
mod permissions;
pub mod presence;
mod raw;
mod row;
mod text;
mod timestamp;
pub mod view;
pub(crate) mod writer;

pub use envelope::Envelope;
pub use field::Field;
pub(crate) use field::Part;
pub use image::Image;
pub use malformed::Malformed;
pub use name::Name;
pub use only_id::OnlyId;
pub use permissions::Permissions;
pub use raw::Json;
pub use text::Text;
pub use timestamp::Timestamp;
