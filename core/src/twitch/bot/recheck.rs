//! When the budgets are to be looked at again.

use crate::Instant;

/// Whether a login, a join or a message waits for budget.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recheck {
    /// Nothing waits.
    Never,
    /// A budget has room again then.
    At(Instant),
    /// Something has happened that may let one go.
    Now,
}

impl Recheck {
    /// Notes that a budget opens, at `at` if it is known when.
    pub(super) fn wait_for(&mut self, at: Option<Instant>) {
        *self = match (*self, at) {
            (Self::Never, Some(at)) => Self::At(at),
            (Self::At(before), Some(at)) => Self::At(before.min(at)),
            (before @ (Self::Never | Self::At(_)), None) => before,
            (Self::Now, Some(_) | None) => Self::Now,
        };
    }

    pub(super) fn is_due(self, now: Instant) -> bool {
        match self {
            Self::Never => false,
            Self::At(at) => at <= now,
            Self::Now => true,
        }
    }
}
