//! What a snapshot says of itself, before its rows.

use std::io;

use headcount_core::Position;
use headcount_core::cache::memory::RestoredRows;
use serde::{Deserialize, Serialize};

use crate::state::bot_key::BotKey;
use crate::state::heading::{FileFormat, first_line};
use crate::state::rejection::Rejection;

const FORMAT: FileFormat = FileFormat {
    magic: "headcount-snapshot",
    version: 1,
};

/// The longest head that is read: positions of 65,536 shards.
pub(super) const HEAD_BYTES: usize = 8 << 20;

/// When a snapshot was taken, and up to where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FileHead {
    /// When it was begun, in milliseconds since 1970.
    pub(crate) taken: u64,
    /// Up to where it has the session of each shard at least.
    pub(crate) positions: Vec<Position>,
}

impl FileHead {
    /// Of the snapshot in which these rows were.
    pub(crate) fn of(rows: &RestoredRows) -> Self {
        Self {
            taken: rows.taken(),
            positions: vec![rows.position()],
        }
    }
}

/// The first two lines of a file: whose it is and which of several, and the head as JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct StoredFileHead {
    pub(super) bot: BotKey,
    pub(super) generation: u64,
    pub(super) content: FileHead,
}

impl StoredFileHead {
    pub(super) fn encode(&self) -> io::Result<Vec<u8>> {
        let content = serde_json::to_string(&self.content);
        let content = content.map_err(|error| io::Error::other(error.to_string()))?;
        let heading = FORMAT.heading(self.bot, self.generation, content.as_bytes());
        Ok(format!("{heading}{content}\n").into_bytes())
    }

    /// What the bytes begin with, and how many of them that is.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Self, usize), Rejection> {
        let (line, rest) = first_line(bytes)?;
        let (content, body) = first_line(rest)?;
        let (bot, generation) = FORMAT.read(line, content.as_bytes())?;
        let content = serde_json::from_str(content);
        let head = Self {
            bot,
            generation,
            content: content.map_err(|error| Rejection::Content(error.to_string()))?,
        };
        Ok((head, bytes.len() - body.len()))
    }
}
