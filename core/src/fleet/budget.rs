//! How many identifies are left for the day.

use core::time::Duration;

use crate::event::Event;
use crate::fleet::FleetConfig;
use crate::time::Instant;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The `session_start_limit` of `GET /gateway/bot`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StartLimit {
    /// Identifies per day.
    pub total: u32,
    /// What is left of them.
    pub remaining: u32,
    /// Until `remaining` is `total` again; zero when nothing was spent.
    pub reset_after: Duration,
    /// Shards that may identify at the same time, one per bucket.
    pub max_concurrency: u32,
}

impl Default for StartLimit {
    /// What a bot of ordinary size has: 1000 a day, one at a time.
    fn default() -> Self {
        Self {
            total: 1000,
            remaining: 1000,
            reset_after: Duration::ZERO,
            max_concurrency: 1,
        }
    }
}

/// How much of the identify budget is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentifyBudget {
    /// Identifies left for the day.
    pub left: u32,
    /// Identifies per day.
    pub total: u32,
    /// When all of them are there again; `None` while none is known to be spent.
    pub resets: Option<Instant>,
}

/// The budget as we know it: the last answer, and what we spent since.
#[derive(Clone, Debug)]
pub(super) struct DailyBudget {
    limit: StartLimit,
    spent: u32,
    /// When the budget is full again; unknown until something is spent.
    resets: Option<Instant>,
    warned_low: bool,
    warned_spent: bool,
}

/// How much is left, in words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    /// Enough.
    Plenty,
    /// Little; the budget is full again at that time.
    Low(Instant),
    /// Nothing that may be used before that time.
    Spent(Instant),
}

impl DailyBudget {
    pub(super) fn new(now: Instant, limit: StartLimit) -> Self {
        let resets = match limit.reset_after {
            Duration::ZERO if limit.remaining >= limit.total => None,
            // Something was spent, and nobody says when: a day later at the latest.
            Duration::ZERO => Some(now.after(DAY)),
            known => Some(now.after(known)),
        };
        Self {
            limit,
            spent: 0,
            resets,
            warned_low: false,
            warned_spent: false,
        }
    }

    /// Counts by a newer answer from now on. What was warned of is not repeated, unless the budget
    /// has been full in between.
    pub(super) fn refresh(&mut self, now: Instant, limit: StartLimit) {
        let was_full = self.is_reset(now) || limit.remaining >= limit.total;
        *self = Self {
            warned_low: self.warned_low && !was_full,
            warned_spent: self.warned_spent && !was_full,
            ..Self::new(now, limit)
        };
    }

    fn is_reset(&self, now: Instant) -> bool {
        self.resets.is_some_and(|at| at <= now)
    }

    pub(super) fn left(&self, now: Instant) -> u32 {
        if self.is_reset(now) {
            return self.limit.total;
        }
        self.limit.remaining.saturating_sub(self.spent)
    }

    pub(super) fn as_of(&self, now: Instant) -> IdentifyBudget {
        IdentifyBudget {
            left: self.left(now),
            total: self.limit.total,
            resets: self.resets.filter(|_| !self.is_reset(now)),
        }
    }

    /// Counts an identify.
    pub(super) fn spend(&mut self, now: Instant) {
        if self.is_reset(now) {
            let limit = StartLimit {
                remaining: self.limit.total,
                ..self.limit
            };
            *self = Self::new(
                now,
                StartLimit {
                    reset_after: Duration::ZERO,
                    ..limit
                },
            );
        }
        self.spent = self.spent.saturating_add(1);
        self.resets = self.resets.or(Some(now.after(DAY)));
    }

    pub(super) fn level(&self, now: Instant, config: &FleetConfig) -> Level {
        let (left, until) = (self.left(now), self.resets.unwrap_or(now.after(DAY)));
        if left <= config.refuse_at {
            Level::Spent(until)
        } else if left <= config.warn_at {
            Level::Low(until)
        } else {
            Level::Plenty
        }
    }

    /// The warning for this level, unless it was given since the budget was last full.
    pub(super) fn warning(&mut self, now: Instant, level: Level) -> Option<Event<'static>> {
        match level {
            Level::Low(until) if !self.warned_low => {
                self.warned_low = true;
                Some(Event::IdentifyBudgetLow {
                    remaining: self.left(now),
                    until,
                })
            }
            Level::Spent(until) if !self.warned_spent => {
                self.warned_spent = true;
                Some(Event::IdentifyBudgetSpent { until })
            }
            Level::Low(_) | Level::Spent(_) | Level::Plenty => None,
        }
    }
}
