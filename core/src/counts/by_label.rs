//! Counts by a few words.

/// So many words have a place: more than any table of them has.
const WORDS: usize = 24;

/// What is counted together where there is no place left.
const OTHERS: &str = "other";

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
        let [places @ .., others] = &mut self.0;
        let place = places
            .iter_mut()
            .find(|(known, count)| *count == 0 || *known == label);
        let (known, count, name) = match place {
            Some((known, count)) => (known, count, label),
            None => (&mut others.0, &mut others.1, OTHERS),
        };
        *known = name;
        *count = count.saturating_add(by);
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

    #[test]
    fn words_without_a_place_are_counted_together() {
        let mut counts = LabelCounts::default();
        for at in 0..2 * WORDS {
            counts.count(std::format!("word {at}").leak());
        }
        assert_eq!(counts.total(), 2 * WORDS as u64);
        assert_eq!(counts.get(OTHERS), WORDS as u64 + 1);
    }
}
