//! Roles as they lie in a batch.

use core::fmt;

use serde::ser::{Serialize, Serializer};

use crate::id::RoleId;

/// Ids of roles, in the order of the wire.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct RoleIds<'a>(&'a [[u8; 8]]);

impl<'a> RoleIds<'a> {
    /// Stands at the end of a list that could not be read whole, and alone for one that could not
    /// be read at all. No role has this id: it lies beyond every time that ids can express.
    #[allow(clippy::panic, reason = "in constants alone")]
    pub(crate) const UNREAD: RoleId = match RoleId::new(u64::MAX) {
        Some(role) => role,
        None => panic!("zero"),
    };

    /// Eight bytes each, the lowest first.
    pub(crate) const fn of(bytes: &'a [u8]) -> Self {
        Self(bytes.as_chunks().0)
    }

    /// How many there are.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.len().saturating_sub(usize::from(!self.is_whole()))
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Whether every role of the payload could be read.
    #[must_use]
    pub fn is_whole(self) -> bool {
        self.0.last() != Some(&Self::UNREAD.get().to_le_bytes())
    }

    /// The ids.
    pub fn iter(self) -> impl Iterator<Item = RoleId> + Clone + 'a {
        self.all().filter(|&role| role != Self::UNREAD)
    }

    /// The ids, and the mark of a list that is not whole.
    pub(crate) fn all(self) -> impl Iterator<Item = RoleId> + Clone + 'a {
        let id = |&bytes: &[u8; 8]| RoleId::new(u64::from_le_bytes(bytes));
        self.0.iter().filter_map(id)
    }
}

impl fmt::Debug for RoleIds<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

impl Serialize for RoleIds<'_> {
    /// With the mark of a list that is not whole, 18446744073709551615.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.all())
    }
}
