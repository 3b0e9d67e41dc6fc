//! How much one connection does before it lets others run.

use std::task::{Context, Poll};

/// The work of one turn, in bytes that are read or inflated.
const TURN_BYTES: usize = 256 << 10;

/// What one read, and one message, costs at the least, in bytes: so a turn has at most 256 of them.
const LEAST_BYTES: usize = 1 << 10;

/// What is left of a connection's turn.
///
/// A runtime without such a rule of its own would never come to its timers while a peer floods.
pub(crate) struct Quantum {
    left: usize,
    spent: bool,
}

impl Quantum {
    pub(crate) const fn new() -> Self {
        Self {
            left: TURN_BYTES,
            spent: false,
        }
    }

    /// Counts a read, or a message that was made of what had been read.
    pub(crate) fn spend(&mut self, bytes: usize) {
        self.left = self.left.saturating_sub(bytes.max(LEAST_BYTES));
    }

    /// Ready as long as the turn lasts. After it the task is woken at once, for the next turn.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.spent = self.left == 0;
        if !self.spent {
            return Poll::Ready(());
        }
        self.left = TURN_BYTES;
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    /// There was nothing more to do.
    pub(crate) fn rest(&mut self) {
        *self = Self::new();
    }

    /// Whether the connection stopped for the others' sake, and not because nothing was there.
    pub(crate) const fn is_spent(&self) -> bool {
        self.spent
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn polls(quantum: &mut Quantum, bytes: usize) -> usize {
        let mut cx = Context::from_waker(Waker::noop());
        let ready = |_: &usize| {
            let ready = quantum.poll(&mut cx).is_ready();
            quantum.spend(bytes);
            ready
        };
        (0..10_000).take_while(ready).count()
    }

    #[test]
    fn a_turn_ends_after_many_messages_and_after_many_bytes() {
        assert_eq!(polls(&mut Quantum::new(), 0), 256);
        assert_eq!(polls(&mut Quantum::new(), TURN_BYTES / 4), 4);
        assert_eq!(polls(&mut Quantum::new(), usize::MAX), 1);
    }

    #[test]
    fn the_next_turn_is_a_whole_one() {
        let mut quantum = Quantum::new();
        assert_eq!(polls(&mut quantum, 0), 256);
        assert!(quantum.is_spent());
        assert_eq!(polls(&mut quantum, 0), 255, "the first was spent above");
        quantum.rest();
        assert!(!quantum.is_spent());
        assert_eq!(polls(&mut quantum, 0), 256);
    }
}
