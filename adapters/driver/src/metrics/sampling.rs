//! Which of many alike are timed: to read a clock for each costs more than all other counting.

use std::time::{Duration, Instant as StdInstant};

/// So many are timed one by one.
const FIRST: u32 = 1_024;

/// Of the others one in so many is, and counts for as many.
const STEP: u32 = 16;

/// Says which are timed: the first 1,024, and then one of sixteen, which counts for all of them.
#[derive(Debug)]
pub(crate) struct Sampling {
    /// Those that came, up to `FIRST`, and from there on to the next that is timed.
    count: u32,
}

impl Sampling {
    /// None has come yet.
    pub(crate) const fn new() -> Self {
        Self { count: 0 }
    }

    /// Another one comes: for how many it counts, if it is timed.
    #[inline]
    pub(crate) const fn weight(&mut self) -> Option<u32> {
        self.count += 1;
        if self.count <= FIRST {
            return Some(1);
        }
        if self.count < FIRST + STEP {
            return None;
        }
        self.count = FIRST;
        Some(STEP)
    }

    /// Does something that takes time, and returns how much it and those for which it counts took.
    #[inline]
    pub(crate) fn time<T>(&mut self, work: impl FnOnce() -> T) -> (T, Duration) {
        let Some(weight) = self.weight() else {
            return (work(), Duration::ZERO);
        };
        let (done, time) = timed(work);
        (done, time.saturating_mul(weight))
    }
}

/// Does something that takes time, and returns how much.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let begun = StdInstant::now();
    let done = work();
    (done, begun.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_are_timed_count_for_all() {
        let mut sampling = Sampling::new();
        let weights: Vec<u32> = (0..FIRST).filter_map(|_| sampling.weight()).collect();
        assert_eq!(weights, [1; FIRST as usize]);
        for _ in 0..3 {
            let weights: Vec<_> = (0..STEP).map(|_| sampling.weight()).collect();
            assert_eq!(weights[..15], [None; 15]);
            assert_eq!(weights[15], Some(STEP));
        }
    }
}
