//! What is on the wire: frames, envelopes, names, commands, and one borrowed view per payload
//! family.

pub mod close;
pub mod command;
pub(crate) mod created_at;
mod envelope;
mod field;
mod frame;
mod image;
pub mod json;
mod listing;
mod malformed;
pub(crate) mod member_request;
mod misread;
mod name;
mod names;
pub(crate) mod nonce;
mod only_id;
pub mod opcode;
pub(crate) mod packed;
mod permissions;
pub mod presence;
mod raw;
mod row;
mod stated;
mod text;
mod timestamp;
mod unread;
pub mod view;
pub(crate) mod writer;

pub use envelope::Envelope;
pub use field::Field;
pub(crate) use field::Part;
pub use frame::Frame;
pub use image::Image;
pub use listing::Listing;
pub use malformed::Malformed;
pub(crate) use misread::MisreadLog;
pub use misread::{Misread, Misreads};
pub use name::Name;
pub use names::Names;
pub use only_id::OnlyId;
pub use permissions::Permissions;
pub use raw::Json;
pub use stated::Stated;
pub use text::Text;
pub use timestamp::Timestamp;
