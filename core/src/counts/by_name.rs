//! Counts by the names of dispatches.

use crate::wire::Name;

/// Every known name, and one place for all others.
const NAMES: usize = Name::ALL.len().saturating_add(1);

/// Counts by the name of a dispatch; those whose names this version does not know count together,
/// as [`Name::Unknown`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameCounts([u64; NAMES]);

impl Default for NameCounts {
    fn default() -> Self {
        Self([0; NAMES])
    }
}

impl NameCounts {
    /// Each name that has come, and how often, in the order of [`Name::ALL`].
    pub fn iter(&self) -> impl Iterator<Item = (Name, u64)> {
        let names = Name::ALL.iter().copied().chain([Name::Unknown]);
        let all = names.zip(self.0.iter().copied());
        all.filter(|(_, count)| *count > 0)
    }

    /// How often this name has come.
    #[must_use]
    pub fn get(&self, name: Name) -> u64 {
        self.0.get(name as usize).copied().unwrap_or_default()
    }

    /// How often any name has come.
    #[must_use]
    pub fn total(&self) -> u64 {
        let all = self.0.iter();
        all.fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Adds the counts of another shard.
    pub fn add(&mut self, other: &Self) {
        for (own, other) in self.0.iter_mut().zip(&other.0) {
            *own = own.saturating_add(*other);
        }
    }

    #[inline]
    pub(crate) fn count(&mut self, name: Name) {
        if let Some(count) = self.0.get_mut(name as usize) {
            *count = count.saturating_add(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn each_name_has_a_place_of_its_own() {
        let mut counts = NameCounts::default();
        for (at, &name) in Name::ALL.iter().chain([&Name::Unknown]).enumerate() {
            for _ in 0..=at {
                counts.count(name);
            }
        }
        counts.add(&counts.clone());
        let all: Vec<_> = counts.iter().collect();
        assert_eq!(all.len(), NAMES);
        for (at, &name) in Name::ALL.iter().chain([&Name::Unknown]).enumerate() {
            let twice = 2 * (at as u64 + 1);
            assert_eq!((all[at], counts.get(name)), ((name, twice), twice));
        }
        let places = NAMES as u64;
        assert_eq!(counts.total(), places * (places + 1));
    }
}
