//! What a store was asked, and when it is asked next.

use core::time::Duration;

use crate::time::Instant;

/// One swap at a time.
#[derive(Clone, Debug)]
pub(super) struct Inquiry {
    open: Option<OpenInquiry>,
    next: Instant,
}

#[derive(Clone, Copy, Debug)]
struct OpenInquiry {
    ticket: u64,
    sent: Instant,
    /// The answer is not waited for any longer.
    until: Instant,
}

impl Inquiry {
    pub(super) const fn new(now: Instant) -> Self {
        Self {
            open: None,
            next: now,
        }
    }

    pub(super) fn is_due(&self, now: Instant) -> bool {
        self.open.is_none() && self.next <= now
    }

    pub(super) const fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Asked next at that time.
    pub(super) fn again_at(&mut self, at: Instant) {
        self.next = at;
    }

    /// Asked next at that time, if it is not asked sooner.
    pub(super) fn again_by(&mut self, at: Instant) {
        self.next = self.next.min(at);
    }

    pub(super) fn asked(&mut self, ticket: u64, now: Instant, patience: Duration) {
        let until = now.after(patience);
        self.open = Some(OpenInquiry {
            ticket,
            sent: now,
            until,
        });
    }

    /// The answer to this ticket came. When it was sent; `None` if nobody waits for it any more.
    pub(super) fn answered(&mut self, ticket: u64) -> Option<Instant> {
        let open = self.open.filter(|open| open.ticket == ticket)?;
        self.open = None;
        Some(open.sent)
    }

    /// Whether an answer was waited for long enough; it is not waited for any more then.
    pub(super) fn gave_up(&mut self, now: Instant) -> bool {
        let is_over = self.open.is_some_and(|open| open.until <= now);
        if is_over {
            self.open = None;
        }
        is_over
    }

    pub(super) fn deadline(&self) -> Instant {
        self.open.map_or(self.next, |open| open.until)
    }
}
