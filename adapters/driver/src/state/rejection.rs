//! Why something in the folder is not used.

use std::fmt;

/// Why a record or a file is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Rejection {
    /// It is torn, or was never this library's.
    Torn,
    /// Another version of the library wrote it.
    Version(u32),
    /// It belongs to another bot.
    OtherBot,
    /// It is whole, and belongs to no record that is there.
    Mismatch,
    /// It is whole, and its content makes no sense.
    Content(String),
    /// It could not be read at all.
    Unreadable(String),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Torn => f.write_str("it is torn"),
            Self::Version(version) => write!(f, "it has format {version}, of another version"),
            Self::OtherBot => f.write_str("it belongs to another bot"),
            Self::Mismatch => f.write_str("it belongs to no record of the journal"),
            Self::Content(why) => write!(f, "its content makes no sense: {why}"),
            Self::Unreadable(why) => write!(f, "it cannot be read: {why}"),
        }
    }
}
