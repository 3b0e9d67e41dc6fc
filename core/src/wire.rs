//! What is on the wire: frames, envelopes, names, and one borrowed view per payload family.

mod envelope;
pub mod json;
mod malformed;
mod name;
mod text;

pub use envelope::Envelope;
pub use malformed::Malformed;
pub use name::Name;
pub use text::Text;
