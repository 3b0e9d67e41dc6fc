//! Changing a record part by part.

use super::Sink;

/// The parts of a record, of which some may lie elsewhere.
#[derive(Debug)]
pub(crate) struct RecordParts<'a, const N: usize> {
    record: &'a [u8],
    /// Up to where the record has been taken apart.
    end: usize,
    states: u64,
    parts: [&'a [u8]; N],
}

impl<'a, const N: usize> RecordParts<'a, N> {
    /// None yet of a record whose mask takes `mask` bytes.
    pub(crate) const fn new(record: &'a [u8], mask: usize) -> Self {
        Self {
            record,
            end: mask,
            states: 0,
            parts: [&[]; N],
        }
    }

    /// The next part ends there.
    #[inline]
    pub(crate) fn take(&mut self, index: usize, state: u64, end: usize) -> Option<()> {
        let part = self.record.get(self.end..end)?;
        self.end = end;
        self.put(index, state, part);
        Some(())
    }

    /// Puts another part there.
    #[inline]
    pub(crate) fn put(&mut self, index: usize, state: u64, part: &'a [u8]) {
        let shift = index.wrapping_mul(2);
        if let Some(own) = self.parts.get_mut(index) {
            *own = part;
            self.states = self.states & !(3 << shift) | (state & 3) << shift;
        }
    }

    /// The state of a part, and its bytes.
    #[inline]
    pub(crate) fn get(&self, index: usize) -> (u64, &'a [u8]) {
        let part = self.parts.get(index).copied().unwrap_or_default();
        ((self.states >> index.wrapping_mul(2)) & 3, part)
    }

    /// Puts those parts in of which a newer record speaks.
    pub(crate) fn merge(&mut self, newer: &Self) {
        for index in 0..N {
            let (state, part) = newer.get(index);
            if state != 0 {
                self.put(index, state, part);
            }
        }
    }

    /// What stood behind the record.
    pub(crate) fn behind(&self) -> &'a [u8] {
        self.record.get(self.end..).unwrap_or_default()
    }

    /// Writes the record, whose mask takes `mask` bytes.
    pub(crate) fn write(&self, sink: &mut Sink, mask: usize) {
        sink.mask(self.states, mask);
        self.parts.iter().for_each(|part| sink.put(part));
    }
}
