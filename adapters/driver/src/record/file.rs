//! A recording as a file: a magic line, and blocks, each with its length and a checksum.
//!
//! | of a block | bytes |
//! |---|---|
//! | its kind: `h` for the header, `m` for machines, `r` for rows, `s` for a part of the stream, `e` for the end | 1 |
//! | how it is packed: 0 not at all, 1 as a zstd frame, 2 as the first part of one, 3 as the next part | 1 |
//! | how many bytes it has unpacked, and packed | 4, 4 |
//! | CRC-32C of these ten bytes and of the packed ones | 4 |
//! | the packed bytes | |
//!
//! Numbers are little-endian. The header and the end are JSON. The stream is pieces of the shards,
//! each with the place of its shard in the header, its length, and frames; its blocks are parts of
//! zstd frames, the last one perhaps of its own. A recording that begins
//! later than the run has the machines of its shards then, as JSON, and the rows, as a snapshot in
//! any number of blocks.

use headcount_core::crc32c::crc32c;

use super::RecordingError;
use super::packing::{FramePacker, FrameUnpacker, PackedPart, pack, unpack};

/// What a recording begins with; the number is that of its form.
pub(super) const MAGIC: &[u8] = b"headcount recording 2\n";

/// The magic of any form.
const ANY_MAGIC: &[u8] = b"headcount recording ";

/// How many bytes of the stream one block has at most.
pub(super) const BLOCK: usize = 1 << 20;

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

/// How a block is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum BlockPacking {
    Plain,
    Whole,
    First,
    Next,
}

impl BlockPacking {
    const fn sign(self) -> u8 {
        match self {
            Self::Plain => 0,
            Self::Whole => 1,
            Self::First => 2,
            Self::Next => 3,
        }
    }

    const fn of(sign: u8) -> Option<Self> {
        match sign {
            0 => Some(Self::Plain),
            1 => Some(Self::Whole),
            2 => Some(Self::First),
            3 => Some(Self::Next),
            _ => None,
        }
    }
}

/// Appends a block that is packed by itself.
pub(super) fn put_block(out: &mut Vec<u8>, kind: BlockKind, bytes: &[u8]) {
    let packed = pack(bytes).filter(|packed| packed.len() < bytes.len());
    match packed {
        Some(packed) => put(out, kind, BlockPacking::Whole, bytes.len(), &packed),
        None => put(out, kind, BlockPacking::Plain, bytes.len(), bytes),
    }
}

/// Appends a block of the stream that is packed as the next part of a frame.
pub(super) fn put_part(out: &mut Vec<u8>, packer: &mut FramePacker, bytes: &[u8]) {
    let Some(PackedPart {
        begins,
        bytes: packed,
    }) = packer.pack(bytes)
    else {
        return put(
            out,
            BlockKind::Stream,
            BlockPacking::Plain,
            bytes.len(),
            bytes,
        );
    };
    let packing = match begins {
        true => BlockPacking::First,
        false => BlockPacking::Next,
    };
    put(out, BlockKind::Stream, packing, bytes.len(), &packed);
}

fn put(out: &mut Vec<u8>, kind: BlockKind, packing: BlockPacking, length: usize, content: &[u8]) {
    let mut head = [0; 10];
    head[0] = kind.sign();
    head[1] = packing.sign();
    head[2..6].copy_from_slice(&(length as u32).to_le_bytes());
    head[6..].copy_from_slice(&(content.len() as u32).to_le_bytes());
    out.extend_from_slice(&head);
    out.extend_from_slice(&checksum(&head, content).to_le_bytes());
    out.extend_from_slice(content);
}

fn checksum(head: &[u8], content: &[u8]) -> u32 {
    crc32c(&[head, content])
}

/// Reads a file block by block.
pub(super) struct Blocks<'b> {
    rest: &'b [u8],
    number: usize,
    /// So many bytes more are unpacked.
    room: usize,
    unpacker: FrameUnpacker,
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
    pub(super) fn behind_magic(rest: &'b [u8]) -> Self {
        Self {
            rest,
            number: 0,
            room: unpacked_room(rest.len()),
            unpacker: FrameUnpacker::default(),
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
        let packing = BlockPacking::of(head[1]);
        let bytes =
            match packing.ok_or(RecordingError::Broken("a block packed in an unknown way"))? {
                BlockPacking::Plain => content.to_vec(),
                BlockPacking::Whole => unpack(content, length)?,
                BlockPacking::First => self.unpacker.unpack(true, content, length)?,
                BlockPacking::Next => self.unpacker.unpack(false, content, length)?,
            };
        if bytes.len() != length {
            return Err(RecordingError::Broken(
                "a block of another length than it says",
            ));
        }
        Ok(Some((kind, bytes)))
    }
}

#[cfg(all(test, feature = "zstd"))]
mod tests {
    use super::*;

    /// Three blocks that are parts of one frame, each with its own begin in the bytes.
    fn parts() -> (Vec<u8>, [usize; 4]) {
        let (mut bytes, mut begins) = (Vec::new(), [0; 4]);
        let mut packer = FramePacker::new(1 << 20);
        for (number, text) in [&b"first"[..], b"second first", b"third"]
            .iter()
            .enumerate()
        {
            put_part(&mut bytes, &mut packer, text);
            begins[number + 1] = bytes.len();
        }
        (bytes, begins)
    }

    #[test]
    fn a_part_needs_those_before_it() {
        let (bytes, begins) = parts();
        let mut blocks = Blocks::behind_magic(&bytes);
        for text in [&b"first"[..], b"second first", b"third"] {
            let block = blocks.next().unwrap().unwrap();
            assert_eq!(block, (BlockKind::Stream, text.to_vec()));
        }
        assert_eq!(blocks.next(), Ok(None));
        assert!(Blocks::behind_magic(&bytes[begins[1]..]).next().is_err());
    }

    #[test]
    fn a_part_of_more_or_fewer_bytes_than_it_says_is_an_error() {
        for length in [0, 4, 6, 1 << 20] {
            let mut packer = FramePacker::new(1 << 20);
            let part = packer.pack(b"first").unwrap();
            let mut bytes = Vec::new();
            put(
                &mut bytes,
                BlockKind::Stream,
                BlockPacking::First,
                length,
                &part.bytes,
            );
            assert!(Blocks::behind_magic(&bytes).next().is_err(), "{length}");
        }
    }
}
