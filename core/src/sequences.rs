//! A set of sequences, kept as ranges.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// A set of sequences. What follows one another takes no more room than one alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub(crate) struct Sequences {
    /// The last of each range, by its first; between two ranges something is missing.
    ranges: BTreeMap<u64, u64>,
}

impl Sequences {
    pub(crate) const fn new() -> Self {
        Self {
            ranges: BTreeMap::new(),
        }
    }

    pub(crate) fn contains(&self, sequence: u64) -> bool {
        let before = self.ranges.range(..=sequence).next_back();
        before.is_some_and(|(_, &last)| sequence <= last)
    }

    pub(crate) fn insert(&mut self, range: RangeInclusive<u64>) {
        let (mut first, mut last) = range.into_inner();
        if first > last {
            return;
        }
        if let Some(mut range) = self.ranges.last_entry()
            && range.get().checked_add(1) == Some(first)
        {
            *range.get_mut() = last;
            return;
        }
        // Whatever touches the new range becomes a part of it.
        while let Some((&from, &to)) = self.ranges.range(..=last.saturating_add(1)).next_back() {
            if to < first.saturating_sub(1) {
                break;
            }
            self.ranges.remove(&from);
            (first, last) = (first.min(from), last.max(to));
        }
        self.ranges.insert(first, last);
    }

    /// Forgets every sequence up to this one.
    pub(crate) fn remove_up_to(&mut self, sequence: u64) {
        while let Some((&first, &last)) = self.ranges.first_key_value() {
            if first > sequence {
                return;
            }
            self.ranges.remove(&first);
            if last > sequence {
                self.ranges.insert(sequence.saturating_add(1), last);
            }
        }
    }

    /// The ranges, ascending.
    pub(crate) fn ranges(&self) -> impl Iterator<Item = RangeInclusive<u64>> {
        self.ranges.iter().map(|(&first, &last)| first..=last)
    }
}

impl From<Vec<(u64, u64)>> for Sequences {
    fn from(ranges: Vec<(u64, u64)>) -> Self {
        let mut all = Self::default();
        for (first, last) in ranges {
            all.insert(first..=last);
        }
        all
    }
}

impl From<Sequences> for Vec<(u64, u64)> {
    fn from(sequences: Sequences) -> Self {
        sequences.ranges.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn ranges_hold_what_a_plain_set_does() {
        let mut rng = crate::rng::Rng::new(5);
        let mut below = |bound: u64| rng.next_u64() % bound;
        for _ in 0..300 {
            let (mut ranges, mut plain) = (Sequences::default(), BTreeSet::new());
            for _ in 0..40 {
                let first = below(60);
                let last = first + below(5);
                match below(4) {
                    0 => {
                        ranges.remove_up_to(first);
                        plain = plain.split_off(&(first + 1));
                    }
                    _ => {
                        ranges.insert(first..=last);
                        plain.extend(first..=last);
                    }
                }
                assert!((0..70).all(|at| ranges.contains(at) == plain.contains(&at)));
                assert!(ranges.ranges().flatten().eq(plain.iter().copied()));
            }
            let apart = ranges.ranges().zip(ranges.ranges().skip(1));
            for (one, next) in apart {
                assert!(
                    one.end() + 1 < *next.start(),
                    "{one:?} and {next:?} are one"
                );
            }
        }
    }

    #[test]
    fn the_highest_sequences_there_are_do_no_harm() {
        let mut ranges = Sequences::from([(u64::MAX, u64::MAX), (0, 0), (9, 3)].to_vec());
        assert!(ranges.contains(u64::MAX) && ranges.contains(0) && !ranges.contains(5));
        ranges.remove_up_to(u64::MAX);
        assert_eq!(ranges, Sequences::default());
    }
}
