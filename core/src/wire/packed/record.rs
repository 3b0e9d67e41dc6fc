//! How a row becomes a record.

use super::Sink;

/// A record that has been read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Transcoded {
    /// Where it begins.
    pub(crate) place: usize,
    /// The states of its parts.
    pub(crate) mask: u64,
}

impl Transcoded {
    /// Leaves room for a mask of so many bytes, unless a part has been written.
    #[inline(always)]
    pub(crate) fn begin(&mut self, sink: &mut Sink, bytes: usize) {
        if self.mask == 0 {
            self.place = sink.len();
            sink.mask(0, bytes);
        }
    }

    /// Lets `write` write what is no part of the record, and puts it before what there is of that.
    #[inline]
    pub(crate) fn other<E>(
        &mut self,
        sink: &mut Sink,
        write: impl FnOnce(&mut Sink) -> Result<(), E>,
    ) -> Result<(), E> {
        let before = sink.len();
        write(sink)?;
        let written = sink.len().wrapping_sub(before);
        if self.mask != 0 && written > 0 {
            sink.put_before(self.place, before);
            self.place = self.place.wrapping_add(written);
        }
        Ok(())
    }
}

/// Declares a row, as `row!` does, that can be packed. The key is not a part of the record.
///
/// The parts are declared in the order in which servers write them, the last in the alphabet
/// first: a record can be written then while the object is read. `beside` names keys that servers
/// write between two parts, the row's own key among them; `first` names one that they write before
/// all others, whatever its place in the alphabet; `apart` is what the row has beside the record.
macro_rules! packed {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(key $key_wire:literal $key:ident: $key_type:ty;)?
            $(apart $(#[$apart_doc:meta])* $apart_wire:literal $apart:ident: $apart_type:ty;)*
            $(first $first:literal;)?
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
                $($(#[$apart_doc])* $apart_wire $apart: $apart_type,)*
                $($(#[$doc])* $wire $field: $type,)*
            }
        }

        impl<'i> $name<'i> {
            /// Bytes of the mask.
            pub(crate) const MASK: usize = Self::COUNT.div_ceil(4);

            /// How many parts there are.
            pub(crate) const COUNT: usize = [$($wire),*].len();

            /// All that decides how a record is laid out, but for the types' own forms.
            #[cfg(test)]
            #[allow(dead_code, reason = "of use for rows that are written down as they lie")]
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

            /// Hands out the place of each part, its state and where it ends, as far as `part`
            /// takes them; the mask of the record is elsewhere.
            fn each_part(
                record: &'i [u8],
                mask: u64,
                mut part: impl FnMut(usize, u64, usize) -> Option<()>,
            ) -> Option<()> {
                let mut from = crate::wire::packed::Cursor::new(record);
                from.mask(Self::MASK);
                let (mut mask, mut index) = (mask, 0_usize);
                $(
                    <$type as crate::wire::packed::Packed<'_>>::pass(mask & 3, &mut from);
                    part(index, mask & 3, record.len().wrapping_sub(from.rest().len()))?;
                    (mask, index) = (mask >> 2, index.wrapping_add(1));
                )*
                let _ = (mask, index);
                Some(())
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

            /// The place of one part.
            #[inline(always)]
            #[allow(dead_code, reason = "of use for rows of which one part changes")]
            pub(crate) fn place_of(part: &'static str) -> usize {
                let mut place = 0_usize;
                $(
                    if stringify!($field) == part {
                        return place;
                    }
                    place = place.wrapping_add(1);
                )*
                place
            }

            /// The parts of a record.
            #[allow(dead_code, reason = "of use for rows of which one part changes")]
            pub(crate) fn parts(
                record: &'i [u8],
            ) -> crate::wire::packed::RecordParts<'i, { [$($wire),*].len() }> {
                let mask = crate::wire::packed::Cursor::new(record).mask(Self::MASK);
                let mut parts = crate::wire::packed::RecordParts::new(record, Self::MASK);
                Self::each_part(record, mask, |index, state, end| parts.take(index, state, end));
                parts
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
                Self {
                    $($key,)?
                    $($apart: <$apart_type as crate::wire::row::Silent>::SILENT,)*
                    $($field,)*
                    lifetime: core::marker::PhantomData,
                }
            }
        }

        const _: () = {
            use crate::wire::json::{KeyOrder, OrderedKey};
            use crate::wire::packed::{Packed, Pieces, Transcoded, quoted};

            /// The parts, by the names of their fields.
            #[allow(non_camel_case_types, reason = "the names of the fields")]
            #[derive(Clone, Copy)]
            enum RecordField {
                $($field,)*
                Other,
            }

            const PARTS: usize = RecordField::Other as usize;
            const ORDER: &KeyOrder<RecordField> = &KeyOrder::of(KEYS);
            const KEYS: &[OrderedKey<RecordField>] = &OrderedKey::sorted([
                $(($first, RecordField::Other),)?
                $(
                    $($(($beside, RecordField::Other),)+)?
                    ($wire, RecordField::$field),
                )*
            ]);
            const _: () = {
                let keys = [$($($($beside,)+)? $wire),*];
                assert!(crate::wire::json::descend(&keys), "not in order");
            };

            impl<'i> $name<'i> {
                /// Reads an object straight into a record, fastest if its keys come in the order
                /// of servers; `other` gets the keys that are no parts. What it writes stands
                /// before the record.
                ///
                /// `None` if anything is wrong or comes twice: then the caller, who takes back what
                /// was written, reads the object part by part, which may still succeed.
                #[allow(dead_code, reason = "of use for rows that are written while they are read")]
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
                    let mut record = Transcoded { place: sink.len(), mask: 0 };
                    let mut goes_on = reader.enters_object().ok()?;
                    $(
                        if goes_on && reader.passes(quoted!($first)) {
                            record.other(sink, |sink| other($first, reader, sink)).ok()?;
                            goes_on = reader.object_goes_on().ok()?;
                        }
                    )?
                    'usual: while goes_on && !reader.is_unusual() {
                        $(
                            $($(
                                if reader.passes(quoted!($beside)) {
                                    const SHIFT: u32 = RecordField::$field as u32 * 2;
                                    if record.mask >> SHIFT != 0 {
                                        reader.step_back(quoted!($beside).len());
                                        break 'usual;
                                    }
                                    record.other(sink, |sink| other($beside, reader, sink)).ok()?;
                                    if !reader.passes(b",") && !reader.object_ends().ok()? {
                                        goes_on = false;
                                        break 'usual;
                                    }
                                }
                            )+)?
                            if reader.passes(quoted!($wire)) {
                                const SHIFT: u32 = RecordField::$field as u32 * 2;
                                if record.mask >> SHIFT != 0 {
                                    reader.step_back(quoted!($wire).len());
                                    break 'usual;
                                }
                                record.begin(sink, Self::MASK);
                                let state = <$type as Packed<'i>>::transcode(reader, sink).ok()?;
                                record.mask |= state << SHIFT;
                                if !reader.passes(b",") && !reader.object_ends().ok()? {
                                    goes_on = false;
                                    break 'usual;
                                }
                            }
                        )*
                        if reader.has_known_key(ORDER) {
                            break 'usual;
                        }
                        let mut room = crate::wire::json::KEY_ROOM;
                        let key = reader.key(&mut room).ok()?;
                        if matches!(key, $($first |)? $($($($beside |)+)? $wire)|*) {
                            return None;
                        }
                        record.other(sink, |sink| other(key, reader, sink)).ok()?;
                        goes_on = reader.object_goes_on().ok()?;
                    }
                    if goes_on {
                        reader.set_unusual();
                        return Self::transcode_rest(reader, sink, record, other);
                    }
                    record.begin(sink, Self::MASK);
                    sink.set_mask(record.place, record.mask, Self::MASK);
                    Some(record)
                }

                /// Goes on with an object at a key that is in another order, or behind blanks.
                #[inline(never)]
                fn transcode_rest<F>(
                    reader: &mut crate::wire::json::Reader<'i>,
                    sink: &mut crate::wire::packed::Sink,
                    begun: crate::wire::packed::Transcoded,
                    mut other: F,
                ) -> Option<crate::wire::packed::Transcoded>
                where
                    F: FnMut(
                        &str,
                        &mut crate::wire::json::Reader<'i>,
                        &mut crate::wire::packed::Sink,
                    ) -> Result<(), crate::wire::Malformed>,
                {
                    let mut pieces = Pieces::<PARTS>::new(begun, Self::MASK, sink);
                    if begun.mask != 0 {
                        let record = sink.as_slice().get(begun.place..).unwrap_or_default();
                        $name::each_part(record, begun.mask, |index, state, end| {
                            pieces.part(index, state, begun.place.wrapping_add(end))
                        })?;
                    }
                    let mut goes_on = true;
                    while goes_on {
                        let known = reader.any_key(ORDER);
                        match known.map(OrderedKey::part) {
                            $(
                                Some(RecordField::$field) => {
                                    let part = <$type as Packed<'i>>::transcode(reader, sink);
                                    let index = RecordField::$field as usize;
                                    pieces.part(index, part.ok()?, sink.len())?;
                                }
                            )*
                            Some(RecordField::Other) => {
                                other(known?.name(), reader, sink).ok()?;
                                pieces.other(sink.len())?;
                            }
                            None => {
                                let mut room = crate::wire::json::KEY_ROOM;
                                let key = reader.key(&mut room).ok()?;
                                if matches!(key, $($wire)|*) {
                                    return None;
                                }
                                other(key, reader, sink).ok()?;
                                pieces.other(sink.len())?;
                            }
                        }
                        goes_on = reader.object_goes_on().ok()?;
                    }
                    Some(pieces.arrange(sink, Self::MASK))
                }
            }
        };
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
