//! How often each kind of place was not understood.

use alloc::collections::BTreeMap;
use alloc::string::String;

use crate::wire::{Misreads, Name};

/// So many kinds of places are counted one by one; some 2,000 exist.
const COUNTED: usize = 256;

/// How often each kind of place was not understood, by dispatch and path.
#[derive(Clone, Debug, Default)]
pub struct MisreadCounts {
    counts: BTreeMap<(&'static str, String), u64>,
    others: u64,
}

impl MisreadCounts {
    /// Each kind of place: the name of the dispatch, the path without places in lists, such as
    /// `channels[].application_id`, and how often; in the order of the names and paths.
    ///
    /// Of one payload, the first 16 places count.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &str, u64)> {
        let counts = self.counts.iter();
        counts.map(|((name, path), &count)| (*name, path.as_str(), count))
    }

    /// How often there was a place beyond the first 256 kinds.
    #[must_use]
    pub const fn others(&self) -> u64 {
        self.others
    }

    /// Adds the counts of another shard.
    pub fn add(&mut self, other: &Self) {
        for ((name, path), &count) in &other.counts {
            self.count(name, path.clone(), count);
        }
        self.others = self.others.saturating_add(other.others);
    }

    pub(crate) fn note(&mut self, name: Option<Name>, misreads: &Misreads) {
        let name = name.map_or("", Name::as_str);
        for misread in misreads.places() {
            self.count(name, misread.pattern(), 1);
        }
    }

    fn count(&mut self, name: &'static str, path: String, by: u64) {
        let full = self.counts.len() >= COUNTED;
        let key = (name, path);
        let count = match full && !self.counts.contains_key(&key) {
            true => &mut self.others,
            false => self.counts.entry(key).or_default(),
        };
        *count = count.saturating_add(by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;
    use std::vec::Vec;

    #[test]
    fn places_of_a_kind_are_counted_together_and_kinds_are_bounded() {
        let mut counts = MisreadCounts::default();
        for index in 0..300 {
            let mut misreads = Misreads::default();
            misreads.add(&format!("a[{index}].b"), "not an id", "null");
            misreads.add(&format!("c{index}"), "not an id", "null");
            counts.note(Some(Name::GuildCreate), &misreads);
        }
        let all: Vec<_> = counts.iter().collect();
        assert_eq!(all[0], ("GUILD_CREATE", "a[].b", 300));
        assert_eq!((all.len(), counts.others()), (COUNTED, 45));
        let mut twice = counts.clone();
        twice.add(&counts);
        assert_eq!(twice.iter().next(), Some(("GUILD_CREATE", "a[].b", 600)));
        assert_eq!(twice.others(), 90);
    }
}
