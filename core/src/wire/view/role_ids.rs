//! Roles as they lie in a batch.

use core::fmt;

use serde::ser::{Serialize, Serializer};

use crate::id::RoleId;

/// Ids of roles, in the order of the wire.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct RoleIds<'a>(&'a [[u8; 8]]);

impl<'a> RoleIds<'a> {
    /// Eight bytes each, the lowest first.
    pub(crate) const fn of(bytes: &'a [u8]) -> Self {
        Self(bytes.as_chunks().0)
    }

    /// How many there are.
    #[must_use]
    pub const fn len(self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The ids.
    pub fn iter(self) -> impl Iterator<Item = RoleId> + Clone + 'a {
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
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.iter())
    }
}
