//! Where a key lies: ids mixed with a seed.

/// Mixes ids for the tables of one store.
///
/// The seed is part of the mix, so that a peer cannot choose ids that fall together.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(in crate::cache) struct Mixer {
    seed: u64,
    factor: u64,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Mixer {
    pub(in crate::cache) const fn new(seed: u64) -> Self {
        // Odd, so that multiplying loses nothing.
        Self {
            seed: scramble(seed),
            factor: scramble(seed ^ GOLDEN) | 1,
        }
    }

    /// A number whose low and high bits both depend on all of the key's.
    #[inline]
    pub(in crate::cache) const fn hash(self, key: u64) -> u64 {
        fold(fold(key ^ self.seed, self.factor) ^ self.seed, GOLDEN)
    }

    /// One number for a list.
    pub(in crate::cache::memory) fn hash_all(self, keys: impl Iterator<Item = u64>) -> u64 {
        keys.fold(self.seed, |sum, key| self.hash(sum.rotate_left(5) ^ key))
    }
}

/// Multiplies to twice the width and folds the halves together.
#[inline]
#[allow(
    clippy::cast_possible_truncation,
    reason = "the halves are what is wanted"
)]
const fn fold(value: u64, factor: u64) -> u64 {
    let wide = (value as u128).wrapping_mul(factor as u128);
    (wide as u64) ^ ((wide >> 64) as u64)
}

const fn scramble(value: u64) -> u64 {
    let value = (value ^ (value >> 30))
        .wrapping_add(GOLDEN)
        .wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn neighbours_spread_and_seeds_differ() {
        let mixer = Mixer::new(7);
        let low: BTreeSet<u64> = (1..=1000_u64)
            .map(|id| mixer.hash(id << 22) & 0xffff)
            .collect();
        let high: BTreeSet<u64> = (1..=1000_u64).map(|id| mixer.hash(id) >> 48).collect();
        assert!(
            low.len() > 980 && high.len() > 980,
            "{} {}",
            low.len(),
            high.len()
        );
        assert_ne!(mixer.hash(1), Mixer::new(8).hash(1));
    }
}
