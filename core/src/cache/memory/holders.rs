//! Who holds a shared row.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::slice;

use crate::id::GuildId;

/// A set of guilds, small because most users share one guild with the bot.
#[derive(Debug, Default)]
pub(super) enum Holders {
    #[default]
    None,
    One(GuildId),
    /// Sorted.
    #[allow(clippy::box_collection, reason = "rare; the row stays small")]
    Many(Box<Vec<GuildId>>),
}

impl Holders {
    /// Adds a guild; once is enough.
    pub(super) fn add(&mut self, guild: GuildId) {
        match self {
            Self::None => *self = Self::One(guild),
            Self::One(one) if *one == guild => {}
            Self::One(one) => {
                let mut both = Vec::from([*one, guild]);
                both.sort_unstable();
                *self = Self::Many(Box::new(both));
            }
            Self::Many(many) => {
                if let Err(place) = many.binary_search(&guild) {
                    many.insert(place, guild);
                }
            }
        }
    }

    /// Removes a guild, if it is there.
    pub(super) fn remove(&mut self, guild: GuildId) {
        match self {
            Self::None => {}
            Self::One(one) => {
                if *one == guild {
                    *self = Self::None;
                }
            }
            Self::Many(many) => {
                if let Ok(place) = many.binary_search(&guild) {
                    many.remove(place);
                }
                if let [one] = *many.as_slice() {
                    *self = Self::One(one);
                }
            }
        }
    }

    fn as_slice(&self) -> &[GuildId] {
        match self {
            Self::None => &[],
            Self::One(one) => slice::from_ref(one),
            Self::Many(many) => many,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = GuildId> {
        self.as_slice().iter().copied()
    }

    pub(super) fn heap(&self) -> usize {
        match self {
            Self::None | Self::One(_) => 0,
            Self::Many(many) => {
                let guilds = many.capacity().saturating_mul(size_of::<GuildId>());
                guilds.saturating_add(size_of::<Vec<GuildId>>())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn a_repeated_add_or_remove_changes_nothing() {
        let guild = |id| GuildId::new(id).unwrap();
        let mut holders = Holders::default();
        for id in [3, 1, 3, 2, 1] {
            holders.add(guild(id));
        }
        assert_eq!(holders.iter().collect::<Vec<_>>(), [1, 2, 3].map(guild));
        for id in [9, 2, 2, 1] {
            holders.remove(guild(id));
        }
        assert_eq!(holders.iter().collect::<Vec<_>>(), [guild(3)]);
        holders.remove(guild(3));
        assert!(holders.is_empty());
        assert_eq!(size_of::<Holders>(), 16);
    }
}
