//! How far a session has been received, and how far what it led to is dealt with.

mod open;

use core::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::sequences::Sequences;
use crate::shard_id::ShardId;

use open::OpenSequences;

/// A place in the stream of a shard's dispatches: the key by which a dispatch is distinguished from
/// every other, also over restarts. Events that follow from a dispatch share its position.
///
/// Stored in the same transaction as a dispatch's effect, it makes that effect happen exactly once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Position {
    /// The shard.
    pub shard: ShardId,
    /// Which of its sessions: [`Session::digest`](crate::Session::digest).
    pub session: u64,
    /// The sequence of the dispatch that led to it. What time alone led to has the last sequence
    /// before it.
    pub sequence: u64,
}

/// The digest of the session with this id, as in [`Position::session`]: FNV-1a, in 64 bits.
pub(crate) fn session_digest(id: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    id.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// What of a session is handed on and not dealt with.
///
/// Whatever hangs on a dispatch (its changes, its event, the events that follow from it) is
/// [opened](Self::open) when it is handed on, and [closed](Self::close) when it is dealt with, in
/// any order; once all that an input led to is open, its sequence is [reached](Self::reach).
/// Memory grows with what is open, not with what lies between, and up to a limit: beyond it the
/// oldest are [given up](Self::given_up).
#[derive(Clone, Debug)]
pub struct Positions {
    reached: u64,
    open: OpenSequences,
    /// Sequences whose dispatch is dealt with.
    delivered: Sequences,
    /// Of how many sequences something may be open.
    limit: usize,
    /// The first and the last of those that were given up.
    given_up: Option<(u64, u64)>,
}

impl Positions {
    /// Everything up to this sequence is dealt with. Of as many sequences as `limit` says something
    /// may be open at a time.
    #[must_use]
    pub const fn new(sequence: u64, limit: usize) -> Self {
        Self {
            reached: sequence,
            open: OpenSequences::new(),
            delivered: Sequences::new(),
            limit,
            given_up: None,
        }
    }

    /// Something more hangs on this sequence. If that is one too many, the oldest are given up, an
    /// eighth of the limit at a time.
    pub fn open(&mut self, sequence: u64) {
        self.open.open(sequence);
        if self.open.len() <= self.limit {
            return;
        }
        for _ in 0..=self.limit.checked_div(8).unwrap_or(0) {
            if let Some(oldest) = self.open.pop_first() {
                let (first, last) = self.given_up.unwrap_or((oldest, oldest));
                self.given_up = Some((first.min(oldest), last.max(oldest)));
            }
        }
    }

    /// The first and the last of the sequences that were given up: what hung on them does not come
    /// again, though it may not be dealt with. `None` if there are none.
    #[must_use]
    pub fn given_up(&self) -> Option<RangeInclusive<u64>> {
        self.given_up.map(|(first, last)| first..=last)
    }

    /// All that hangs on sequences up to this one is open, but for what time alone will lead to.
    pub fn reach(&mut self, sequence: u64) {
        self.reached = self.reached.max(sequence);
    }

    /// Something that hung on this sequence is dealt with. Nothing if all of it is.
    pub fn close(&mut self, sequence: u64) {
        self.open.close(sequence);
    }

    /// As [`close`](Self::close), for the dispatch itself: what follows from it, and what came
    /// before it, may still be open.
    pub fn close_dispatch(&mut self, sequence: u64) {
        self.delivered.insert(sequence..=sequence);
        self.close(sequence);
    }

    /// The sequence up to which everything is dealt with. It falls only if something more hangs on
    /// a sequence that was passed.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        let before = self.first_open().map(|first| first.saturating_sub(1));
        before.map_or(self.reached, |before| before.min(self.reached))
    }

    /// The lowest sequence of which something is open; `None` if nothing is.
    #[must_use]
    pub fn first_open(&self) -> Option<u64> {
        self.open.first()
    }

    /// The dispatches that are dealt with: those that come again on a resume since something at or
    /// before them is not can be [left out](crate::Session::with_delivered) by the next process.
    /// Ascending.
    pub fn delivered(&self) -> impl Iterator<Item = RangeInclusive<u64>> {
        self.delivered.ranges()
    }

    /// What is up to this sequence never comes again, and need not be remembered as
    /// [delivered](Self::delivered).
    pub fn forget(&mut self, sequence: u64) {
        self.delivered.remove_up_to(sequence);
    }

    /// On how many sequences something hangs that is not dealt with.
    #[must_use]
    pub fn outstanding(&self) -> usize {
        self.open.len()
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn what_is_done_above_what_is_not_waits_for_it() {
        let mut positions = Positions::new(4, 8);
        assert_eq!(positions.acknowledged(), 4);
        for sequence in [5, 6, 6, 8] {
            positions.open(sequence);
        }
        positions.reach(8);
        positions.close(8);
        positions.close(6);
        assert_eq!((positions.acknowledged(), positions.outstanding()), (4, 2));
        positions.close(5);
        assert_eq!(positions.acknowledged(), 5, "something still hangs on 6");
        positions.close(6);
        assert_eq!((positions.acknowledged(), positions.outstanding()), (8, 0));
        positions.close(6);
        assert_eq!(positions.acknowledged(), 8);
    }

    #[test]
    fn dispatches_that_are_dealt_with_too_early_are_told_apart() {
        let mut positions = Positions::new(4, 8);
        for sequence in [5, 5, 6, 7, 8] {
            positions.open(sequence);
        }
        positions.reach(8);
        let delivered = |positions: &Positions| positions.delivered().collect::<Vec<_>>();
        positions.close_dispatch(5);
        positions.close_dispatch(6);
        positions.close(8);
        assert_eq!(delivered(&positions), [5..=6], "8 was none");
        assert_eq!(positions.acknowledged(), 4);
        positions.close(5);
        assert_eq!(positions.acknowledged(), 6);
        positions.forget(5);
        assert_eq!(delivered(&positions), [6..=6]);
    }

    #[test]
    fn what_may_still_lead_to_something_is_not_acknowledged() {
        let mut positions = Positions::new(4, 8);
        positions.open(5);
        positions.close_dispatch(5);
        assert_eq!(positions.acknowledged(), 4, "more of it may come");
        positions.open(5);
        positions.reach(5);
        assert_eq!(positions.acknowledged(), 4);
        positions.close(5);
        assert_eq!(positions.acknowledged(), 5);
    }

    #[test]
    fn beyond_the_limit_the_oldest_are_given_up_and_named() {
        let mut positions = Positions::new(0, 8);
        for sequence in 1..=8 {
            positions.open(sequence);
            positions.reach(sequence);
        }
        assert_eq!((positions.acknowledged(), positions.given_up()), (0, None));
        positions.open(9);
        positions.reach(9);
        assert_eq!(positions.given_up(), Some(1..=2));
        assert_eq!((positions.acknowledged(), positions.outstanding()), (2, 7));
        positions.close(1);
        assert_eq!(positions.acknowledged(), 2, "too late");
        (10..=11).for_each(|sequence| positions.open(sequence));
        assert_eq!(positions.given_up(), Some(1..=4));
    }

    #[test]
    fn any_order_of_what_is_dealt_with_equals_a_plain_set() {
        let mut rng = crate::rng::Rng::new(11);
        for _ in 0..200 {
            let (mut positions, mut plain) = (Positions::new(0, 100), Vec::new());
            let mut reached = 0;
            for _ in 0..60 {
                if rng.next_u64().is_multiple_of(2) || plain.is_empty() {
                    reached += rng.next_u64() % 3;
                    positions.open(reached);
                    positions.reach(reached);
                    plain.push(reached);
                } else {
                    let at = usize::try_from(rng.next_u64()).unwrap() % plain.len();
                    positions.close(plain.swap_remove(at));
                }
                let naive = plain
                    .iter()
                    .min()
                    .map_or(reached, |it| it.saturating_sub(1));
                assert_eq!(positions.acknowledged(), naive);
            }
        }
    }
}
