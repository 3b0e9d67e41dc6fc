//! A wait that can be stopped, and goes on with what is left of it.

use core::time::Duration;

use crate::time::Instant;

/// A wait that counts only the time in which what it waits for can come. Stopping it and letting it
/// go on, however often, neither ends it nor begins it anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Countdown {
    /// Ends at that time.
    Running(Instant),
    /// So much is left.
    Stopped(Duration),
}

impl Countdown {
    /// Begins now.
    pub(crate) fn start(now: Instant, wait: Duration) -> Self {
        Self::Running(now.after(wait))
    }

    /// Begins anew; one that is stopped stays so.
    pub(crate) fn renew(&mut self, now: Instant, wait: Duration) {
        *self = match self {
            Self::Running(_) => Self::start(now, wait),
            Self::Stopped(_) => Self::Stopped(wait),
        };
    }

    pub(crate) fn stop(&mut self, now: Instant) {
        match *self {
            Self::Running(until) => *self = Self::Stopped(until.since(now)),
            Self::Stopped(_) => {}
        }
    }

    pub(crate) fn go_on(&mut self, now: Instant) {
        match *self {
            Self::Running(_) => {}
            Self::Stopped(left) => *self = Self::start(now, left),
        }
    }

    /// For so long nothing could come.
    pub(crate) fn put_off(&mut self, missed: Duration) {
        match *self {
            Self::Running(until) => *self = Self::Running(until.after(missed)),
            Self::Stopped(_) => {}
        }
    }

    /// When it ends; `None` while it is stopped.
    pub(crate) const fn until(self) -> Option<Instant> {
        match self {
            Self::Running(until) => Some(until),
            Self::Stopped(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WAIT: Duration = Duration::from_secs(15);

    fn at(seconds: u64) -> Instant {
        Instant::from_millis(seconds * 1_000)
    }

    #[test]
    fn stopped_again_and_again_it_ends_after_its_time() {
        let mut countdown = Countdown::start(at(0), WAIT);
        for turn in 0..5 {
            countdown.go_on(at(turn * 100));
            countdown.go_on(at(turn * 100 + 1));
            countdown.stop(at(turn * 100 + 3));
            countdown.stop(at(turn * 100 + 50));
            assert_eq!(countdown.until(), None);
        }
        countdown.go_on(at(900));
        assert_eq!(countdown.until(), Some(at(900)));
    }

    #[test]
    fn time_in_which_nothing_can_come_counts_once() {
        let mut countdown = Countdown::start(at(0), WAIT);
        countdown.put_off(WAIT);
        assert_eq!(countdown.until(), Some(at(30)));
        countdown.stop(at(20));
        countdown.put_off(WAIT);
        countdown.go_on(at(100));
        assert_eq!(countdown.until(), Some(at(110)));
    }

    #[test]
    fn progress_renews_it_and_does_not_start_it() {
        let mut countdown = Countdown::start(at(0), WAIT);
        countdown.renew(at(10), WAIT);
        assert_eq!(countdown.until(), Some(at(25)));
        countdown.stop(at(24));
        countdown.renew(at(30), WAIT);
        assert_eq!(countdown.until(), None);
        countdown.go_on(at(40));
        assert_eq!(countdown.until(), Some(at(55)));
    }
}
