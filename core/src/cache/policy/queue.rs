//! Slots by rank, the least first, where ranks grow behind the queue's back.

use alloc::collections::BinaryHeap;
use alloc::collections::binary_heap::PeekMut;
use alloc::vec::Vec;
use core::cmp::Reverse;

/// Slots by the rank they had when the queue last looked.
///
/// Ranks only grow. So whatever comes out first is asked for its rank of now: if that has grown,
/// it goes back; if not, nothing else can be below it. A slot that has left is dropped when it
/// comes out, and one that is here twice does no harm.
#[derive(Debug, Default)]
pub(super) struct Queue(BinaryHeap<Reverse<(u64, u32)>>);

impl Queue {
    pub(super) fn push(&mut self, rank: u64, slot: u32) {
        self.0.push(Reverse((rank, slot)));
    }

    /// The slot whose rank is the least now. `rank` is `None` for one that has left.
    pub(super) fn least(&mut self, rank: impl Fn(u32) -> Option<u64>) -> Option<(u64, u32)> {
        loop {
            let mut top = self.0.peek_mut()?;
            let Reverse((known, slot)) = *top;
            match rank(slot) {
                Some(now) if now == known => return Some((now, slot)),
                Some(now) => *top = Reverse((now, slot)),
                None => {
                    PeekMut::pop(top);
                }
            }
        }
    }

    /// A rank below which nothing is, as last known.
    pub(super) fn floor(&self) -> Option<u64> {
        self.0.peek().map(|Reverse((rank, _))| *rank)
    }

    /// Drops what has left, if that is more than half of what is here.
    pub(super) fn tidy(&mut self, live: usize, rank: impl Fn(u32) -> Option<u64>) {
        if self.0.len() <= live.saturating_mul(2).saturating_add(64) {
            return;
        }
        let mut slots: Vec<u32> = self.0.drain().map(|Reverse((_, slot))| slot).collect();
        slots.sort_unstable();
        slots.dedup();
        let live = slots
            .into_iter()
            .filter_map(|slot| Some(Reverse((rank(slot)?, slot))));
        self.0 = live.collect();
    }

    /// Bytes held, spare room included.
    pub(super) fn bytes(&self) -> usize {
        self.0.capacity().saturating_mul(size_of::<(u64, u32)>())
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }
}
