//! How a row becomes a record.

/// A record that has been read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transcoded {
    /// Where it begins.
    pub(crate) place: usize,
    /// The states of its parts.
    pub(crate) mask: u64,
}

/// Declares a row, as `row!` does, that can be packed. The key is not a part of the record.
///
/// The parts are declared in the order in which servers write them, the last in the alphabet
/// first: a record can be written then while the object is read. `beside` names keys that servers
/// write between two parts, the row's own key among them.
macro_rules! packed {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(key $key_wire:literal $key:ident: $key_type:ty;)?
            $(
                $(beside $($beside:literal),+;)?
                $(#[$doc:meta])* $wire:literal $field:ident: $type:ty,
            )*
        }
    ) => {
        crate::wire::row::row! {
            $(#[$meta])*
            $name {
                $(key $key_wire $key: $key_type;)?
                $($(#[$doc])* $wire $field: $type,)*
            }
        }

        impl<'i> $name<'i> {
            /// Bytes of the mask.
            pub(crate) const MASK: usize = [$($wire),*].len().div_ceil(4);

            /// All that decides how a record is laid out, but for the types' own forms.
            #[cfg(test)]
            pub(crate) const PARTS: &'static str =
                concat!(stringify!($name), ":", $($wire, " ", stringify!($type), ";",)*);

            pub(crate) fn pack(&self, sink: &mut crate::wire::packed::Sink) {
                use crate::wire::packed::Packed as _;
                let (mut mask, mut shift) = (0, 0_u32);
                $(
                    mask |= self.$field.state() << shift;
                    shift = shift.wrapping_add(2);
                )*
                let _ = shift;
                sink.mask(mask, Self::MASK);
                $(self.$field.pack(sink);)*
            }

            /// Reads an object that is written as servers do straight into a record; `other` gets
            /// the keys that are no parts.
            ///
            /// `None` if anything is wrong or in another order: then the caller, who takes back
            /// what was written, reads the object part by part, which may still succeed.
            pub(crate) fn transcode_with<F>(
                reader: &mut crate::wire::json::Reader<'i>,
                sink: &mut crate::wire::packed::Sink,
                mut other: F,
            ) -> Option<crate::wire::packed::Transcoded>
            where
                F: FnMut(
                    &str,
                    &mut crate::wire::json::Reader<'i>,
                    &mut crate::wire::packed::Sink,
                ) -> Result<(), crate::wire::Malformed>,
            {
                use crate::wire::packed::{Packed, quoted};
                /// The parts, by the names of their fields.
                #[allow(non_camel_case_types, reason = "the names of the fields")]
                enum RecordField {
                    $($field,)*
                }
                const {
                    let keys = [$($($($beside,)+)? $wire),*];
                    assert!(crate::wire::json::descend(&keys), "not in order");
                }
                let (mut mask, mut place) = (0, 0);
                let mut goes_on = reader.enters_object().ok()?;
                while goes_on {
                    $(
                        $($(
                            if reader.passes(quoted!($beside)) {
                                other($beside, reader, sink).ok()?;
                                goes_on = reader.object_goes_on().ok()?;
                                if !goes_on {
                                    break;
                                }
                            }
                        )+)?
                        if reader.passes(quoted!($wire)) {
                            const SHIFT: u32 = RecordField::$field as u32 * 2;
                            if mask >> SHIFT != 0 {
                                return None;
                            }
                            if mask == 0 {
                                place = sink.len();
                                sink.mask(0, Self::MASK);
                            }
                            let state = <$type as Packed<'i>>::transcode(reader, sink).ok()?;
                            mask |= state << SHIFT;
                            goes_on = reader.object_goes_on().ok()?;
                            if !goes_on {
                                break;
                            }
                        }
                    )*
                    let mut room = crate::wire::json::KEY_ROOM;
                    let key = reader.key(&mut room).ok()?;
                    if matches!(key, $($wire)|*) {
                        return None;
                    }
                    other(key, reader, sink).ok()?;
                    goes_on = reader.object_goes_on().ok()?;
                }
                if mask == 0 {
                    place = sink.len();
                    sink.mask(0, Self::MASK);
                }
                sink.set_mask(place, mask, Self::MASK);
                Some(crate::wire::packed::Transcoded { place, mask })
            }

            /// The state of one part.
            #[inline(always)]
            #[allow(dead_code, reason = "of use for rows that must have a part")]
            pub(crate) fn state_of(part: &'static str, mask: u64) -> u64 {
                let mut mask = mask;
                $(
                    if stringify!($field) == part {
                        return mask & 3;
                    }
                    mask >>= 2;
                )*
                let _ = mask;
                0
            }

            /// The row of a record.
            pub(crate) fn unpack(
                $($key: $key_type,)?
                from: &mut crate::wire::packed::Cursor<'i>,
            ) -> Self {
                Self::unpack_where($($key,)? from, |_| true)
            }

            /// The row of a record with one part and no other.
            #[inline(always)]
            #[allow(dead_code, reason = "of use for rows whose parts are read alone")]
            pub(crate) fn only(
                part: &'static str,
                $($key: $key_type,)?
                record: &'i [u8],
            ) -> Self {
                let mut from = crate::wire::packed::Cursor::new(record);
                Self::unpack_where($($key,)? &mut from, |field| field == part)
            }

            /// Passes over a record.
            #[allow(dead_code, reason = "of use for rows that are parts of others")]
            pub(crate) fn pass(from: &mut crate::wire::packed::Cursor<'i>) {
                let mut mask = from.mask(Self::MASK);
                $(
                    <$type as crate::wire::packed::Packed<'_>>::pass(mask & 3, from);
                    mask >>= 2;
                )*
                let _ = mask;
            }

            #[inline(always)]
            fn unpack_where(
                $($key: $key_type,)?
                from: &mut crate::wire::packed::Cursor<'i>,
                wanted: impl Fn(&'static str) -> bool,
            ) -> Self {
                use crate::wire::packed::Packed;
                let mut mask = from.mask(Self::MASK);
                $(
                    let $field = if wanted(stringify!($field)) {
                        <$type as Packed<'i>>::unpack(mask & 3, from)
                    } else {
                        <$type as Packed<'i>>::pass(mask & 3, from);
                        <$type as crate::wire::row::Silent>::SILENT
                    };
                    mask >>= 2;
                )*
                let _ = mask;
                Self { $($key,)? $($field,)* lifetime: core::marker::PhantomData }
            }
        }
    };
}
pub(crate) use packed;

/// A key as it stands in a text, quotes and colon included.
macro_rules! quoted {
    ($key:literal) => {{
        const TEXT: &str = concat!("\"", $key, "\":");
        const BYTES: [u8; TEXT.len()] = match TEXT.as_bytes().first_chunk() {
            Some(bytes) => *bytes,
            None => [0; TEXT.len()],
        };
        &BYTES
    }};
}
pub(crate) use quoted;

/// Whether `newer` speaks of everything that `older` speaks of: then it takes its place as it is.
/// Both are records of one kind of row with a mask of `mask` bytes.
pub(crate) fn covers(newer: &[u8], older: &[u8], mask: usize) -> bool {
    let spoken = |byte: u8| (byte | (byte >> 1)) & 0x55;
    let pairs = newer.iter().zip(older).take(mask);
    pairs.fold(0, |sum, (&newer, &older)| {
        sum | (spoken(older) & !spoken(newer))
    }) == 0
}
