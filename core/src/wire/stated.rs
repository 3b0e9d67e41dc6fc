//! Values on which a decision hangs: one that cannot be read is not one that was not sent.

use serde::{Deserialize, Serialize};

use super::field::{Part, Read};
use super::{Malformed, json::Reader};

/// What a payload states of something that others decide by.
///
/// A newer statement takes the place of an older one even if it cannot be read: what was known is
/// no longer so, and nothing is guessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stated<T> {
    /// This it is.
    Known(T),
    /// It was sent in a form that cannot be read.
    Unreadable,
}

impl<T: Copy> Stated<T> {
    /// The value, if it could be read.
    pub const fn known(self) -> Option<T> {
        match self {
            Self::Known(value) => Some(value),
            Self::Unreadable => None,
        }
    }
}

impl<'i, T: Read<'i>> Read<'i> for Stated<T> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let value = reader.tolerate(T::read)?;
        Ok(value.map_or(Self::Unreadable, Self::Known))
    }
}

impl<T: Copy> Part for Stated<T> {
    type Owned = Self;

    fn own(self) -> Self {
        self
    }

    fn heap(&self) -> usize {
        0
    }
}
