//! Brackets outside strings, sixty-four bytes at a time.

use core::iter;

use wide::u8x16;

/// Bytes that are looked at together.
pub(super) const BLOCK: usize = 64;

/// Marks the bytes of a block that are this one.
#[inline]
pub(super) fn is(bytes: u8x16, byte: u8) -> u8x16 {
    bytes.simd_eq(u8x16::splat(byte))
}

/// Where the next block begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Strings {
    /// All bits in a string, or none.
    inside: u64,
    /// One behind a backslash of that string, or zero.
    escaped: u64,
}

/// The bytes of a block.
#[derive(Clone, Copy)]
struct Bytes([u8x16; 4]);

impl Bytes {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Self {
        let (parts, _) = block.as_chunks::<16>();
        let part = |at: usize| u8x16::new(parts.get(at).copied().unwrap_or_default());
        Self([part(0), part(1), part(2), part(3)])
    }

    /// The places that `mark` marks, the first byte in the lowest bit.
    #[inline]
    fn places(self, mark: impl Fn(u8x16) -> u8x16) -> u64 {
        let [a, b, c, d] = self.0.map(|part| u64::from(mark(part).to_bitmask()));
        a | b << 16 | c << 32 | d << 48
    }

    /// Whether one of them is this byte.
    #[inline]
    fn have(self, byte: u8) -> bool {
        let [a, b, c, d] = self.0.map(|part| is(part, byte));
        (a | b | c | d).to_bitmask() != 0
    }
}

impl Strings {
    /// Marks the brackets of the next block that lie in no string, the first byte in the lowest
    /// bit; some bytes that are no brackets may be marked too.
    #[inline]
    pub(super) fn brackets(&mut self, block: &[u8; BLOCK]) -> u64 {
        let bytes = Bytes::of(block);
        let strings = if bytes.have(b'\\') || self.escaped != 0 {
            self.with_escapes(block)
        } else {
            let strings = up_to(bytes.places(|part| is(part, b'"'))) ^ self.inside;
            self.end_with(strings);
            strings
        };
        // With these three bits set, the four brackets are the same.
        bytes.places(|part| is(part | u8x16::splat(0x26), 0x7f)) & !strings
    }

    pub(super) const fn is_inside(self) -> bool {
        self.inside != 0
    }

    /// The block ends as its last byte says.
    #[inline]
    const fn end_with(&mut self, strings: u64) {
        self.inside = 0_u64.wrapping_sub(strings >> (BLOCK - 1));
    }

    /// The places in strings, where there are backslashes.
    #[inline(never)]
    fn with_escapes(&mut self, block: &[u8; BLOCK]) -> u64 {
        const EVEN: u64 = 0x5555_5555_5555_5555;
        let bytes = Bytes::of(block);
        let all = bytes.places(|part| is(part, b'\\'));
        let backslashes = all & !self.escaped;
        let behind = (backslashes << 1) | self.escaped;
        // Runs of backslashes that begin at an odd place: carries find where they end.
        let odd = backslashes & !EVEN & !behind;
        let (ends, carry) = odd.overflowing_add(backslashes);
        let escaped = (EVEN ^ (ends << 1)) & behind;
        let quotes = bytes.places(|part| is(part, b'"')) & !escaped;
        let strings = up_to(quotes) ^ self.inside;
        if all & !strings != 0 {
            // Where none belongs: they escape nothing there.
            return self.one_by_one(block);
        }
        self.escaped = u64::from(carry);
        self.end_with(strings);
        strings
    }

    /// The same byte by byte.
    #[cold]
    fn one_by_one(&mut self, block: &[u8; BLOCK]) -> u64 {
        let mut strings = 0;
        for (place, &byte) in block.iter().enumerate() {
            if self.escaped != 0 {
                self.escaped = 0;
            } else if byte == b'"' {
                self.inside = !self.inside;
            } else {
                self.escaped = u64::from(byte == b'\\') & self.inside;
            }
            strings |= (self.inside & 1) << place;
        }
        strings
    }
}

/// Where this byte is among the last ones of a text, the last place first: two blocks of them are
/// looked at.
pub(in crate::wire) fn last_places(text: &[u8], byte: u8) -> impl Iterator<Item = usize> {
    let start = text.len().saturating_sub(BLOCK);
    let earlier = text.get(..start).unwrap_or_default();
    let places = [text, earlier].into_iter();
    places.flat_map(move |text| places_in_last_block(text, byte))
}

fn places_in_last_block(text: &[u8], byte: u8) -> impl Iterator<Item = usize> {
    let start = text.len().saturating_sub(BLOCK);
    let block = text.last_chunk().copied().unwrap_or_else(|| {
        let mut block = [!byte; BLOCK];
        block
            .iter_mut()
            .zip(text)
            .for_each(|(to, from)| *to = *from);
        block
    });
    let mut left = Bytes::of(&block).places(|part| is(part, byte));
    iter::from_fn(move || {
        let place = left.checked_ilog2()?;
        left ^= 1 << place;
        Some(start.wrapping_add(place as usize))
    })
}

/// For each place, whether the number of `quotes` up to there is odd.
#[inline]
const fn up_to(quotes: u64) -> u64 {
    let pairs = quotes ^ (quotes << 1);
    let fours = pairs ^ (pairs << 2);
    let eights = fours ^ (fours << 4);
    let sixteens = eights ^ (eights << 8);
    let all = sixteens ^ (sixteens << 16);
    all ^ (all << 32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_last_places_of_a_byte_come_from_the_end_on() {
        for length in 0..300_usize {
            for step in [1, 7, 64] {
                let text: Vec<u8> = (0..length)
                    .map(|place| u8::from(place % step == 0))
                    .collect();
                let all = (0..length).rev().filter(|place| place % step == 0);
                let last = all.filter(|place| place + 2 * BLOCK >= length);
                assert!(last_places(&text, 1).eq(last), "{length} {step}");
            }
        }
    }
}
