//! Deadlines, the earliest first.

use alloc::collections::BTreeSet;

use crate::Instant;

/// What is to be looked at, and when. Entries are never taken back: one that is out of date when
/// its time comes is skipped by its owner.
#[derive(Debug)]
pub(super) struct Timers<K>(BTreeSet<(Instant, K)>);

impl<K: Copy + Ord> Timers<K> {
    pub(super) const fn new() -> Self {
        Self(BTreeSet::new())
    }

    pub(super) fn set(&mut self, at: Instant, key: K) {
        self.0.insert((at, key));
    }

    /// The earliest deadline and its key.
    pub(super) fn first(&self) -> Option<(Instant, K)> {
        self.0.first().copied()
    }

    /// Takes the earliest entry whose time has come.
    pub(super) fn pop_due(&mut self, now: Instant) -> Option<K> {
        self.first().filter(|(at, _)| *at <= now)?;
        self.0.pop_first().map(|(_, key)| key)
    }
}
