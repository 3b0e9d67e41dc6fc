//! What a recording ends with.

use serde::{Deserialize, Serialize};

/// Why a recording ends where it does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingEnd {
    /// Why it was written out.
    pub why: String,
    /// Whether more has happened than is in it: there was no room for what came first, what came
    /// last could not be read, or the part of a shard ends before the run.
    pub is_full: bool,
}
