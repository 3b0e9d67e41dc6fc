//! What the numbers in a shard's next frames count from, where they are written and where they are
//! read: small numbers that are often the same are packed to nothing.

use std::mem;

use headcount_core::{Actions, Instant};
use serde::{Deserialize, Serialize};

use super::digest::ActionDigest;

/// Where a shard's frames stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FrameBase {
    now: Instant,
    acknowledged: u64,
    recorded: u64,
    digest: ActionDigest,
}

impl FrameBase {
    /// The time of the last input.
    pub(super) const fn now(&self) -> Instant {
        self.now
    }

    /// Goes on to an input, and says how many milliseconds after the one before it came.
    pub(super) fn after(&mut self, now: Instant) -> u64 {
        let after = now.as_millis().saturating_sub(self.now.as_millis());
        self.now = self.now.max(now);
        after
    }

    /// The time of an input that came so many milliseconds after the one before.
    pub(super) fn later(&self, after: u64) -> Instant {
        Instant::from_millis(self.now.as_millis().saturating_add(after))
    }

    /// How much more of the session is acknowledged.
    pub(super) const fn acknowledged_more(&mut self, sequence: u64) -> u64 {
        sequence.wrapping_sub(mem::replace(&mut self.acknowledged, sequence))
    }

    /// What is acknowledged, with so much more.
    pub(super) const fn acknowledged(&mut self, more: u64) -> u64 {
        self.acknowledged = self.acknowledged.wrapping_add(more);
        self.acknowledged
    }

    /// How much more of it is written down.
    pub(super) const fn recorded_more(&mut self, sequence: u64) -> u64 {
        sequence.wrapping_sub(mem::replace(&mut self.recorded, sequence))
    }

    /// What is written down, with so much more.
    pub(super) const fn recorded(&mut self, more: u64) -> u64 {
        self.recorded = self.recorded.wrapping_add(more);
        self.recorded
    }

    /// The digest of what an input led to.
    pub(super) fn digest(&mut self, actions: &Actions<'_>) -> u16 {
        self.digest.of(actions)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_written_also_where_a_session_begins_anew() {
        let (mut written, mut read) = (FrameBase::default(), FrameBase::default());
        for (at, sequence) in [
            (40, 7),
            (40, 7),
            (90, 1_000),
            (60, 2),
            (91, u64::MAX),
            (92, 1),
        ] {
            let at = Instant::from_millis(at);
            let after = written.after(at);
            let now = read.later(after);
            assert_eq!((read.after(now), now), (after, written.now()));
            let more = written.acknowledged_more(sequence);
            assert_eq!(read.acknowledged(more), sequence);
            let more = written.recorded_more(sequence);
            assert_eq!(read.recorded(more), sequence);
        }
    }
}
