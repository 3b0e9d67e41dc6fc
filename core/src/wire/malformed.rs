//! What is wrong with a payload that cannot be read.

use core::fmt;

/// A payload that is no JSON, or that lacks what its kind must have.
///
/// Nothing of such a payload is applied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What is wrong, in a few words; never a part of the payload.
    pub what: &'static str,
    /// Where, in bytes from the start of the text that was read.
    pub at: usize,
}

impl Malformed {
    /// The fault `what` at byte `at`.
    #[must_use]
    pub const fn new(what: &'static str, at: usize) -> Self {
        Self { what, at }
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.what, self.at)
    }
}

impl core::error::Error for Malformed {}
