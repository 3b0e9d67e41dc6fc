//! The stream of a recording as far as it is kept: packed, in segments of which the oldest goes.

use std::collections::VecDeque;
use std::mem;

use super::file::{BLOCK, BlockKind, Blocks, put_block, put_part, stream_room};
use super::packing::FramePacker;

/// In so many segments the stream is kept when there is no more room.
const SEGMENTS: usize = 8;

/// A block has so many bytes at least, so that packing is worth it.
const LEAST_BLOCK: usize = 4 << 10;

/// What is unpacked has some so many times the bytes that it has packed.
const PACKED_TIMES: usize = 20;

/// A part of the stream that begins and ends between two pieces of shards, as one zstd frame.
#[derive(Debug, Default)]
pub(super) struct Segment {
    /// Blocks of a file.
    packed: Vec<u8>,
    /// How many bytes they have unpacked.
    streamed: usize,
}

impl Segment {
    /// The blocks, as a file has them.
    pub(super) fn packed(&self) -> &[u8] {
        &self.packed
    }

    /// The stream in it, block by block.
    pub(super) fn blocks(&self) -> Blocks<'_> {
        Blocks::behind_magic(&self.packed)
    }
}

/// The segments, the oldest first, and what is not packed yet.
pub(super) struct SegmentRing {
    segments: VecDeque<Segment>,
    open: Segment,
    packer: FramePacker,
    /// The end of the open one.
    unpacked: Vec<u8>,
    /// How many bytes a block has.
    block: usize,
    /// How many packed bytes there may be.
    limit: usize,
}

impl SegmentRing {
    pub(super) fn new(limit: usize) -> Self {
        let segment = limit / SEGMENTS;
        Self {
            segments: VecDeque::new(),
            open: Segment::default(),
            packer: FramePacker::new(segment.saturating_mul(PACKED_TIMES)),
            unpacked: Vec::new(),
            block: segment.clamp(LEAST_BLOCK, BLOCK),
            limit,
        }
    }

    /// Takes a piece in, which `put` appends.
    pub(super) fn add(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        let before = self.unpacked.len();
        put(&mut self.unpacked);
        self.open.streamed += self.unpacked.len() - before;
        let mut blocks = self.unpacked.chunks_exact(self.block);
        for block in &mut blocks {
            put_part(&mut self.open.packed, &mut self.packer, block);
        }
        let rest = blocks.remainder().len();
        let packed = self.unpacked.len() - rest;
        self.unpacked.drain(..packed);
        let packed = self.open.packed.len();
        let is_large = packed >= self.limit / SEGMENTS;
        if is_large || self.open.streamed >= stream_room(packed) / SEGMENTS {
            self.close();
        }
    }

    /// Ends the open segment here.
    fn close(&mut self) {
        if !self.unpacked.is_empty() {
            put_part(&mut self.open.packed, &mut self.packer, &self.unpacked);
            self.unpacked.clear();
        }
        self.packer.end();
        self.open.packed.shrink_to_fit();
        self.segments.push_back(mem::take(&mut self.open));
    }

    /// Takes the oldest segment out, if all have more than there is room for.
    pub(super) fn overflow(&mut self) -> Option<Segment> {
        let (packed, streamed) = self.sums();
        let is_over = packed + self.unpacked.len() > self.limit || streamed > stream_room(packed);
        is_over.then(|| self.segments.pop_front()).flatten()
    }

    /// Whether all have a segment more than there is room for.
    pub(super) fn is_crowded(&self) -> bool {
        let (packed, _) = self.sums();
        packed > self.limit + self.limit / SEGMENTS
    }

    /// How many bytes all have, packed and unpacked.
    fn sums(&self) -> (usize, usize) {
        let all = self.segments.iter().chain([&self.open]);
        all.fold((0, 0), |(packed, streamed), segment| {
            (packed + segment.packed.len(), streamed + segment.streamed)
        })
    }

    /// Puts back what was taken out last.
    pub(super) fn put_back(&mut self, segment: Segment) {
        self.segments.push_front(segment);
    }

    /// The blocks of a file with all that is there, in parts.
    pub(super) fn write<E>(&self, mut write: impl FnMut(&[u8]) -> Result<(), E>) -> Result<(), E> {
        for segment in self.segments.iter().chain([&self.open]) {
            write(&segment.packed)?;
        }
        let mut last = Vec::new();
        if !self.unpacked.is_empty() {
            put_block(&mut last, BlockKind::Stream, &self.unpacked);
        }
        write(&last)
    }
}

#[cfg(all(test, feature = "zstd"))]
mod tests {
    use super::*;

    #[test]
    fn what_came_a_megabyte_ago_is_packed_once() {
        let mut drawn = 7_u64;
        let text: Vec<u8> = std::iter::repeat_with(|| {
            drawn = drawn.rotate_left(5).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 1;
            (drawn >> 56) as u8
        })
        .take(1 << 20)
        .collect();
        let mut ring = SegmentRing::new(64 << 20);
        for _ in 0..6 {
            ring.add(|stream| stream.extend_from_slice(&text));
        }
        let mut packed = 0;
        let sum = |blocks: &[u8]| -> Result<(), ()> {
            packed += blocks.len();
            Ok(())
        };
        ring.write(sum).unwrap();
        assert!((text.len()..2 * text.len()).contains(&packed), "{packed}");
    }
}
