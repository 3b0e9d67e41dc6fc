//! Permission sets.

use core::fmt;

use serde::{Deserialize, Serialize};

use super::field::{Read, flat};
use super::{Malformed, json::Reader};

/// A set of permissions, a bit for each, as the gateway numbers them.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Permissions(u64);

flat!(Permissions);

impl Permissions {
    /// The set with these bits.
    #[must_use]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The bits.
    #[must_use]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// Whether all of `others` are in the set.
    #[must_use]
    pub const fn contains(self, others: Self) -> bool {
        self.0 & others.0 == others.0
    }
}

impl fmt::Debug for Permissions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permissions({:#x})", self.0)
    }
}

impl Read<'_> for Permissions {
    /// The wire writes them as a string of digits.
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.quoted_u64().map(Self)
    }
}
