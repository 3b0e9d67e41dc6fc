//! Writing records.

use smallvec::SmallVec;

use crate::wire::Text;

/// Room for the rows of most events without an allocation.
const INLINE: usize = 256;

/// Bytes being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sink(SmallVec<[u8; INLINE]>);

impl Sink {
    pub(crate) fn new() -> Self {
        Self(SmallVec::new())
    }

    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(SmallVec::with_capacity(bytes))
    }

    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
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

    /// Writes four bytes over those at `place`.
    pub(crate) fn set(&mut self, place: usize, value: u32) {
        let target = self.0.get_mut(place..).and_then(<[u8]>::first_chunk_mut);
        if let Some(target) = target {
            *target = value.to_le_bytes();
        }
    }

    /// Lets `write` write, and says over the four bytes at `place` how much it was.
    pub(crate) fn measured(&mut self, place: usize, write: impl FnOnce(&mut Self)) {
        let before = self.len();
        write(self);
        let written = self.len().wrapping_sub(before);
        self.set(place, u32::try_from(written).unwrap_or(u32::MAX));
    }
}
