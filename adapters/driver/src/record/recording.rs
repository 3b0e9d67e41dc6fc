//! A recording that is read again.

use std::fmt;
use std::time::{Duration, SystemTime};

use headcount_core::ShardId;

use super::end::RecordingEnd;
use super::file::{BlockKind, Blocks, LARGEST_STREAM};
use super::frame::FrameReader;
use super::header::RecordingHeader;

/// A recording, whole in memory: about as many bytes as the payloads in it had.
pub struct Recording {
    pub(super) header: RecordingHeader,
    /// The frames of each shard, in the order of the header.
    pub(super) frames: Vec<Vec<u8>>,
    end: RecordingEnd,
}

impl Recording {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`RecordingError`]: it is no recording, or not a whole one. Nothing of a broken one is used.
    pub fn read(file: &[u8]) -> Result<Self, RecordingError> {
        let mut blocks = Blocks::of(file)?;
        let Some((BlockKind::Header, json)) = blocks.next()? else {
            return Err(RecordingError::Broken("no header at its begin"));
        };
        let header: RecordingHeader = serde_json::from_slice(&json)
            .map_err(|_| RecordingError::Broken("a header that cannot be read"))?;
        let mut stream = Vec::new();
        let end = loop {
            match blocks.next()?.ok_or(RecordingError::Truncated)? {
                (BlockKind::Header, _) => {
                    return Err(RecordingError::Broken("a second header"));
                }
                (BlockKind::End, json) => break json,
                (BlockKind::Stream, bytes) if stream.len() + bytes.len() > 2 * LARGEST_STREAM => {
                    return Err(RecordingError::TooLarge);
                }
                (BlockKind::Stream, bytes) => stream.extend_from_slice(&bytes),
            }
        };
        if blocks.next()?.is_some() {
            return Err(RecordingError::Broken("blocks behind its end"));
        }
        let end = serde_json::from_slice(&end);
        let end = end.map_err(|_| RecordingError::Broken("an end that cannot be read"))?;
        let frames = split(&stream, header.shards.len())?;
        Ok(Self {
            header,
            frames,
            end,
        })
    }

    /// Why it ends where it does.
    #[must_use]
    pub const fn end(&self) -> &RecordingEnd {
        &self.end
    }

    /// The version of the library that wrote it.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.header.version
    }

    /// When it began.
    #[must_use]
    pub fn began(&self) -> Option<SystemTime> {
        SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(self.header.began))
    }

    /// The shards in it, in ascending order.
    ///
    /// # Errors
    /// [`RecordingError::Broken`] if it names one that does not exist.
    pub fn shards(&self) -> Result<Vec<ShardId>, RecordingError> {
        let shards = self.header.shards.iter();
        shards.map(|shard| self.header.id(shard)).collect()
    }
}

/// The pieces of a stream by their shards.
fn split(stream: &[u8], shards: usize) -> Result<Vec<Vec<u8>>, RecordingError> {
    let mut frames = vec![Vec::new(); shards];
    let mut reader = FrameReader::new(stream, 0);
    while reader.position() < stream.len() {
        let shard = usize::try_from(reader.number()?).unwrap_or(usize::MAX);
        let piece = reader.range()?;
        let shard = frames.get_mut(shard);
        let shard = shard.ok_or(RecordingError::Broken("a piece of an unknown shard"))?;
        shard.extend_from_slice(&stream[piece]);
    }
    Ok(frames)
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recording")
            .field("version", &self.header.version)
            .field("shards", &self.header.shards.len())
            .field("end", &self.end)
            .finish_non_exhaustive()
    }
}

/// Why a file is no recording that can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RecordingError {
    /// It does not begin like one.
    NotARecording,
    /// It has the form of another version of the library.
    Version,
    /// It ends too early.
    Truncated,
    /// What was written and what is read differ.
    Checksum {
        /// In which block, from zero.
        block: usize,
    },
    /// It is compressed, and this build cannot read that: the feature `zstd` is off.
    Packed,
    /// It has more payloads than are read: over 4 GiB.
    TooLarge,
    /// It has something that no recording has.
    Broken(&'static str),
}

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARecording => f.write_str("this is no recording"),
            Self::Version => f.write_str("this recording has the form of another version"),
            Self::Truncated => f.write_str("the recording ends too early"),
            Self::Checksum { block } => {
                write!(
                    f,
                    "the recording is damaged: block {block} has another checksum"
                )
            }
            Self::Packed => f.write_str("the recording is compressed; the feature zstd is off"),
            Self::TooLarge => f.write_str("the recording has over 4 GiB of payloads"),
            Self::Broken(what) => write!(f, "the recording is broken: it has {what}"),
        }
    }
}

impl std::error::Error for RecordingError {}
