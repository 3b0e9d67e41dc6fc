//! Scripted happenings.

/// Something that happens on the server's side.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Act {
    /// Closes every connection with this code.
    CloseAll(u16),
}
