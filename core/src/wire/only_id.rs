//! Objects inside a row of which nothing but the id is kept.

use serde::{Deserialize, Serialize};

use super::Malformed;
use super::field::{Part, Read};
use super::json::{KeyOrder, OrderedKey, Reader};

/// The id of an object; the rest of the object is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OnlyId<T>(pub T);

/// The keys of a user, which most of these objects are.
const ORDER: &KeyOrder<()> = &KeyOrder::of(KEYS);

const KEYS: &[OrderedKey<()>] = &OrderedKey::names([
    "username",
    "public_flags",
    "primary_guild",
    "id",
    "global_name",
    "display_name_styles",
    "display_name",
    "discriminator",
    "collectibles",
    "clan",
    "bot",
    "avatar_decoration_data",
    "avatar",
]);

impl<'i, T: Read<'i>> Read<'i> for OnlyId<T> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let mut id = None;
        reader.object_in(ORDER, |key, reader| {
            match key {
                "id" => id = reader.tolerate(T::read)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        id.map(Self).ok_or_else(|| reader.fault("no id"))
    }
}

impl<T: Copy> Part for OnlyId<T> {
    type Owned = Self;

    fn own(self) -> Self {
        self
    }

    fn heap(&self) -> usize {
        0
    }
}
