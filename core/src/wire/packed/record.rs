//! How a row becomes a record.

/// Declares a row, as `row!` does, that can be packed. The key is not a part of the record.
macro_rules! packed {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(key $key_wire:literal $key:ident: $key_type:ty;)?
            $($(#[$doc:meta])* $wire:literal $field:ident: $type:ty,)*
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

/// Whether `newer` speaks of everything that `older` speaks of: then it takes its place as it is.
/// Both are records of one kind of row with a mask of `mask` bytes.
pub(crate) fn covers(newer: &[u8], older: &[u8], mask: usize) -> bool {
    let spoken = |byte: u8| (byte | (byte >> 1)) & 0x55;
    let pairs = newer.iter().zip(older).take(mask);
    pairs.fold(0, |sum, (&newer, &older)| {
        sum | (spoken(older) & !spoken(newer))
    }) == 0
}
