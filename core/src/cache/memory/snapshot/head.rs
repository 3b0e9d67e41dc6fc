//! What a snapshot says first, and why one is refused.

use alloc::vec::Vec;
use core::error::Error;
use core::fmt;

use serde::{Deserialize, Serialize};

use crate::positions::Position;

/// What a snapshot says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotHead {
    pub(super) layout: u32,
    pub(super) taken: u64,
    pub(super) positions: Vec<Position>,
}

impl SnapshotHead {
    /// When it was begun, in milliseconds since 1970, as its writer was told.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// The last dispatch of each shard that all rows include: a session has to be resumed from
    /// there, or from before.
    #[must_use]
    pub fn positions(&self) -> &[Position] {
        &self.positions
    }
}

/// Why bytes are not taken for a snapshot. Nothing of them is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SnapshotError {
    /// They do not begin as a snapshot does.
    Foreign,
    /// They have the format of another version, which has this number.
    OtherFormat(u16),
    /// Their rows are packed in the layout of another version, which has this number; the
    /// [portable](super::SnapshotWriter::portable) form is read by every version.
    OtherLayout(u32),
    /// The section with this number, from zero on, is not as it was written.
    Damaged(u64),
    /// They end before the snapshot does.
    Truncated,
}

impl fmt::Display for SnapshotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign => f.write_str("not a snapshot"),
            Self::OtherFormat(number) => write!(f, "a snapshot of the unknown format {number}"),
            Self::OtherLayout(number) => {
                write!(f, "a snapshot with rows of the unknown layout {number}")
            }
            Self::Damaged(section) => write!(f, "section {section} is damaged"),
            Self::Truncated => f.write_str("the end is missing"),
        }
    }
}

impl Error for SnapshotError {}
