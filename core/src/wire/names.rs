//! Sets of names of dispatches.

use alloc::vec::Vec;
use core::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::Name;

/// A set of names of dispatches; [`Name::Unknown`] stands for all that this version does not know.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Names(u128);

impl Names {
    /// No name.
    pub const NONE: Self = Self(0);

    /// Every name, the unknown ones too.
    pub const ALL: Self = Self::NONE.with_each(Name::ALL).with(Name::Unknown);

    /// The same set and this name.
    #[must_use]
    pub const fn with(self, name: Name) -> Self {
        Self(self.0 | Self::bit(name))
    }

    /// The same set without this name.
    #[must_use]
    pub const fn without(self, name: Name) -> Self {
        Self(self.0 & !Self::bit(name))
    }

    /// Whether the name is in the set.
    #[inline]
    #[must_use]
    pub const fn contains(self, name: Name) -> bool {
        self.0 & Self::bit(name) != 0
    }

    /// The names in the set, in the order of [`Name::ALL`], the unknown ones last.
    pub fn each(self) -> impl Iterator<Item = Name> {
        let all = Name::ALL.iter().copied().chain([Name::Unknown]);
        all.filter(move |&name| self.contains(name))
    }

    const fn with_each(mut self, names: &[Name]) -> Self {
        let mut rest = names;
        while let Some((&name, others)) = rest.split_first() {
            self = self.with(name);
            rest = others;
        }
        self
    }

    const fn bit(name: Name) -> u128 {
        1_u128.wrapping_shl(name as u32)
    }
}

impl FromIterator<Name> for Names {
    fn from_iter<I: IntoIterator<Item = Name>>(names: I) -> Self {
        names.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.each()).finish()
    }
}

/// As a list of names.
impl Serialize for Names {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.each())
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::<Name>::deserialize(from).map(Self::from_iter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_name_has_a_bit_of_its_own() {
        let mut set = Names::NONE;
        for name in Names::ALL.each() {
            assert!(!set.contains(name), "{name}");
            set = set.with(name);
        }
        assert_eq!(set, Names::ALL);
        assert_eq!(set.each().count(), Name::ALL.len() + 1);
        assert!(!set.without(Name::TypingStart).contains(Name::TypingStart));
    }

    #[test]
    fn a_set_is_a_list_of_its_names() {
        let set = Names::from_iter([Name::Unknown, Name::MessageCreate]);
        let text = serde_json::to_string(&set).unwrap();
        assert_eq!(text, r#"["MESSAGE_CREATE","UNKNOWN"]"#);
        assert_eq!(serde_json::from_str::<Names>(&text).unwrap(), set);
    }
}
