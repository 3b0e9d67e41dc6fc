//! The sequences of which something is open, and how much.

use alloc::collections::{BTreeMap, VecDeque};

/// How many things are open, by sequence.
///
/// A stream opens in order, and is mostly closed so: both cost a step at an end of a queue. What
/// comes in another order costs as much as a search takes.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenSequences {
    /// In order of sequence. What is closed stays with a count of zero, but never as the first, and
    /// never as more than half of them.
    queue: VecDeque<(u64, u32)>,
    /// How many of the queue are not closed.
    live: usize,
    /// Those that were opened after a later one.
    late: BTreeMap<u64, u32>,
}

impl OpenSequences {
    pub(super) const fn new() -> Self {
        Self {
            queue: VecDeque::new(),
            live: 0,
            late: BTreeMap::new(),
        }
    }

    /// Of how many sequences something is open.
    pub(super) fn len(&self) -> usize {
        self.live.saturating_add(self.late.len())
    }

    /// The lowest.
    #[inline]
    pub(super) fn first(&self) -> Option<u64> {
        let queued = self.queue.front().map(|(first, _)| *first);
        if self.late.is_empty() {
            return queued;
        }
        let late = self.late.first_key_value().map(|(first, _)| *first);
        queued.into_iter().chain(late).min()
    }

    /// One more is open at this sequence.
    #[inline]
    pub(super) fn open(&mut self, sequence: u64) {
        if !self.late.is_empty()
            && let Some(count) = self.late.get_mut(&sequence)
        {
            *count = count.saturating_add(1);
            return;
        }
        match self.queue.back_mut() {
            Some((last, _)) if *last > sequence => self.open_late(sequence),
            Some((last, count)) if *last == sequence => {
                self.live = self.live.saturating_add(usize::from(*count == 0));
                *count = count.saturating_add(1);
            }
            Some(_) | None => {
                self.queue.push_back((sequence, 1));
                self.live = self.live.saturating_add(1);
            }
        }
    }

    fn open_late(&mut self, sequence: u64) {
        match self.queued(sequence) {
            // What is closed may be given up with the queue, so it opens beside it.
            Some(count) if *count > 0 => *count = count.saturating_add(1),
            Some(_) | None => {
                let count = self.late.entry(sequence).or_insert(0);
                *count = count.saturating_add(1);
            }
        }
    }

    /// One less is open at this sequence. Nothing if none is.
    #[inline]
    pub(super) fn close(&mut self, sequence: u64) {
        let count = match self.queue.front_mut() {
            Some((first, count)) if *first == sequence => Some(count),
            Some(_) | None => self.queued(sequence),
        };
        match count {
            Some(count) if *count > 0 => {
                *count = count.saturating_sub(1);
                if *count == 0 {
                    self.live = self.live.saturating_sub(1);
                    self.tidy();
                }
            }
            Some(_) | None => self.close_late(sequence),
        }
    }

    fn close_late(&mut self, sequence: u64) {
        let Some(count) = self.late.get_mut(&sequence) else {
            return;
        };
        *count = count.saturating_sub(1);
        if *count == 0 {
            self.late.remove(&sequence);
        }
    }

    /// Forgets the lowest; which it was.
    pub(super) fn pop_first(&mut self) -> Option<u64> {
        let first = self.first()?;
        if self.late.remove(&first).is_none() {
            self.queue.pop_front();
            self.live = self.live.saturating_sub(1);
            self.tidy();
        }
        Some(first)
    }

    fn queued(&mut self, sequence: u64) -> Option<&mut u32> {
        let at = self.queue.binary_search_by_key(&sequence, |(it, _)| *it);
        self.queue.get_mut(at.ok()?).map(|(_, count)| count)
    }

    /// Lets go of what is closed at the front, and of all that is once it is more than half.
    fn tidy(&mut self) {
        while self.queue.front().is_some_and(|(_, count)| *count == 0) {
            self.queue.pop_front();
        }
        if self.queue.len() > self.live.saturating_mul(2) {
            self.queue.retain(|(_, count)| *count > 0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_order_of_opening_and_closing_equals_a_plain_map() {
        let mut rng = crate::rng::Rng::new(3);
        for _ in 0..300 {
            let (mut open, mut plain) = (OpenSequences::new(), BTreeMap::<u64, u32>::new());
            for _ in 0..80 {
                let sequence = rng.next_u64() % 12;
                match rng.next_u64() % 8 {
                    0..=3 => {
                        open.open(sequence);
                        *plain.entry(sequence).or_default() += 1;
                    }
                    4..=6 => {
                        open.close(sequence);
                        if let Some(count) = plain.get_mut(&sequence) {
                            *count -= 1;
                        }
                        plain.retain(|_, count| *count > 0);
                    }
                    _ => assert_eq!(open.pop_first(), plain.pop_first().map(|(it, _)| it)),
                }
                assert_eq!(open.len(), plain.len());
                assert_eq!(open.first(), plain.keys().next().copied());
            }
        }
    }

    #[test]
    fn memory_grows_with_what_is_open_and_not_with_what_lies_between() {
        let mut open = OpenSequences::new();
        open.open(0);
        for sequence in 1..100_000 {
            open.open(sequence);
            open.close(sequence);
        }
        assert_eq!((open.len(), open.first()), (1, Some(0)));
        assert!(open.queue.capacity() < 16, "{}", open.queue.capacity());
    }
}
