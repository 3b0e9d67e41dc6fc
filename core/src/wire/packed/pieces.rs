//! Putting the parts of a record in order that were read in another one.

use super::{Sink, Transcoded};

/// Where some bytes lie, and how many they are.
#[derive(Clone, Copy, Debug, Default)]
struct Piece {
    start: usize,
    length: usize,
}

/// What has been written of a record of `N` parts, in the order in which it was read.
#[derive(Debug)]
pub(crate) struct Pieces<const N: usize> {
    /// Where the record begins.
    place: usize,
    /// Up to where it has been written.
    end: usize,
    mask: u64,
    parts: [Piece; N],
    /// What stands before the record.
    other: Piece,
}

impl<const N: usize> Pieces<N> {
    /// Of a record that has been begun in the right order, if it has; its mask takes `mask` bytes.
    #[inline]
    pub(crate) fn new(begun: Transcoded, mask: usize, sink: &Sink) -> Self {
        let (place, end) = match begun.mask {
            0 => (sink.len(), sink.len()),
            _ => (begun.place, begun.place.wrapping_add(mask)),
        };
        Self {
            place,
            end,
            mask: 0,
            parts: [Piece::default(); N],
            other: Piece::default(),
        }
    }

    /// Up to `end` something has been written since.
    #[inline]
    fn piece(&mut self, end: usize) -> Piece {
        let start = self.end;
        self.end = end;
        Piece {
            start,
            length: end.wrapping_sub(start),
        }
    }

    /// A part of this state has been written up to `end`; `None` if it was there before.
    #[inline]
    pub(crate) fn part(&mut self, index: usize, state: u64, end: usize) -> Option<()> {
        let shift = index.wrapping_mul(2);
        if (self.mask >> shift) & 3 != 0 {
            return None;
        }
        self.mask |= state << shift;
        let piece = self.piece(end);
        *self.parts.get_mut(index)? = piece;
        Some(())
    }

    /// What is no part has been written up to `end`; `None` if there was such before.
    #[inline]
    pub(crate) fn other(&mut self, end: usize) -> Option<()> {
        let piece = self.piece(end);
        if piece.length > 0 {
            if self.other.length > 0 {
                return None;
            }
            self.other = piece;
        }
        Some(())
    }

    /// Writes it all in the right order, behind what is no part.
    pub(crate) fn arrange(&self, sink: &mut Sink, mask: usize) -> Transcoded {
        sink.repeat(self.other.start, self.other.length);
        let place = sink.len().wrapping_sub(self.end.wrapping_sub(self.place));
        sink.mask(self.mask, mask);
        for part in self.parts.iter().filter(|part| part.length > 0) {
            sink.repeat(part.start, part.length);
        }
        sink.remove(self.place, self.end);
        Transcoded {
            place,
            mask: self.mask,
        }
    }
}
