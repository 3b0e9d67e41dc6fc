//! Counts by a few words.

/// So many words are counted one by one: more than any table of them has.
const WORDS: usize = 24;

/// Counts by one of a few words, such as a cause or an outcome.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelCounts([(&'static str, u64); WORDS]);

impl LabelCounts {
    /// Each word that has come, and how often, in the order of their first time.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let used = self.0.iter().take_while(|(_, count)| *count > 0);
        used.copied()
    }

    /// How often this word has come.
    #[must_use]
    pub fn get(&self, label: &str) -> u64 {
        let found = self.iter().find(|(known, _)| *known == label);
        found.map_or(0, |(_, count)| count)
    }

    /// How often any word has come.
    #[must_use]
    pub fn total(&self) -> u64 {
        let all = self.iter();
        all.fold(0, |sum, (_, count)| sum.saturating_add(count))
    }

    /// Adds the counts of another shard.
    pub fn add(&mut self, other: &Self) {
        for (label, count) in other.iter() {
            self.raise(label, count);
        }
    }

    pub(crate) fn count(&mut self, label: &'static str) {
        self.raise(label, 1);
    }

    fn raise(&mut self, label: &'static str, by: u64) {
        let place = self
            .0
            .iter_mut()
            .find(|(known, count)| *count == 0 || *known == label);
        debug_assert!(place.is_some(), "more words than places");
        if let Some((known, count)) = place {
            *known = label;
            *count = count.saturating_add(by);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn words_are_counted_one_by_one() {
        let mut counts = LabelCounts::default();
        assert_eq!((counts.get("a"), counts.total()), (0, 0));
        for label in ["a", "b", "a"] {
            counts.count(label);
        }
        assert_eq!((counts.get("a"), counts.get("b")), (2, 1));
        let mut other = LabelCounts::default();
        other.count("c");
        other.count("b");
        counts.add(&other);
        let all: Vec<_> = counts.iter().collect();
        assert_eq!(all, [("a", 2), ("b", 2), ("c", 1)]);
        assert_eq!(counts.total(), 5);
    }
}
