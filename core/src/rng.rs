//! A small seeded generator for jitter, back-off, nonces and hash seeds. Not for secrets.

use core::time::Duration;

/// SplitMix64: one 64-bit state, full period, good enough to spread load.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Rng(u64);

impl Rng {
    /// A generator whose whole future follows from `seed`.
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A wait drawn evenly from `low..=high`; `low` when the range is empty.
    pub(crate) fn between(&mut self, low: Duration, high: Duration) -> Duration {
        let (low, high) = (crate::time::millis(low), crate::time::millis(high));
        let width = high.saturating_sub(low).saturating_add(1);
        let drawn = u128::from(self.next_u64()).wrapping_mul(u128::from(width)) >> 64;
        let drawn = u64::try_from(drawn).unwrap_or(0);
        Duration::from_millis(low.saturating_add(drawn))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_in_range_and_reach_both_ends() {
        let mut rng = Rng::new(7);
        let (low, high) = (Duration::from_millis(3), Duration::from_millis(5));
        let mut seen = [false; 3];
        for _ in 0..200 {
            let drawn = rng.between(low, high).as_millis() as usize;
            seen[drawn - 3] = true;
        }
        assert_eq!(seen, [true; 3]);
        assert_eq!(rng.between(high, low), high);
    }

    #[test]
    fn same_seed_same_future() {
        let (mut a, mut b) = (Rng::new(1), Rng::new(1));
        assert_eq!(a.next_u64(), b.next_u64());
        assert_ne!(Rng::new(1).next_u64(), Rng::new(2).next_u64());
    }
}
