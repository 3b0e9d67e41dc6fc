//! A pull reader for JSON that allocates nothing and checks what it decodes.
//!
//! One pass, driven by what the caller wants: [`Reader::object`] hands out keys, and for each the
//! caller decodes the value or lets [`Reader::skip`] pass over it. What is decoded is checked as
//! strictly as `serde_json` does; what is skipped, or not understood, is checked for structure
//! alone: brackets match, strings end, and the nesting is bounded.

mod block;
mod digits;
mod lossless;
mod number;
mod object;
mod order;
mod reader;
mod scan;
mod skip;
mod string;
mod tolerance;
mod unescape;

pub(super) use block::last_places;
pub(super) use digits::{eight_digits, four_pairs};
pub(crate) use number::ZERO_ID;
pub(crate) use object::KEY_ROOM;
pub(crate) use order::{KeyOrder, OrderedKey, descend};
pub use reader::{MAX_DEPTH, Reader};
pub(super) use scan::until_end;
pub use unescape::Unescape;
