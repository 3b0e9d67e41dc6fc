//! Brackets outside strings, sixteen bytes at a time.

use wide::u8x16;

/// Bytes that are looked at together.
pub(super) const BLOCK: usize = 16;

/// Every place of a block, the first in the lowest bit.
const ALL: u32 = 0xffff;

/// Marks the bytes of a block that are this one.
#[inline]
pub(super) fn is(bytes: u8x16, byte: u8) -> u8x16 {
    bytes.simd_eq(u8x16::splat(byte))
}

/// Where the next block begins.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Strings {
    /// [`ALL`] in a string, or zero.
    inside: u32,
    /// Behind a backslash of that string.
    escaped: bool,
}

impl Strings {
    /// Marks the brackets of the next block that lie in no string, the first byte in the lowest
    /// bit; some bytes that are no brackets may be marked too.
    #[inline]
    pub(super) fn brackets(&mut self, block: [u8; BLOCK]) -> u32 {
        let bytes = u8x16::new(block);
        let backslashes = is(bytes, b'\\').to_bitmask();
        let strings = if backslashes != 0 || self.escaped {
            self.one_by_one(block)
        } else {
            let strings = up_to(is(bytes, b'"').to_bitmask()) ^ self.inside;
            self.inside = ALL.wrapping_mul((strings >> (BLOCK - 1)) & 1);
            strings
        };
        // With these three bits set, the four brackets are the same.
        let brackets = is(bytes | u8x16::splat(0x26), 0x7f);
        brackets.to_bitmask() & !strings
    }

    pub(super) const fn is_inside(self) -> bool {
        self.inside != 0
    }

    /// The places in strings, where there are backslashes.
    #[cold]
    fn one_by_one(&mut self, block: [u8; BLOCK]) -> u32 {
        let mut strings = 0;
        for (place, byte) in block.into_iter().enumerate() {
            if self.escaped {
                self.escaped = false;
            } else if byte == b'"' {
                self.inside ^= ALL;
            } else {
                self.escaped = byte == b'\\' && self.is_inside();
            }
            strings |= (self.inside & 1) << place;
        }
        strings
    }
}

/// For each place, whether the number of `quotes` up to there is odd.
#[inline]
const fn up_to(quotes: u32) -> u32 {
    let pairs = quotes ^ (quotes << 1);
    let fours = pairs ^ (pairs << 2);
    let eights = fours ^ (fours << 4);
    (eights ^ (eights << 8)) & ALL
}
