//! Which chunks of an answer have come.

use alloc::vec::Vec;

use smallvec::{SmallVec, smallvec};

/// A set of chunk indexes below a size that is fixed at the start. 128 chunks take no allocation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Received {
    words: SmallVec<[u64; 2]>,
    size: u32,
    len: u32,
}

impl Received {
    /// An empty set for the indexes `0..size`.
    pub(crate) fn new(size: u32) -> Self {
        let words = usize::try_from(size.div_ceil(64)).unwrap_or(0);
        Self {
            words: smallvec![0; words],
            size,
            len: 0,
        }
    }

    /// Adds an index; `false` when it was there already or is out of range.
    pub(crate) fn insert(&mut self, index: u32) -> bool {
        let place = usize::try_from(index / 64).unwrap_or(usize::MAX);
        let bit = 1_u64 << (index % 64);
        match self.words.get_mut(place) {
            Some(word) if index < self.size && *word & bit == 0 => {
                *word |= bit;
                self.len = self.len.saturating_add(1);
                true
            }
            Some(_) | None => false,
        }
    }

    /// How many chunks the answer has.
    pub(crate) const fn size(&self) -> u32 {
        self.size
    }

    /// How many of them have come.
    pub(crate) const fn len(&self) -> u32 {
        self.len
    }

    /// Whether all have come.
    pub(crate) const fn is_whole(&self) -> bool {
        self.len == self.size
    }

    fn contains(&self, index: u32) -> bool {
        let place = usize::try_from(index / 64).unwrap_or(usize::MAX);
        let word = self.words.get(place).copied().unwrap_or(0);
        word & (1_u64 << (index % 64)) != 0
    }

    /// The indexes that have not come, ascending.
    pub(crate) fn missing(&self) -> Vec<u32> {
        (0..self.size)
            .filter(|&index| !self.contains(index))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;

    #[test]
    fn agrees_with_a_plain_set() {
        let mut rng = crate::rng::Rng::new(3);
        for size in [1, 2, 63, 64, 65, 127, 128, 129, 1000] {
            let (mut set, mut plain) = (Received::new(size), BTreeSet::new());
            for _ in 0..size * 3 {
                let index = (rng.next_u64() % (u64::from(size) + 3)) as u32;
                assert_eq!(set.insert(index), index < size && plain.insert(index));
                assert_eq!(set.len() as usize, plain.len());
            }
            let missing: Vec<u32> = (0..size).filter(|i| !plain.contains(i)).collect();
            assert_eq!(set.missing(), missing);
            for index in missing {
                assert!(!set.is_whole());
                assert!(set.insert(index));
            }
            assert!(set.is_whole());
        }
    }

    #[test]
    fn far_indexes_are_refused() {
        let mut set = Received::new(1);
        assert!(!set.insert(u32::MAX));
        assert!(!Received::new(0).insert(0));
        assert_eq!(set.size(), 1);
    }
}
