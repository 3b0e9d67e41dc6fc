//! How a kind's row is declared: its parts and their keys, once.

/// Declares a row: a struct whose parts are read, merged, owned and weighed one by one.
///
/// `key` is the part that must be there; the others are `Field` (may be null) or `Option` (may
/// not). Keys that are not named are skipped, or handed to the closure of `read_with`. Serialised,
/// the parts have the wire's names.
macro_rules! row {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(key $key_wire:literal $key:ident: $key_type:ty;)?
            $($(#[$doc:meta])* $wire:literal $field:ident: $type:ty,)*
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[non_exhaustive]
        pub struct $name<'i> {
            $(
                /// Its id.
                #[serde(rename = $key_wire)]
                pub $key: $key_type,
            )?
            $(
                $(#[$doc])*
                #[serde(
                    default,
                    rename = $wire,
                    skip_serializing_if = "crate::wire::row::Silent::is_silent"
                )]
                pub $field: $type,
            )*
            #[doc(hidden)]
            #[serde(skip)]
            pub(crate) lifetime: core::marker::PhantomData<&'i ()>,
        }

        impl<'i> $name<'i> {
            /// A row that says nothing beyond its key.
            #[must_use]
            pub const fn bare($($key: $key_type)?) -> Self {
                Self {
                    $($key,)?
                    $($field: <$type as crate::wire::row::Silent>::SILENT,)*
                    lifetime: core::marker::PhantomData,
                }
            }

            /// Reads an object; `other` gets the keys that are not declared.
            pub(crate) fn read_with<F>(
                reader: &mut crate::wire::json::Reader<'i>,
                mut other: F,
            ) -> Result<Self, crate::wire::Malformed>
            where
                F: FnMut(
                    &str,
                    &mut crate::wire::json::Reader<'i>,
                ) -> Result<(), crate::wire::Malformed>,
            {
                /// The parts, by the names of their fields.
                #[allow(non_camel_case_types, reason = "the names of the fields")]
                #[derive(Clone, Copy)]
                enum RowField {
                    $($key,)?
                    $($field,)*
                    Other,
                }
                use crate::wire::json::{KeyOrder, OrderedKey};
                const ORDER: &KeyOrder<RowField> = &KeyOrder::of(KEYS);
                const KEYS: &[OrderedKey<RowField>] = &OrderedKey::sorted([
                    $(($key_wire, RowField::$key),)?
                    $(($wire, RowField::$field),)*
                ]);
                let named = |key: &str| match key {
                    $($key_wire => RowField::$key,)?
                    $($wire => RowField::$field,)*
                    _ => RowField::Other,
                };
                $(let mut $key: Option<$key_type> = None;)?
                $(let mut $field = <$type as crate::wire::row::Silent>::SILENT;)*
                reader.object_of(ORDER, named, |at, key, reader| {
                    match at {
                        $(RowField::$key => {
                            $key = reader.tolerate(crate::wire::field::Read::read)?;
                        })?
                        $(RowField::$field => match crate::wire::field::Read::read(reader) {
                            Ok(value) => $field = value,
                            // The last of two counts, even if it cannot be read.
                            Err(fault) => {
                                $field = <$type as crate::wire::row::Silent>::SILENT;
                                return Err(fault);
                            }
                        },)*
                        RowField::Other => return other(key, reader),
                    }
                    Ok(())
                })?;
                $(let Some($key) = $key else {
                    return Err(reader.fault(concat!("no ", $key_wire)));
                };)?
                Ok(Self { $($key,)? $($field,)* lifetime: core::marker::PhantomData })
            }

            /// Overwrites what `newer` speaks of.
            pub fn merge(&mut self, newer: Self) {
                $(crate::wire::field::Merge::merge(&mut self.$field, newer.$field);)*
            }

            /// The same row, borrowing nothing.
            #[must_use]
            pub fn into_owned(self) -> $name<'static> {
                $name {
                    $($key: crate::wire::field::Part::own(self.$key),)?
                    $($field: crate::wire::field::Part::own(self.$field),)*
                    lifetime: core::marker::PhantomData,
                }
            }
        }

        impl<'i> crate::wire::row::ReadWith<'i> for $name<'i> {
            fn read_with<F>(
                reader: &mut crate::wire::json::Reader<'i>,
                other: F,
            ) -> Result<Self, crate::wire::Malformed>
            where
                F: FnMut(
                    &str,
                    &mut crate::wire::json::Reader<'i>,
                ) -> Result<(), crate::wire::Malformed>,
            {
                Self::read_with(reader, other)
            }
        }

        impl<'i> crate::wire::field::Read<'i> for $name<'i> {
            #[inline]
            fn read(
                reader: &mut crate::wire::json::Reader<'i>,
            ) -> Result<Self, crate::wire::Malformed> {
                Self::read_with(reader, |_, reader| reader.skip())
            }
        }

        impl crate::wire::field::Part for $name<'_> {
            type Owned = $name<'static>;

            fn own(self) -> $name<'static> {
                self.into_owned()
            }

            fn heap(&self) -> usize {
                0_usize
                    $(.saturating_add(crate::wire::field::Part::heap(&self.$key)))?
                    $(.saturating_add(crate::wire::field::Part::heap(&self.$field)))*
            }
        }
    };
}
pub(crate) use row;

use super::{Malformed, json::Reader};

/// A row whose object may hold more than the row.
pub(crate) trait ReadWith<'i>: Sized {
    /// Reads an object; `other` gets the keys that are not the row's.
    fn read_with<F>(reader: &mut Reader<'i>, other: F) -> Result<Self, Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>;
}

/// A part that may say nothing.
pub(crate) trait Silent {
    const SILENT: Self;

    fn is_silent(&self) -> bool;
}

impl<T> Silent for super::Field<T> {
    const SILENT: Self = Self::Absent;

    fn is_silent(&self) -> bool {
        self.is_absent()
    }
}

impl<T> Silent for Option<T> {
    const SILENT: Self = None;

    fn is_silent(&self) -> bool {
        self.is_none()
    }
}
