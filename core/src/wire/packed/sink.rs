//! Writing records.

use alloc::vec::Vec;

use crate::wire::Text;

/// Bytes being written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sink(Vec<u8>);

impl Sink {
    pub(crate) const fn new() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    #[inline]
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.0
    }

    #[inline]
    pub(crate) const fn len(&self) -> usize {
        self.0.len()
    }

    /// How many bytes the heap holds for it.
    pub(crate) const fn capacity(&self) -> usize {
        self.0.capacity()
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn shrink_to_fit(&mut self) {
        self.0.shrink_to_fit();
    }

    /// Forgets what was written after the first `length` bytes.
    pub(crate) fn truncate(&mut self, length: usize) {
        self.0.truncate(length);
    }

    #[inline]
    pub(crate) fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    #[inline]
    pub(crate) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    /// Bytes that have been written, once more.
    #[inline]
    pub(crate) fn repeat(&mut self, start: usize, length: usize) {
        let end = start.wrapping_add(length);
        if start <= end && end <= self.len() {
            self.0.extend_from_within(start..end);
        }
    }

    /// Takes out what was written from `start` to `end`.
    pub(crate) fn remove(&mut self, start: usize, end: usize) {
        if start <= end && end <= self.len() {
            self.0.drain(start..end);
        }
    }

    /// Puts what was written from `middle` on before what was written from `start` to there.
    pub(crate) fn put_before(&mut self, start: usize, middle: usize) {
        if let Some(bytes) = self.0.get_mut(start..)
            && let Some(count) = middle.checked_sub(start)
            && count <= bytes.len()
        {
            bytes.rotate_left(count);
        }
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

    /// Bytes, and before them how many they are.
    #[inline]
    pub(crate) fn counted(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u64);
        self.put(bytes);
    }

    /// The characters, and before them how many bytes they are and `more`.
    #[inline]
    pub(crate) fn text(&mut self, text: &Text<'_>, more: u64) {
        match text.as_plain() {
            Some(plain) => {
                self.number((plain.len() as u64).wrapping_add(more));
                self.put(plain.as_bytes());
            }
            None => self.characters(text, more),
        }
    }

    #[cold]
    fn characters(&mut self, text: &Text<'_>, more: u64) {
        let mut length = more;
        text.chars()
            .runs(|run| length = length.wrapping_add(run.len() as u64));
        self.number(length);
        text.chars().runs(|run| self.put(run.as_bytes()));
    }

    /// Writes over the bytes at `place`.
    #[inline]
    pub(crate) fn set(&mut self, place: usize, bytes: &[u8]) {
        let end = place.wrapping_add(bytes.len());
        if let Some(target) = self.0.get_mut(place..end) {
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
