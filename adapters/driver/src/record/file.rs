//! A recording as a file: a magic line, and blocks, each with its length and a checksum.
//!
//! | of a block | bytes |
//! |---|---|
//! | its kind: `h` for the header, `m` for machines, `r` for rows, `s` for a part of the stream, `e` for the end | 1 |
//! | how it is packed: 0 not at all, 1 by zstd | 1 |
//! | how many bytes it has unpacked, and packed | 4, 4 |
//! | CRC-32C of these ten bytes and of the packed ones | 4 |
//! | the packed bytes | |
//!
//! Numbers are little-endian. The header and the end are JSON. The stream is pieces of the shards,
//! each with the place of its shard in the header, its length, and frames. A recording that begins
//! later than the run has the machines of its shards then, as JSON, and the rows, as a snapshot in
//! any number of blocks.

use headcount_core::crc32c::crc32c;

use super::RecordingError;

/// What a recording begins with; the number is that of its form.
pub(super) const MAGIC: &[u8] = b"headcount recording 1\n";

/// The magic of any form.
const ANY_MAGIC: &[u8] = b"headcount recording ";

/// How many bytes of the stream one block has at most. What comes again is packed well within one
/// block alone: with 256 KiB a recording has twice the bytes.
pub(super) const BLOCK: usize = 8 << 20;

/// No other block has more.
const LARGEST_BLOCK: usize = 1 << 30;

/// How many bytes all streams together have at most.
pub(super) const LARGEST_STREAM: usize = 2 << 30;

/// How many bytes a stream of so many packed ones has at most, so that a small file is no large
/// recording.
pub(super) const fn stream_room(packed: usize) -> usize {
    let room = packed.saturating_mul(256).saturating_add(64 << 20);
    if room < LARGEST_STREAM {
        room
    } else {
        LARGEST_STREAM
    }
}

/// How many bytes all blocks of a file of so many have at most, unpacked.
const fn unpacked_room(file: usize) -> usize {
    stream_room(file).saturating_mul(2)
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BlockKind {
    Header,
    Machines,
    Rows,
    Stream,
    End,
}

impl BlockKind {
    const fn sign(self) -> u8 {
        match self {
            Self::Header => b'h',
            Self::Machines => b'm',
            Self::Rows => b'r',
            Self::Stream => b's',
            Self::End => b'e',
        }
    }

    const fn of(sign: u8) -> Option<Self> {
        match sign {
            b'h' => Some(Self::Header),
            b'm' => Some(Self::Machines),
            b'r' => Some(Self::Rows),
            b's' => Some(Self::Stream),
            b'e' => Some(Self::End),
            _ => None,
        }
    }

    /// How many bytes it has at most, unpacked.
    const fn limit(self) -> usize {
        match self {
            Self::Stream => BLOCK,
            Self::Header | Self::Machines | Self::Rows | Self::End => LARGEST_BLOCK,
        }
    }
}

/// Appends a block.
pub(super) fn put_block(out: &mut Vec<u8>, kind: BlockKind, bytes: &[u8]) {
    let packed = pack(bytes).filter(|packed| packed.len() < bytes.len());
    let (packing, content) = match &packed {
        Some(packed) => (1, packed.as_slice()),
        None => (0, bytes),
    };
    let mut head = [0; 10];
    head[0] = kind.sign();
    head[1] = packing;
    head[2..6].copy_from_slice(&(bytes.len() as u32).to_le_bytes());
    head[6..].copy_from_slice(&(content.len() as u32).to_le_bytes());
    out.extend_from_slice(&head);
    let from = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(content);
    let sum = checksum(&head, content);
    out[from..from + 4].copy_from_slice(&sum.to_le_bytes());
}

fn checksum(head: &[u8], content: &[u8]) -> u32 {
    crc32c(&[head, content])
}

#[cfg(feature = "zstd")]
fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::compress(bytes, 3).ok()
}

#[cfg(not(feature = "zstd"))]
fn pack(_: &[u8]) -> Option<Vec<u8>> {
    None
}

#[cfg(feature = "zstd")]
fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>, RecordingError> {
    let broken = |_| RecordingError::Broken("a block that cannot be unpacked");
    zstd::bulk::decompress(packed, length).map_err(broken)
}

#[cfg(not(feature = "zstd"))]
fn unpack(_: &[u8], _: usize) -> Result<Vec<u8>, RecordingError> {
    Err(RecordingError::Packed)
}

/// Reads a file block by block.
pub(super) struct Blocks<'b> {
    rest: &'b [u8],
    number: usize,
    /// So many bytes more are unpacked.
    room: usize,
}

impl<'b> Blocks<'b> {
    /// Those of a file.
    pub(super) fn of(file: &'b [u8]) -> Result<Self, RecordingError> {
        match file.strip_prefix(MAGIC) {
            Some(rest) => Ok(Self::behind_magic(rest)),
            None if file.starts_with(ANY_MAGIC) => Err(RecordingError::Version),
            None => Err(RecordingError::NotARecording),
        }
    }

    /// Those that come without a magic line.
    pub(super) const fn behind_magic(rest: &'b [u8]) -> Self {
        Self {
            rest,
            number: 0,
            room: unpacked_room(rest.len()),
        }
    }

    /// The next block, unpacked; `None` at the end of the file.
    pub(super) fn next(&mut self) -> Result<Option<(BlockKind, Vec<u8>)>, RecordingError> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (head, rest) = self
            .rest
            .split_at_checked(10)
            .ok_or(RecordingError::Truncated)?;
        let (sum, rest) = rest.split_first_chunk().ok_or(RecordingError::Truncated)?;
        let number = |at: usize| {
            head[at..]
                .first_chunk()
                .map_or(0, |n| u32::from_le_bytes(*n)) as usize
        };
        let (length, packed) = (number(2), number(6));
        let content = rest.split_at_checked(packed);
        let (content, rest) = content.ok_or(RecordingError::Truncated)?;
        let number = self.number;
        self.number += 1;
        if checksum(head, content) != u32::from_le_bytes(*sum) {
            return Err(RecordingError::Checksum { block: number });
        }
        self.rest = rest;
        let kind = BlockKind::of(head[0]);
        let kind = kind.ok_or(RecordingError::Broken("a block of an unknown kind"))?;
        if length > kind.limit() {
            return Err(RecordingError::Broken("a block that is too long"));
        }
        self.room = self
            .room
            .checked_sub(length)
            .ok_or(RecordingError::TooLarge)?;
        let bytes = match head[1] {
            0 => content.to_vec(),
            1 => unpack(content, length)?,
            _ => {
                return Err(RecordingError::Broken(
                    "a block that is packed in an unknown way",
                ));
            }
        };
        if bytes.len() != length {
            return Err(RecordingError::Broken(
                "a block of another length than it says",
            ));
        }
        Ok(Some((kind, bytes)))
    }
}
