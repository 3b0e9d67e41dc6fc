//! How long events take to the consumer, over the last minute.

use std::collections::VecDeque;
use std::time::Duration;

use headcount_driver::core::Instant;
use headcount_driver::metrics::LagHistogram;
use serde::Serialize;

/// How far it looks back, and in which steps.
pub(crate) const WINDOW: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_secs(1);

/// What the events of the last minute were like; where no page was open then, those since.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RecentLag {
    /// How long half of them took at most, in microseconds; `None` if that is over a minute.
    half_us: Option<u128>,
    /// How long 99 of 100 took at most.
    most_us: Option<u128>,
}

/// How many events were within each bound and no lower one.
type Buckets = Vec<(Option<Duration>, u64)>;

/// What was counted in the last minute, by and by.
#[derive(Debug, Default)]
pub(crate) struct LagWindow(VecDeque<(Instant, Buckets)>);

impl LagWindow {
    /// Takes in what is counted by now; `None` if no event was taken.
    pub(crate) fn take(&mut self, now: Instant, all: &LagHistogram) -> Option<RecentLag> {
        self.take_buckets(now, all.buckets().collect())
    }

    fn take_buckets(&mut self, now: Instant, all: Buckets) -> Option<RecentLag> {
        if self.0.back().is_some_and(|(at, _)| now.since(*at) > WINDOW) {
            // No page was open meanwhile.
            self.0.clear();
        }
        let is_due = |(at, _): &(Instant, _)| now.since(*at) >= STEP;
        if self.0.back().is_none_or(is_due) {
            self.0.push_back((now, all.clone()));
        }
        while self
            .0
            .get(1)
            .is_some_and(|(at, _)| now.since(*at) >= WINDOW)
        {
            self.0.pop_front();
        }
        let (_, before) = self.0.front()?;
        let buckets = all.into_iter().zip(before);
        let new = buckets.map(|((bound, count), (_, before))| (bound, count - before));
        RecentLag::of(&new.collect::<Buckets>())
    }
}

impl RecentLag {
    fn of(buckets: &[(Option<Duration>, u64)]) -> Option<Self> {
        let count: u64 = buckets.iter().map(|(_, count)| count).sum();
        let at_most = |percent: u64| {
            let mut left = count.saturating_mul(percent).div_ceil(100);
            let reached = buckets.iter().find(|(_, count)| {
                left = left.saturating_sub(*count);
                left == 0
            });
            reached.and_then(|(bound, _)| Some(bound.as_ref()?.as_micros()))
        };
        (count > 0).then(|| Self {
            half_us: at_most(50),
            most_us: at_most(99),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lag(half: u64, most: Option<u64>) -> Option<RecentLag> {
        Some(RecentLag {
            half_us: Some(half.into()),
            most_us: most.map(u128::from),
        })
    }

    #[test]
    fn half_and_nearly_all_took_so_long_at_most() {
        let bound = |micros| Some(Duration::from_micros(micros));
        let buckets = |counts: [u64; 3]| {
            [
                (bound(100), counts[0]),
                (bound(5_000), counts[1]),
                (None, counts[2]),
            ]
        };
        assert_eq!(RecentLag::of(&buckets([0, 0, 0])), None);
        assert_eq!(RecentLag::of(&buckets([1, 0, 0])), lag(100, Some(100)));
        assert_eq!(RecentLag::of(&buckets([99, 1, 0])), lag(100, Some(100)));
        assert_eq!(RecentLag::of(&buckets([98, 2, 0])), lag(100, Some(5_000)));
        assert_eq!(RecentLag::of(&buckets([49, 49, 2])), lag(5_000, None));
    }

    #[test]
    fn events_count_for_a_minute_and_not_before_the_page_was_opened() {
        let mut window = LagWindow::default();
        let mut at = |seconds: u64, early, late| {
            let bound = |micros| Some(Duration::from_micros(micros));
            let all = vec![(bound(100), early), (bound(5_000), late)];
            window.take_buckets(Instant::from_millis(seconds * 1_000), all)
        };
        assert_eq!(at(600, 1_000, 1_000), None, "the page is opened");
        assert_eq!(at(601, 1_000, 1_001), lag(5_000, Some(5_000)));
        for second in 602..661 {
            assert_eq!(at(second, 1_000, 1_001), lag(5_000, Some(5_000)));
        }
        assert_eq!(at(661, 1_000, 1_001), None, "a minute has passed");
        assert_eq!(at(662, 1_001, 1_001), lag(100, Some(100)));
        assert_eq!(at(723, 2_000, 2_000), None, "it is opened again");
        assert_eq!(at(724, 2_000, 2_001), lag(5_000, Some(5_000)));
    }
}
