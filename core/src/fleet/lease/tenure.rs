//! How long what this process wrote holds, by its own clock.

use core::time::Duration;

use crate::fleet::lease::LeaseConfig;
use crate::time::Instant;

/// Something that was written, at some time between sending and the answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Written {
    pub(super) sent: Instant,
    pub(super) answered: Instant,
    /// Which one of its kind: counts up.
    pub(super) number: u64,
}

/// What a process wrote, and how much of it a store can no longer lose.
///
/// A store that fails over loses what was written last. So a writing counts once it was still
/// there some time later ([`LeaseConfig::settle`]); until then the one before it does.
#[derive(Clone, Debug, Default)]
pub(super) struct Tenure {
    /// The last writing that stays whatever happens.
    lasting: Option<Written>,
    /// One that may still be lost.
    recent: Option<Written>,
    /// When the newest was sent.
    newest: Instant,
}

impl Tenure {
    pub(super) fn wrote(&mut self, written: Written) {
        self.newest = self.newest.max(written.sent);
        self.recent = self.recent.or(Some(written));
    }

    /// What was written was still there at some time after `sent`. Which one is lasting since; none
    /// that was not before.
    pub(super) fn stood(&mut self, sent: Instant, settle: Duration) -> Option<u64> {
        let lasting = self
            .recent
            .filter(|recent| recent.answered.after(settle) <= sent)?;
        self.recent = None;
        self.lasting = Some(lasting);
        Some(lasting.number)
    }

    /// Whether a store where this number is found can have all that was written.
    pub(super) fn may_have(&self, found: u64) -> bool {
        self.recent.is_none_or(|recent| recent.number <= found)
    }

    /// What may be lost is lost.
    pub(super) fn lost_latest(&mut self) {
        self.recent = None;
    }

    /// Nothing holds any more.
    pub(super) fn lapse(&mut self) {
        (self.lasting, self.recent) = (None, None);
    }

    /// When a recent writing, if it is still there, becomes a lasting one.
    pub(super) fn settles(&self, settle: Duration) -> Option<Instant> {
        self.recent.map(|recent| recent.answered.after(settle))
    }

    /// Until when it holds; `None` if it does not.
    ///
    /// Whoever takes over does so a lease after the last writing that it can have seen, which is
    /// the lasting one if a store lost the others, and begins `grace` later.
    pub(super) fn until(
        &self,
        lease: Duration,
        grace: Duration,
        config: &LeaseConfig,
    ) -> Option<Instant> {
        let from = self.lasting?.sent.after(grace).min(self.newest);
        Some(from.after(lease.saturating_sub(config.margin)))
    }
}
