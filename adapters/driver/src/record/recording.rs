//! A recording that is read again.

use std::fmt;
use std::time::{Duration, SystemTime};

use headcount_core::ShardId;
use headcount_core::cache::MemoryStore;

use super::end::RecordingEnd;
use super::file::{BlockKind, Blocks};
use super::followed::{FollowedCheckpoint, FollowedShard};
use super::follower::FollowedRows;
use super::frame::FrameReader;
use super::header::RecordingHeader;

/// More shards are not read.
const SHARDS: usize = 16 << 10;

/// A recording, whole in memory: about as many bytes as the payloads in it had.
pub struct Recording {
    pub(super) header: RecordingHeader,
    /// The machines where it begins; `None` if that is where the run began.
    machines: Option<Vec<FollowedCheckpoint>>,
    /// The rows there, as a snapshot; empty if there is none.
    rows: Vec<u8>,
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
        if header.shards.len() > SHARDS {
            return Err(RecordingError::TooLarge);
        }
        let (mut machines, mut rows) = (None, Vec::new());
        let mut stream = StreamSplitter::new(header.shards.len());
        let end = loop {
            let (kind, bytes) = blocks.next()?.ok_or(RecordingError::Truncated)?;
            match kind {
                BlockKind::End => break bytes,
                BlockKind::Stream => stream.add(&bytes)?,
                _ if stream.has_begun => {
                    return Err(RecordingError::Broken("a begin behind its begin"));
                }
                BlockKind::Header => return Err(RecordingError::Broken("a second header")),
                BlockKind::Machines => machines = Some(bytes),
                BlockKind::Rows => rows.extend_from_slice(&bytes),
            }
        };
        if blocks.next()?.is_some() {
            return Err(RecordingError::Broken("blocks behind its end"));
        }
        let end = serde_json::from_slice(&end);
        let end = end.map_err(|_| RecordingError::Broken("an end that cannot be read"))?;
        let frames = stream.finish()?;
        let machines = machines.map(|json| read_machines(&json, header.shards.len()));
        Ok(Self {
            machines: machines.transpose()?,
            rows,
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

    /// Whether it begins where the run did; otherwise later, as it had no room for all.
    #[must_use]
    pub const fn begins_with_run(&self) -> bool {
        self.machines.is_none()
    }

    /// The rows as they stood where it begins, in a store with the default policies of their kinds;
    /// `None` if they are not in it. The mutations of a [`Replay`](super::Replay) go on from there.
    ///
    /// # Errors
    /// [`RecordingError::Broken`] if they cannot be read, as of another version of the library.
    pub fn rows(&self) -> Result<Option<MemoryStore>, RecordingError> {
        let Some(machines) = &self.machines else {
            return Ok(Some(FollowedRows::empty(self.header.kinds()).into_store()));
        };
        if self.rows.is_empty() {
            return Ok(None);
        }
        let now = machines
            .iter()
            .map(FollowedCheckpoint::now)
            .max()
            .unwrap_or_default();
        let read = FollowedRows::read(self.header.kinds(), now, &self.rows);
        read.map(Some)
            .ok_or(RecordingError::Broken("rows that cannot be read"))
    }

    /// The shards as they stood where it begins.
    pub(super) fn shards_at_begin(&self) -> Result<Vec<FollowedShard>, RecordingError> {
        let shards = self.header.shards.iter();
        let Some(machines) = &self.machines else {
            let begin = |shard| FollowedShard::begin(&self.header, shard);
            return shards.map(begin).collect();
        };
        let both = shards.zip(machines.iter().cloned());
        both.map(|(shard, machine)| FollowedShard::go_on(&self.header, shard, machine))
            .collect()
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

fn read_machines(json: &[u8], shards: usize) -> Result<Vec<FollowedCheckpoint>, RecordingError> {
    let machines: Vec<FollowedCheckpoint> = serde_json::from_slice(json)
        .map_err(|_| RecordingError::Broken("machines that cannot be read"))?;
    match machines.len() == shards {
        true => Ok(machines),
        false => Err(RecordingError::Broken("machines of other shards")),
    }
}

/// The pieces of a stream by their shards, block by block.
struct StreamSplitter {
    frames: Vec<Vec<u8>>,
    /// The begin of a piece that ends in a later block.
    rest: Vec<u8>,
    has_begun: bool,
}

impl StreamSplitter {
    fn new(shards: usize) -> Self {
        Self {
            frames: vec![Vec::new(); shards],
            rest: Vec::new(),
            has_begun: false,
        }
    }

    fn add(&mut self, block: &[u8]) -> Result<(), RecordingError> {
        self.has_begun = true;
        self.rest.extend_from_slice(block);
        let mut reader = FrameReader::new(&self.rest, 0);
        let mut taken = 0;
        loop {
            let (shard, piece) = match reader.piece() {
                Ok(Some(piece)) => piece,
                Ok(None) | Err(RecordingError::Truncated) => break,
                Err(error) => return Err(error),
            };
            let shard = self.frames.get_mut(shard);
            let shard = shard.ok_or(RecordingError::Broken("a piece of an unknown shard"))?;
            shard.extend_from_slice(&self.rest[piece]);
            taken = reader.position();
        }
        self.rest.drain(..taken);
        Ok(())
    }

    fn finish(self) -> Result<Vec<Vec<u8>>, RecordingError> {
        match self.rest.is_empty() {
            true => Ok(self.frames),
            false => Err(RecordingError::Truncated),
        }
    }
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
    /// It has over 16,384 shards, or unpacks to over 512 times its own bytes and 128 MiB: more than
    /// is read.
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
            Self::TooLarge => f.write_str("the recording is larger than any that is written"),
            Self::Broken(what) => write!(f, "the recording is broken: it has {what}"),
        }
    }
}

impl std::error::Error for RecordingError {}
