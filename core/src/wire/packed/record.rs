//! How a row becomes a record.

/// Declares a row, as `row!` does, that can be packed. The key is not a part of the record.
///
/// The parts under `rare` share one place in the mask, and have a mask of their own that is only
/// there if one of them has something to say.
macro_rules! packed {
    (
        $(#[$meta:meta])*
        $name:ident {
            $(key $key_wire:literal $key:ident: $key_type:ty;)?
            $(beside $($beside:literal),+;)?
            $($(#[$doc:meta])* $wire:literal $field:ident: $type:ty,)*
            $(rare; $($(#[$rare_doc:meta])* $rare_wire:literal $rare:ident: $rare_type:ty,)+)?
        }
    ) => {
        crate::wire::row::row! {
            $(#[$meta])*
            $name {
                $(key $key_wire $key: $key_type;)?
                $(beside $($beside),+;)?
                $($(#[$doc])* $wire $field: $type,)*
                $($($(#[$rare_doc])* $rare_wire $rare: $rare_type,)+)?
            }
        }

        #[allow(dead_code, reason = "not every row is used in every way")]
        impl<'i> $name<'i> {
            /// How many parts are rare.
            const RARE: usize = <[&str]>::len(&[$($($rare_wire),+)?]);

            /// Bytes of the mask without a place for the rare parts.
            const COMMON: usize = [$($wire),*].len().div_ceil(4);

            /// Bytes of the mask.
            pub(crate) const MASK: usize = match Self::RARE {
                0 => Self::COMMON,
                _ => [$($wire),*].len().wrapping_add(1).div_ceil(4),
            };

            pub(crate) fn pack(&self, sink: &mut crate::wire::packed::Sink) {
                self.pack_behind(Self::MASK, self.rare(), sink);
            }

            /// Packs what the reader knows to have rare parts or to have none.
            pub(crate) fn pack_known(&self, sink: &mut crate::wire::packed::Sink) {
                let rare = if self.rare() == 0 { 0 } else { 2 };
                self.pack_behind(Self::COMMON, rare, sink);
            }

            /// Packs behind a mask of that many bytes.
            fn pack_behind(
                &self,
                bytes: usize,
                rare: u64,
                sink: &mut crate::wire::packed::Sink,
            ) {
                use crate::wire::packed::Packed as _;
                let (mut mask, mut shift) = (0, 0_u32);
                $(
                    mask |= self.$field.state() << shift;
                    shift = shift.wrapping_add(2);
                )*
                sink.mask(mask | (rare << shift), bytes);
                $(self.$field.pack(sink);)*
                if rare == 2 {
                    self.pack_rare(sink);
                }
            }

            /// The state of the rare parts: that of them all if it is 0 or 1, otherwise 2.
            pub(crate) fn rare(&self) -> u64 {
                #[allow(unused_imports, reason = "most rows have no rare parts")]
                use crate::wire::packed::Packed as _;
                let states: &[u64] = &[$($(self.$rare.state()),+)?];
                let first = states.first().copied().unwrap_or(0).min(2);
                match states.iter().all(|&state| state == first) {
                    true => first,
                    false => 2,
                }
            }

            fn pack_rare(&self, sink: &mut crate::wire::packed::Sink) {
                $(
                    use crate::wire::packed::Packed as _;
                    let (mut mask, mut shift) = (0, 0_u32);
                    $(
                        mask |= self.$rare.state() << shift;
                        shift = shift.wrapping_add(2);
                    )+
                    let _ = shift;
                    sink.mask(mask, Self::RARE.div_ceil(4));
                    $(self.$rare.pack(sink);)+
                )?
                let _ = sink;
            }

            /// The row of a record.
            pub(crate) fn unpack(
                $($key: $key_type,)?
                from: &mut crate::wire::packed::Cursor<'i>,
            ) -> Self {
                let mask = from.mask(Self::MASK);
                Self::unpack_where($($key,)? mask, from, |_| true)
            }

            /// The row of a record with one part and no other.
            #[inline(always)]
            pub(crate) fn only(
                part: &'static str,
                $($key: $key_type,)?
                record: &'i [u8],
            ) -> Self {
                let mut from = crate::wire::packed::Cursor::new(record);
                let mask = from.mask(Self::MASK);
                Self::unpack_where($($key,)? mask, &mut from, |field| field == part)
            }

            /// Passes over a record.
            pub(crate) fn pass(from: &mut crate::wire::packed::Cursor<'i>) {
                let mask = from.mask(Self::MASK);
                Self::pass_behind(mask, from);
            }

            /// The row of [`Self::pack_known`]: `rare` says whether it has rare parts.
            pub(crate) fn unpack_known(
                $($key: $key_type,)?
                rare: bool,
                from: &mut crate::wire::packed::Cursor<'i>,
            ) -> Self {
                let mask = Self::known(rare, from);
                Self::unpack_where($($key,)? mask, from, |_| true)
            }

            /// Passes over a record of [`Self::pack_known`].
            pub(crate) fn pass_known(
                rare: bool,
                from: &mut crate::wire::packed::Cursor<'i>,
            ) {
                let mask = Self::known(rare, from);
                Self::pass_behind(mask, from);
            }

            /// The mask of [`Self::pack_known`] with a place for the rare parts.
            fn known(rare: bool, from: &mut crate::wire::packed::Cursor<'i>) -> u64 {
                let place = 1_u64 << [$($wire),*].len() << [$($wire),*].len();
                let state = if rare { place << 1 } else { 0 };
                from.mask(Self::COMMON) | state
            }

            fn pass_behind(mut mask: u64, from: &mut crate::wire::packed::Cursor<'i>) {
                $(
                    <$type as crate::wire::packed::Packed<'_>>::pass(mask & 3, from);
                    mask >>= 2;
                )*
                $(
                    let mut mask = crate::wire::packed::rare_mask(mask, Self::RARE, from);
                    $(
                        <$rare_type as crate::wire::packed::Packed<'_>>::pass(mask & 3, from);
                        mask >>= 2;
                    )+
                )?
                let _ = mask;
            }

            #[inline(always)]
            fn unpack_where(
                $($key: $key_type,)?
                mut mask: u64,
                from: &mut crate::wire::packed::Cursor<'i>,
                wanted: impl Fn(&'static str) -> bool,
            ) -> Self {
                use crate::wire::packed::Packed;
                $(
                    let $field = if wanted(stringify!($field)) {
                        <$type as Packed<'i>>::unpack(mask & 3, from)
                    } else {
                        <$type as Packed<'i>>::pass(mask & 3, from);
                        <$type as crate::wire::row::Silent>::SILENT
                    };
                    mask >>= 2;
                )*
                $(
                    let mut mask = crate::wire::packed::rare_mask(mask, Self::RARE, from);
                    $(
                        let $rare = if wanted(stringify!($rare)) {
                            <$rare_type as Packed<'i>>::unpack(mask & 3, from)
                        } else {
                            <$rare_type as Packed<'i>>::pass(mask & 3, from);
                            <$rare_type as crate::wire::row::Silent>::SILENT
                        };
                        mask >>= 2;
                    )+
                )?
                let _ = mask;
                Self {
                    $($key,)?
                    $($field,)*
                    $($($rare,)+)?
                    lifetime: core::marker::PhantomData,
                }
            }
        }
    };
}
pub(crate) use packed;

/// The mask of `count` rare parts, whose state together is in the lowest two bits of `state`.
#[inline]
pub(crate) fn rare_mask(state: u64, count: usize, from: &mut super::Cursor<'_>) -> u64 {
    match state & 3 {
        0 => 0,
        1 => 0x5555_5555_5555_5555,
        _ => from.mask(count.div_ceil(4)),
    }
}

/// Whether `newer` speaks of everything that `older` speaks of: then it takes its place as it is.
/// Both are records of one kind of row with a mask of `mask` bytes.
pub(crate) fn covers(newer: &[u8], older: &[u8], mask: usize) -> bool {
    let spoken = |byte: u8| (byte | (byte >> 1)) & 0x55;
    let pairs = newer.iter().zip(older).take(mask);
    pairs.fold(0, |sum, (&newer, &older)| {
        sum | (spoken(older) & !spoken(newer))
    }) == 0
}
