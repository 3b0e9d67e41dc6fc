//! What a snapshot says of itself, before its rows.

use std::io;

use headcount_core::Position;
use headcount_core::crc32c::crc32c;
use serde::{Deserialize, Serialize};

use crate::state::bot_key::BotKey;
use crate::state::rejection::Rejection;

const MAGIC: &str = "headcount-snapshot";
const VERSION: u32 = 1;

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
        let (bot, generation) = (self.bot.bits(), self.generation);
        let line = format!("{MAGIC} {VERSION} {bot:016x} {generation}");
        let checksum = crc32c(&[line.as_bytes(), content.as_bytes()]);
        Ok(format!("{line} {checksum:08x}\n{content}\n").into_bytes())
    }

    /// What the bytes begin with, and how many of them that is.
    pub(super) fn decode(bytes: &[u8]) -> Result<(Self, usize), Rejection> {
        let (line, rest) = first_line(bytes)?;
        let (content, body) = first_line(rest)?;
        let (line, checksum) = line.rsplit_once(' ').ok_or(Rejection::Torn)?;
        let sum = crc32c(&[line.as_bytes(), content.as_bytes()]);
        let is_whole = format!("{sum:08x}") == checksum;
        let line = line.strip_prefix(MAGIC).filter(|_| is_whole);
        let mut words = line.ok_or(Rejection::Torn)?.split_whitespace();
        let mut word = || words.next().ok_or(Rejection::Torn);
        let version = word()?.parse().map_err(|_| Rejection::Torn)?;
        if version != VERSION {
            return Err(Rejection::Version(version));
        }
        let bot = u64::from_str_radix(word()?, 16).map_err(|_| Rejection::Torn)?;
        let generation = word()?.parse().map_err(|_| Rejection::Torn)?;
        let content = serde_json::from_str(content);
        let head = Self {
            bot: BotKey::from_bits(bot),
            generation,
            content: content.map_err(|error| Rejection::Content(error.to_string()))?,
        };
        Ok((head, bytes.len() - body.len()))
    }
}

/// A line without its end, and what follows.
fn first_line(bytes: &[u8]) -> Result<(&str, &[u8]), Rejection> {
    let end = bytes.iter().position(|&byte| byte == b'\n');
    let (line, rest) = bytes.split_at(end.ok_or(Rejection::Torn)?);
    let line = std::str::from_utf8(line).map_err(|_| Rejection::Torn)?;
    Ok((line, &rest[1..]))
}
