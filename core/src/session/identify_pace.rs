//! When a shard alone may identify again.

use core::time::Duration;

use crate::time::{Instant, millis};

/// Identifies that the protocol allows in a day; one more, and it takes the token away.
const DAILY: u32 = 1_000;

/// So many of these may follow each other at once; the others are spread over the day.
const BURST: u32 = DAILY / 5;

const DAY: Duration = Duration::from_secs(86_400);

/// Identifies so far, as far as they hold back the next: a leaky bucket, so that no 24 hours see
/// more than the day's budget.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct IdentifyPace {
    /// From when on one keeps its distance from the last.
    spaced: Instant,
    /// When the bucket is empty.
    empty: Instant,
}

impl IdentifyPace {
    /// One leaves the bucket in this time.
    fn interval() -> Duration {
        let spread = DAILY.saturating_sub(BURST).max(1);
        DAY.checked_div(spread).unwrap_or(DAY)
    }

    /// The earliest time for the next.
    pub(crate) fn next(self) -> Instant {
        let room = millis(Self::interval().saturating_mul(BURST.saturating_sub(1)));
        let with_room = self.empty.as_millis().saturating_sub(room);
        self.spaced.max(Instant::from_millis(with_room))
    }

    /// Counts one.
    pub(crate) fn identified(&mut self, now: Instant, spacing: Duration) {
        self.spaced = now.after(spacing);
        self.empty = self.empty.max(now).after(Self::interval());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn no_day_sees_more_than_the_budget() {
        let (mut pace, mut now) = (IdentifyPace::default(), Instant::ZERO);
        let mut times = Vec::new();
        while now.since(Instant::ZERO) < DAY * 3 {
            times.push(now);
            pace.identified(now, Duration::from_secs(5));
            now = now.max(pace.next());
        }
        let most = times.iter().map(|&start| {
            let within = |time: &&Instant| **time >= start && time.since(start) < DAY;
            times.iter().filter(within).count()
        });
        assert_eq!(most.max(), Some(999));
        assert_eq!(times[199].since(times[0]), Duration::from_secs(5 * 199));
    }
}
