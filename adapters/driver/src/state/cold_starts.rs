//! The breaker of restart loops: a bot that starts without a session again and again has to wait.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// So many cold starts within [`WINDOW`] are too many.
const TOO_MANY: usize = 3;
const WINDOW: u64 = 60_000;
/// The longest wait.
const LONGEST: u64 = 15 * 60_000;
/// After so long without a wait the next one is a short one again.
const CALM: u64 = 60 * 60_000;

/// The cold starts of late. Times are by the wall clock, in milliseconds since 1970.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColdStarts {
    /// When the last ones were; a start that had to wait counts from the end of its wait.
    pub(super) recent: Vec<u64>,
    /// How often a wait was needed, one soon after another.
    pub(super) waits: u32,
    /// The end of the last wait.
    pub(super) wait_until: u64,
}

impl ColdStarts {
    /// Counts a start, and says how long it has to wait: a minute at the first time, twice as long
    /// each further time, at most 15 minutes.
    pub(crate) fn count(&mut self, now: u64) -> Option<Duration> {
        let left = self.wait_until.saturating_sub(now);
        if (1..=LONGEST).contains(&left) {
            // Whoever began this wait has not got to its end.
            return Some(Duration::from_millis(left));
        }
        let is_recent = |&at: &u64| now.checked_sub(at).is_some_and(|since| since < WINDOW);
        self.recent.retain(is_recent);
        self.recent.push(now);
        if self.recent.len() < TOO_MANY {
            return None;
        }
        if now.abs_diff(self.wait_until) > CALM {
            self.waits = 0;
        }
        let wait = WINDOW
            .checked_shl(self.waits)
            .unwrap_or(LONGEST)
            .clamp(WINDOW, LONGEST);
        self.waits = self.waits.saturating_add(1).min(16);
        self.wait_until = now.saturating_add(wait);
        self.recent = vec![self.wait_until];
        Some(Duration::from_millis(wait))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 1_800_000_000_000;

    fn seconds(wait: Option<Duration>) -> Option<u64> {
        wait.map(|wait| wait.as_secs())
    }

    #[test]
    fn the_third_start_within_a_minute_waits() {
        let mut starts = ColdStarts::default();
        let mut count = |second: u64| seconds(starts.count(START + second * 1_000));
        assert_eq!(count(0), None);
        assert_eq!(count(30), None);
        assert_eq!(count(61), None, "the first is a minute ago");
        assert_eq!(count(80), Some(60));
    }

    #[test]
    fn a_start_during_the_wait_waits_for_its_end() {
        let mut starts = ColdStarts::default();
        let mut count = |second: u64| seconds(starts.count(START + second * 1_000));
        assert_eq!([0, 1, 2].map(&mut count), [None, None, Some(60)]);
        assert_eq!(count(12), Some(50), "it was killed while it waited");
        assert_eq!(count(63), None);
        assert_eq!(
            count(64),
            Some(120),
            "the end of the wait was a start as well"
        );
        assert_eq!(count(185), None);
        assert_eq!(count(190), Some(240));
    }

    #[test]
    fn waits_have_a_longest_and_are_forgotten_after_a_calm_hour() {
        let mut starts = ColdStarts::default();
        let mut now = START;
        let mut longest = 0;
        for _ in 0..200 {
            let wait = starts.count(now).map_or(0, |wait| wait.as_millis() as u64);
            longest = longest.max(wait);
            now += wait + 1_000;
        }
        assert_eq!(longest, LONGEST);
        now += CALM + LONGEST;
        let waits = [0, 1, 2].map(|second| seconds(starts.count(now + second)));
        assert_eq!(waits, [None, None, Some(60)]);
    }

    #[test]
    fn a_wall_clock_that_was_set_back_delays_nobody() {
        let mut starts = ColdStarts::default();
        for second in 0..3 {
            starts.count(START + second);
        }
        assert_eq!(starts.count(START / 2), None);
        assert_eq!(starts.count(0), None);
    }
}
