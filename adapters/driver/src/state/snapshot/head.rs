//! What a snapshot says of itself, before its rows.

use std::io;
use std::time::{Duration, SystemTime};

use headcount_core::Position;
use headcount_core::cache::memory::RestoredRows;
use serde::{Deserialize, Serialize};

use crate::snapshots::Snapshots;
use crate::state::bot_key::BotKey;
use crate::state::heading::{FileFormat, first_line};
use crate::state::millis;
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
    /// For how long after that a process may go on from it, in milliseconds: so long heartbeats
    /// have not passed it.
    #[serde(default = "lasts_by_default")]
    pub(crate) lasts: u64,
    /// Up to where it has the session of each shard at least.
    pub(crate) positions: Vec<Position>,
}

impl FileHead {
    /// Of one that is taken now by this plan.
    pub(crate) fn now(plan: Snapshots, positions: Vec<Position>) -> Self {
        Self {
            taken: millis(SystemTime::now()),
            lasts: plan.lasts(),
            positions,
        }
    }

    /// Of the snapshot in which these rows were, by this plan.
    pub(crate) fn of(rows: &RestoredRows, plan: Snapshots) -> Self {
        Self {
            taken: rows.taken(),
            lasts: plan.lasts(),
            positions: vec![rows.position()],
        }
    }

    /// Whether a process may go on from it with what was dealt with at a time, in milliseconds
    /// since 1970, or a little later.
    pub(crate) fn reaches(&self, time: u64, margin: Duration) -> bool {
        let lasts = Duration::from_millis(self.lasts).saturating_add(margin);
        Duration::from_millis(time.abs_diff(self.taken)) <= lasts
    }
}

/// Of a snapshot that does not say so.
fn lasts_by_default() -> u64 {
    Snapshots::default().lasts()
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
