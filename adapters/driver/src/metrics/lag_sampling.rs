//! Which events of a shard are timed on their way to the consumer.

use std::mem;
use std::time::Duration;

use headcount_core::Instant;

/// So many are timed one by one.
const FIRST: u32 = 1_024;

/// Of the others one of so many is timed at least.
const STEP: u32 = 16;

/// So is the first after so long.
const PAUSE: Duration = Duration::from_secs(1);

/// Says which events are timed: the first 1,024, then one of sixteen, and the first one in each
/// second, so that a shard with few events has a lag as well. One that is timed counts for those
/// before it too.
#[derive(Debug, Default)]
pub(crate) struct LagSampling {
    /// How many of the first came.
    first: u32,
    /// How many came since the one that was timed last.
    untimed: u32,
    last: Option<Instant>,
}

impl LagSampling {
    /// Another one, of something that was received then: for how many it counts, if it is timed.
    #[inline]
    pub(crate) fn weight(&mut self, received: Instant) -> Option<u32> {
        self.untimed += 1;
        let is_first = self.first < FIRST;
        self.first += u32::from(is_first);
        let is_due = |last| received.since(last) >= PAUSE;
        if !is_first && self.untimed < STEP && !self.last.is_none_or(is_due) {
            return None;
        }
        self.last = Some(received);
        Some(mem::take(&mut self.untimed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_of_sixteen_and_the_first_of_a_second_are_timed_and_count_for_all() {
        let mut sampling = LagSampling::default();
        let mut at = |millis| sampling.weight(Instant::from_millis(millis));
        for _ in 0..FIRST {
            assert_eq!(at(5_000), Some(1));
        }
        for _ in 0..15 {
            assert_eq!(at(5_999), None);
        }
        assert_eq!(at(5_999), Some(16));
        assert_eq!((at(6_998), at(6_999), at(7_000)), (None, Some(2), None));
    }
}
