//! Bytes that say what goes wrong on a connection, and when.
use std::collections::VecDeque;

/// What is left of a script of faults. Once it is over, nothing fails.
#[derive(Debug)]
pub(super) struct Script(VecDeque<u8>);

impl Script {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.iter().copied().collect())
    }

    /// A choice below `bound`; `None` once the script is over.
    pub(super) fn choose(&mut self, bound: u64) -> Option<u64> {
        let byte = self.0.pop_front()?;
        u64::from(byte).checked_rem(bound)
    }

    pub(super) fn is_over(&self) -> bool {
        self.0.is_empty()
    }
}

/// Fills a reader's room, with `most` bytes at most; returns how many there were.
pub(super) fn fill(from: &mut VecDeque<u8>, room: &mut [u8], most: usize) -> usize {
    let count = most.min(room.len()).min(from.len());
    for (slot, byte) in room.iter_mut().zip(from.drain(..count)) {
        *slot = byte;
    }
    count
}
