//! Reading records.

/// What is left of a record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Cursor<'a>(&'a [u8]);

impl<'a> Cursor<'a> {
    pub(crate) const fn new(record: &'a [u8]) -> Self {
        Self(record)
    }

    /// What has not been read yet.
    pub(crate) const fn rest(self) -> &'a [u8] {
        self.0
    }

    /// What `pass` passes over.
    pub(crate) fn passed(&mut self, pass: impl FnOnce(&mut Self)) -> &'a [u8] {
        let before = self.0;
        pass(self);
        let length = before.len().saturating_sub(self.0.len());
        before.get(..length).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }

    #[inline]
    pub(crate) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    #[inline]
    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(byte)
    }

    /// How many bytes there are of something, as [`Sink::set_length`](super::Sink) said it.
    #[inline]
    pub(crate) fn length(&mut self) -> Option<usize> {
        self.array()
            .map(|length| u32::from_le_bytes(length) as usize)
    }

    /// A number of seven bits a byte, the lowest first.
    #[inline]
    pub(crate) fn number(&mut self) -> Option<u64> {
        let first = self.byte()?;
        match first < 0x80 {
            true => Some(u64::from(first)),
            false => self.longer_number(first),
        }
    }

    /// The same behind its first byte.
    fn longer_number(&mut self, first: u8) -> Option<u64> {
        let mut value = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                break;
            }
        }
        Some(value)
    }

    /// As many bytes as a number says that comes first.
    #[inline]
    pub(crate) fn counted(&mut self) -> Option<&'a [u8]> {
        let count = self.number()?;
        self.bytes(usize::try_from(count).ok()?)
    }

    /// The states of up to 32 parts, in `bytes` bytes; silence where there are none.
    #[inline]
    pub(crate) fn mask(&mut self, bytes: usize) -> u64 {
        let mask = self.bytes(bytes).unwrap_or_default();
        let join = |sum: u64, &byte: &u8| (sum << 8) | u64::from(byte);
        mask.iter().rev().fold(0, join)
    }
}
