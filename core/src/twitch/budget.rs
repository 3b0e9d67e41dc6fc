//! Sliding windows: never more than so many in any span of time.

use alloc::collections::VecDeque;
use core::time::Duration;

use crate::Instant;
use crate::bounds::{ConfigError, wait, within};

/// At most `count` in any `span`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub count: usize,
    /// In which time.
    pub span: Duration,
}

impl Rate {
    /// At most `count` in any `seconds`.
    #[must_use]
    pub const fn new(count: usize, seconds: u64) -> Self {
        Self {
            count,
            span: Duration::from_secs(seconds),
        }
    }

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let Self { count, span } = self;
        within("count", *count, &(1..=1_000_000))?;
        wait("span", *span)
    }
}

/// Remembers when budget was spent. Twitch does not say when it refills, so only a window
/// that slides is safe.
#[derive(Clone, Debug)]
pub(super) struct Window {
    count: usize,
    span: Duration,
    spent: VecDeque<Instant>,
}

impl Window {
    /// A window that keeps `margin` (at least a millisecond) beyond the rate's span, since what
    /// was sent apart may arrive closer together.
    pub(super) fn new(rate: Rate, margin: Duration) -> Self {
        let margin = margin.max(Duration::from_millis(1));
        Self {
            count: rate.count,
            span: rate.span.saturating_add(margin),
            spent: VecDeque::new(),
        }
    }

    /// When the next one may be spent: `None` for now, never before the time given.
    pub(super) fn blocked_until(&self, now: Instant) -> Option<Instant> {
        let oldest = match self.spent.len().checked_sub(self.count) {
            None => return None,
            Some(over) => self.spent.get(over).copied(),
        };
        // A budget of nothing never opens.
        let free = oldest.map_or(Instant::from_millis(u64::MAX), |at| at.after(self.span));
        (free > now).then_some(free)
    }

    /// How many may be spent now.
    pub(super) fn available(&self, now: Instant) -> usize {
        let fresh = self.spent.iter().filter(|at| at.after(self.span) > now);
        self.count.saturating_sub(fresh.count())
    }

    /// Spends one; the caller has asked before.
    pub(super) fn spend(&mut self, now: Instant) {
        self.spent.push_back(now);
        while self.spent.len() > self.count {
            self.spent.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_span_ever_holds_more_than_the_count() {
        let mut window = Window::new(Rate::new(3, 10), Duration::ZERO);
        let mut sent: alloc::vec::Vec<u64> = alloc::vec::Vec::new();
        for at in (0..60_000).step_by(7) {
            let now = Instant::from_millis(at);
            let free = window.blocked_until(now).is_none();
            assert_eq!(free, window.available(now) > 0);
            if at % 5 != 0 && free {
                window.spend(now);
                sent.push(at);
            }
        }
        assert!(sent.len() >= 15, "{sent:?}");
        assert!(sent.windows(4).all(|four| four[3] - four[0] > 10_000));
    }

    #[test]
    fn a_budget_of_nothing_stays_shut() {
        let window = Window::new(Rate::new(0, 10), Duration::ZERO);
        assert!(window.blocked_until(Instant::ZERO).is_some());
    }
}
