//! Values on which a decision hangs: one that cannot be read is not one that was not sent.

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::field::{Part, Read};
use super::{Malformed, json::Reader};

/// What a payload states of something that others decide by.
///
/// A newer statement takes the place of an older one even if it cannot be read: what was known is
/// no longer so, and nothing is guessed. Serialises as the value, or as `{"unreadable": true}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
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

impl<T: Serialize> Serialize for Stated<T> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Known(value) => value.serialize(to),
            Self::Unreadable => {
                let mut map = to.serialize_map(Some(1))?;
                map.serialize_entry("unreadable", &true)?;
                map.end()
            }
        }
    }
}

/// A value that is read back.
#[derive(serde::Deserialize)]
#[serde(untagged)]
enum StatedForm<T> {
    Known(T),
    Unreadable {
        #[serde(rename = "unreadable")]
        _unreadable: bool,
    },
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Stated<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match StatedForm::deserialize(from)? {
            StatedForm::Known(value) => Self::Known(value),
            StatedForm::Unreadable { .. } => Self::Unreadable,
        })
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
