//! Noticing that nobody takes the events.

use std::time::Duration;

use headcount_core::Instant;

use crate::delivery::Untaken;

/// How long the shards may have stopped reading for the consumer before it is logged.
const PATIENCE: Duration = Duration::from_secs(30);

/// A buffer of events that is full, if it is, and when that is logged next.
#[derive(Default)]
pub(crate) struct Stall(Option<FullSince>);

#[derive(Clone, Copy)]
struct FullSince {
    full: Instant,
    warn_at: Instant,
}

impl Stall {
    /// Takes in whether the buffer is full.
    pub(crate) fn note(&mut self, now: Instant, is_full: bool) {
        self.0 = match (self.0, is_full) {
            (Some(since), true) => Some(since),
            (None, true) => Some(FullSince {
                full: now,
                warn_at: now.after(PATIENCE),
            }),
            (_, false) => None,
        };
    }

    /// When a warning is due.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.0.map(|since| since.warn_at)
    }

    /// Warns if it is time, and again when it has lasted for twice as long.
    pub(crate) fn warn(&mut self, now: Instant, waiting: Untaken) {
        let Some(since) = self.0.as_mut().filter(|since| since.warn_at <= now) else {
            return;
        };
        let lasted = now.since(since.full);
        since.warn_at = now.after(lasted);
        let Untaken { events, bytes, .. } = waiting;
        tracing::warn!(
            events,
            bytes,
            "nobody has taken enough events for {} s, so the shards have stopped reading",
            lasted.as_secs()
        );
    }
}
