//! Shared chat: what partner rooms mirror is passed on once.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::owned::Heard;
use super::seen::Seen;
use crate::Instant;
use crate::twitch::{IrcMessage, Room};

/// A mirror that came before its original.
#[derive(Debug)]
pub(super) struct Early {
    pub(super) source: Box<str>,
    pub(super) room: Room,
    pub(super) until: Instant,
    pub(super) heard: Heard,
}

impl Early {
    fn bytes(&self) -> usize {
        let texts = self.source.len().saturating_add(self.heard.line().len());
        texts.saturating_add(size_of::<Self>())
    }
}

fn number(message: &IrcMessage<'_>, key: &str) -> Option<u64> {
    message.tag(key)?.raw().parse().ok()
}

/// Whether a message was said in another room than the one that shows it.
pub(super) fn is_mirror(message: &IrcMessage<'_>) -> bool {
    let Some(source) = message.tag("source-id") else {
        return false;
    };
    let origin = number(message, "source-room-id");
    let is_own = message.tag("id").is_some_and(|id| id.raw() == source.raw());
    !is_own && (origin.is_none() || origin != number(message, "room-id"))
}

/// What a manager knows of mirrored messages.
#[derive(Debug)]
pub(super) struct Mirrors {
    /// The sources of what was passed on.
    passed: Seen,
    /// Those that wait for their originals, in the order in which they came.
    early: VecDeque<Early>,
    /// What they take.
    bytes: usize,
}

/// What to do with a message of shared chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MirrorDecision {
    Pass,
    Drop,
    Wait,
}

impl Mirrors {
    /// Remembers the sources of the last messages up to a number.
    pub(super) const fn new(remembered: usize) -> Self {
        Self {
            passed: Seen::new(remembered),
            early: VecDeque::new(),
            bytes: 0,
        }
    }

    /// The original has come: its mirror, if one waits, is not needed.
    fn settle(&mut self, source: &str) {
        let place = self.early.iter().position(|early| *early.source == *source);
        if let Some(early) = place.and_then(|place| self.early.remove(place)) {
            self.bytes = self.bytes.saturating_sub(early.bytes());
        }
    }

    /// What to do with a message of this source. `may_follow` says whether its original may still
    /// come from a joined room.
    pub(super) fn judge(
        &mut self,
        source: &str,
        message: &IrcMessage<'_>,
        may_follow: impl Fn(Option<u64>) -> bool,
    ) -> MirrorDecision {
        let origin = number(message, "source-room-id");
        if !is_mirror(message) {
            self.settle(source);
        } else if self.passed.knows(source) || self.waits(source) {
            return MirrorDecision::Drop;
        } else if may_follow(origin) {
            return MirrorDecision::Wait;
        }
        match self.pass(source) {
            true => MirrorDecision::Pass,
            false => MirrorDecision::Drop,
        }
    }

    /// Whether a message of this source has not been passed on; from now on it has.
    pub(super) fn pass(&mut self, source: &str) -> bool {
        self.passed.insert(source)
    }

    fn waits(&self, source: &str) -> bool {
        self.early.iter().any(|early| *early.source == *source)
    }

    pub(super) fn push(&mut self, early: Early) {
        self.bytes = self.bytes.saturating_add(early.bytes());
        self.early.push_back(early);
    }

    /// Whether all are over the bound.
    pub(super) const fn is_over(&self, bound: usize) -> bool {
        self.bytes > bound
    }

    /// The oldest that has waited until now, or that has to go because all are over the bound.
    pub(super) fn pop(&mut self, now: Instant, bound: usize) -> Option<Early> {
        let due = self.early.front().is_some_and(|early| early.until <= now);
        if !due && self.bytes <= bound {
            return None;
        }
        let early = self.early.pop_front()?;
        self.bytes = self.bytes.saturating_sub(early.bytes());
        Some(early)
    }
}
