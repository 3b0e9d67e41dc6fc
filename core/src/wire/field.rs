//! The parts of a row: how they are read, merged, owned and weighed.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::num::NonZeroU64;

use serde::{Deserialize, Serialize, Serializer};

use super::{
    Malformed, Text,
    json::{Reader, ZERO_ID},
};
use crate::id::{self, for_each_id};
use crate::kind::for_each_kind;

/// A part that may be missing and may be null, which are not the same.
///
/// Missing means unchanged; null means that there is none now. A part that cannot be null is an
/// `Option` instead.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(from = "Option<T>")]
pub enum Field<T> {
    /// The payload does not speak of it.
    #[default]
    Absent,
    /// There is none.
    Null,
    /// This it is.
    Value(T),
}

impl<T> Field<T> {
    /// The value, if there is one.
    pub const fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The value, if there is one.
    pub fn into_value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null => None,
        }
    }

    /// The same with what `change` makes of the value.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Field<U> {
        match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Value(value) => Field::Value(change(value)),
        }
    }

    /// Whether the payload does not speak of it.
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// Takes what is newer, if that is not absent.
    pub fn merge(&mut self, newer: Self) {
        if !newer.is_absent() {
            *self = newer;
        }
    }
}

impl<T> From<Option<T>> for Field<T> {
    /// `None` becomes null.
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Self::Value)
    }
}

impl<T: Serialize> Serialize for Field<T> {
    /// As an option; rows leave out what is absent.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        self.value().serialize(to)
    }
}

/// What can be read from a payload.
pub(crate) trait Read<'i>: Sized {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed>;
}

/// What a row is made of.
pub(crate) trait Part {
    /// The same, borrowing nothing.
    type Owned;

    fn own(self) -> Self::Owned;

    /// Bytes on the heap, the allocator's own cost left out.
    fn heap(&self) -> usize;
}

/// What a newer payload may overwrite.
pub(crate) trait Merge {
    fn merge(&mut self, newer: Self);
}

impl<T> Merge for Field<T> {
    fn merge(&mut self, newer: Self) {
        Self::merge(self, newer);
    }
}

impl<T> Merge for Option<T> {
    fn merge(&mut self, newer: Self) {
        if newer.is_some() {
            *self = newer;
        }
    }
}

macro_rules! flat {
    ($($type:ty),*) => {$(
        impl $crate::wire::field::Part for $type {
            type Owned = Self;

            fn own(self) -> Self {
                self
            }

            fn heap(&self) -> usize {
                0
            }
        }
    )*};
}
pub(crate) use flat;

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident)*) => {$(
        ids!(@ id::$id);
    )*};
    (@ $type:ty) => {
        flat!($type);

        impl Read<'_> for $type {
            #[inline]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
                reader.id()
            }
        }
    };
}

macro_rules! integers {
    ($($type:ty),*) => {$(
        flat!($type);

        impl Read<'_> for $type {
            #[inline]
            fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
                let value = reader.whole()?;
                value.try_into().map_err(|_| reader.fault("an integer out of range"))
            }
        }
    )*};
}

for_each_id!(ids);
ids!(@ NonZeroU64);

/// The ids of plain kinds; rows that another id identifies have none.
macro_rules! plain_ids {
    (special $special:tt plain { $(
        $(#[doc = $doc:literal])* $kind:ident $flag:ident = $bit:literal {
            row { $row:ident $key:ident: $id:ident }
            $($more:tt)*
        }
    )* }) => { $(plain_ids!($key $id);)* };
    (id $id:ident) => { ids!(@ id::$id); };
    ($key:ident $id:ident) => {};
}
for_each_kind!(plain_ids);
integers!(u8, u16, u32, u64);
flat!(bool, i64, f64);

impl Read<'_> for bool {
    #[inline(always)]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.flag()
    }
}

impl Read<'_> for i64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.signed()
    }
}

impl Read<'_> for f64 {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.float()
    }
}

impl<'i, T: Read<'i>> Read<'i> for Box<T> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        T::read(reader).map(Self::new)
    }
}

impl<T: Part> Part for Box<T> {
    type Owned = Box<T::Owned>;

    fn own(self) -> Self::Owned {
        Box::new((*self).own())
    }

    fn heap(&self) -> usize {
        size_of::<T>().saturating_add((**self).heap())
    }
}

impl<'i> Read<'i> for Text<'i> {
    #[inline]
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        reader.text()
    }
}

impl Part for Text<'_> {
    type Owned = Text<'static>;

    fn own(self) -> Text<'static> {
        self.into_owned()
    }

    fn heap(&self) -> usize {
        self.heap_bytes()
    }
}

impl<'i, T: Read<'i>> Read<'i> for Field<T> {
    #[inline]
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        if reader.null()? {
            return Ok(Self::Null);
        }
        match T::read(reader) {
            Ok(value) => Ok(Self::Value(value)),
            // An id of zero has been written for none.
            Err(fault) if fault.what == ZERO_ID => Ok(Self::Null),
            Err(fault) => Err(fault),
        }
    }
}

impl<T: Part> Part for Field<T> {
    type Owned = Field<T::Owned>;

    fn own(self) -> Self::Owned {
        match self {
            Self::Absent => Field::Absent,
            Self::Null => Field::Null,
            Self::Value(value) => Field::Value(value.own()),
        }
    }

    fn heap(&self) -> usize {
        self.value().map_or(0, T::heap)
    }
}

impl<'i, T: Read<'i>> Read<'i> for Option<T> {
    #[inline]
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        T::read(reader).map(Some)
    }
}

impl<T: Part> Part for Option<T> {
    type Owned = Option<T::Owned>;

    fn own(self) -> Self::Owned {
        self.map(T::own)
    }

    fn heap(&self) -> usize {
        self.as_ref().map_or(0, T::heap)
    }
}

/// A list of which nothing can be read is not an empty one.
impl<'i, T: Read<'i>> Read<'i> for Vec<T> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let mut list = Self::new();
        let unread = reader.list(|reader| {
            list.push(T::read(reader)?);
            Ok(())
        })?;
        match list.is_empty() && unread > 0 {
            true => Err(reader.fault("a list of which nothing can be read")),
            false => Ok(list),
        }
    }
}

impl<T: Part> Part for Vec<T> {
    type Owned = Vec<T::Owned>;

    fn own(self) -> Self::Owned {
        let mut list: Vec<T::Owned> = self.into_iter().map(T::own).collect();
        list.shrink_to_fit();
        list
    }

    fn heap(&self) -> usize {
        let rows = self.capacity().saturating_mul(size_of::<T>());
        self.iter()
            .fold(rows, |sum, part| sum.saturating_add(part.heap()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_changes_nothing_and_null_clears() {
        let mut nick = Field::Value(1);
        nick.merge(Field::Absent);
        assert_eq!(nick, Field::Value(1));
        nick.merge(Field::Null);
        assert_eq!(nick, Field::Null);
    }

    #[test]
    fn null_is_read_only_where_it_may_stand() {
        let read = <Field<u8> as Read<'_>>::read(&mut Reader::new("null"));
        assert_eq!(read, Ok(Field::Null));
        assert!(<Option<u8> as Read<'_>>::read(&mut Reader::new("null")).is_err());
        assert!(<Field<u8> as Read<'_>>::read(&mut Reader::new("256")).is_err());
    }
}
