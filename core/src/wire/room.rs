//! How many rows to make room for before reading them.

use alloc::vec::Vec;

/// Room for the rows of `bytes` of text, in never more memory than the text itself takes: who
/// sends little makes us reserve little.
pub(crate) fn room_for<T>(bytes: usize) -> Vec<T> {
    Vec::with_capacity(bytes.checked_div(size_of::<T>()).unwrap_or(0))
}
