//! Writing records.

use alloc::vec::Vec;

use crate::wire::Text;

/// Room for the rows of most events without an allocation.
const INLINE: usize = 256;

/// Bytes being written: in place as long as they are few, which most are.
///
/// A small vector of our own, since nearly all writes are of a few bytes whose number is known
/// when this is compiled, and are then a move or two.
#[derive(Clone, Debug)]
pub(crate) struct Sink {
    inline: [u8; INLINE],
    /// How many of these are written.
    filled: usize,
    /// All that is written, once it was too much.
    heap: Vec<u8>,
}

impl Sink {
    pub(crate) const fn new() -> Self {
        Self {
            inline: [0; INLINE],
            filled: 0,
            heap: Vec::new(),
        }
    }

    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self {
            heap: match bytes > INLINE {
                true => Vec::with_capacity(bytes),
                false => Vec::new(),
            },
            ..Self::new()
        }
    }

    /// Whether the bytes are on the heap.
    #[inline]
    const fn is_spilled(&self) -> bool {
        self.heap.capacity() > 0
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        match self.is_spilled() {
            true => &self.heap,
            false => self.inline.get(..self.filled).unwrap_or_default(),
        }
    }

    /// How many bytes the heap holds for it.
    pub(crate) const fn capacity(&self) -> usize {
        self.heap.capacity()
    }

    fn as_mut_slice(&mut self) -> &mut [u8] {
        match self.is_spilled() {
            true => &mut self.heap,
            false => self.inline.get_mut(..self.filled).unwrap_or_default(),
        }
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        match self.is_spilled() {
            true => self.heap.len(),
            false => self.filled,
        }
    }

    pub(crate) fn clear(&mut self) {
        self.filled = 0;
        self.heap.clear();
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.heap.shrink_to_fit();
    }

    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        if self.is_spilled() {
            return self.heap.extend_from_slice(bytes);
        }
        let end = self.filled.wrapping_add(bytes.len());
        match self.inline.get_mut(self.filled..end) {
            Some(room) => {
                room.copy_from_slice(bytes);
                self.filled = end;
            }
            None => self.spill(bytes),
        }
    }

    /// Moves to the heap, with room for twice as much.
    #[cold]
    fn spill(&mut self, bytes: &[u8]) {
        let all = self.filled.saturating_add(bytes.len());
        self.heap.reserve(all.saturating_mul(2));
        let written = self.inline.get(..self.filled).unwrap_or_default();
        self.heap.extend_from_slice(written);
        self.heap.extend_from_slice(bytes);
        self.filled = 0;
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.put(&[byte]);
    }

    /// A number of seven bits a byte, the lowest first.
    #[inline]
    #[allow(clippy::cast_possible_truncation, reason = "the lowest seven bits")]
    pub(crate) fn number(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.byte(value as u8 | 0x80);
            value >>= 7;
        }
        self.byte(value as u8);
    }

    /// The lowest `bytes` bytes of a mask.
    #[inline]
    pub(crate) fn mask(&mut self, mask: u64, bytes: usize) {
        let mask = mask.to_le_bytes();
        self.put(mask.get(..bytes).unwrap_or(&mask));
    }

    /// The characters, and before them how many bytes they are and `more`.
    #[inline]
    pub(crate) fn text(&mut self, text: &Text<'_>, more: u64) {
        if let Some(plain) = text.as_plain() {
            self.number((plain.len() as u64).wrapping_add(more));
            self.put(plain.as_bytes());
            return;
        }
        let length: usize = text.chars().map(char::len_utf8).sum();
        self.number((length as u64).wrapping_add(more));
        for character in text.chars() {
            self.put(character.encode_utf8(&mut [0; 4]).as_bytes());
        }
    }

    /// Writes over the bytes at `place`.
    #[inline]
    pub(crate) fn set(&mut self, place: usize, bytes: &[u8]) {
        let end = place.wrapping_add(bytes.len());
        if let Some(target) = self.as_mut_slice().get_mut(place..end) {
            target.copy_from_slice(bytes);
        }
    }

    /// Says over the four bytes at `place` how much was written since `before`.
    #[inline]
    pub(crate) fn set_length(&mut self, place: usize, before: usize) {
        let written = self.len().wrapping_sub(before);
        self.set(
            place,
            &u32::try_from(written).unwrap_or(u32::MAX).to_le_bytes(),
        );
    }

    /// Forgets what was written after the first `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        match self.is_spilled() {
            true => self.heap.truncate(length),
            false => self.filled = self.filled.min(length),
        }
    }

    /// Writes the lowest `bytes` bytes of a mask over those at `place`.
    #[inline]
    pub(crate) fn set_mask(&mut self, place: usize, mask: u64, bytes: usize) {
        let mask = mask.to_le_bytes();
        self.set(place, mask.get(..bytes).unwrap_or(&mask));
    }

    /// Lets `write` write, and says over the four bytes at `place` how much it was.
    pub(crate) fn measured(&mut self, place: usize, write: impl FnOnce(&mut Self)) {
        let before = self.len();
        write(self);
        self.set_length(place, before);
    }
}

impl Default for Sink {
    fn default() -> Self {
        Self::new()
    }
}

impl PartialEq for Sink {
    fn eq(&self, other: &Self) -> bool {
        self.as_slice() == other.as_slice()
    }
}

impl Eq for Sink {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_stays_when_it_moves_to_the_heap() {
        for room in [0, 10, 300, 10_000] {
            let mut sink = Sink::with_capacity(room);
            let mut all = Vec::new();
            for part in 0..100_u8 {
                let bytes = alloc::vec![part; part as usize % 13];
                sink.put(&bytes);
                all.extend_from_slice(&bytes);
                assert_eq!((sink.as_slice(), sink.len()), (&*all, all.len()), "{part}");
            }
            sink.set(100, &[7, 0, 0, 0]);
            assert_eq!(sink.as_slice().get(100..104), Some(&[7, 0, 0, 0][..]));
            sink.shrink_to_fit();
            assert_eq!(sink.len(), all.len());
            sink.truncate(50);
            assert_eq!(sink.as_slice(), &all[..50]);
            sink.clear();
            assert_eq!(sink, Sink::new());
            sink.byte(1);
            assert_eq!(sink.as_slice(), [1]);
        }
    }
}
