//! The order of use and the ages of rows, read out and put back.

use alloc::vec::Vec;
use core::hash::{BuildHasher as _, Hash};
use core::sync::atomic::{AtomicU64, Ordering};

use super::{Lifetimes, life};
use crate::Instant;

impl<K: Hash + Eq + Clone> Lifetimes<K> {
    /// How late a row was used, compared with others, and when it was touched.
    pub(in crate::cache) fn last_use(&self, key: &K) -> Option<(u64, Instant)> {
        let row = life(&self.slots, self.find(self.seeded.hash_one(key), key)?)?;
        Some((row.used.load(Ordering::Relaxed), row.touched))
    }

    /// Of the rows that are here, these were used after all others, in the order of the numbers,
    /// and touched at these times.
    pub(in crate::cache) fn put_back(&mut self, mut uses: Vec<(K, u64, Instant)>) {
        uses.sort_by_key(|(_, used, _)| *used);
        for (key, _, touched) in uses {
            let slot = self.find(self.seeded.hash_one(&key), &key);
            let tick = self.clock.get_mut();
            let place = slot.and_then(|slot| self.slots.get_mut(slot as usize));
            if let Some(Some(row)) = place {
                row.used = AtomicU64::new(*tick);
                row.touched = touched;
                *tick = tick.wrapping_add(1);
            }
        }
        self.rebuild();
    }
}
