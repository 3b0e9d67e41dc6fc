//! Sizes that rows are rounded up to.

/// A size of rows: steps of 4 bytes to 128, of 16 to 256, of 64 to 1,024, then doubling.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::cache::memory) struct SizeClass(u8);

impl SizeClass {
    /// The class with this number.
    pub(in crate::cache::memory) const fn numbered(number: u8) -> Self {
        Self(number)
    }

    pub(in crate::cache::memory) const fn number(self) -> u8 {
        self.0
    }

    /// The smallest class for rows of so many bytes; `None` beyond 16 MiB.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "class numbers are below 64"
    )]
    pub(in crate::cache::memory) const fn of(bytes: usize) -> Option<Self> {
        let number = match bytes {
            0..=12 => 0,
            13..=128 => bytes.wrapping_sub(12).div_ceil(4),
            129..=256 => bytes.wrapping_sub(128).div_ceil(16).wrapping_add(29),
            257..=1024 => bytes.wrapping_sub(256).div_ceil(64).wrapping_add(37),
            1025..=0x100_0000 => bytes.next_power_of_two().ilog2().wrapping_add(39) as usize,
            _ => return None,
        };
        Some(Self(number as u8))
    }

    /// Bytes of a row.
    pub(in crate::cache::memory) const fn bytes(self) -> usize {
        let number = self.0 as usize;
        match self.0 {
            0..=29 => number.wrapping_mul(4).wrapping_add(12),
            30..=37 => number.wrapping_sub(29).wrapping_mul(16).wrapping_add(128),
            38..=49 => number.wrapping_sub(37).wrapping_mul(64).wrapping_add(256),
            50.. => 1_usize.wrapping_shl(self.0 as u32).wrapping_shr(39),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_fits_its_class_and_no_smaller_one() {
        for number in 0..64 {
            let class = SizeClass::numbered(number);
            let bytes = class.bytes();
            assert_eq!(SizeClass::of(bytes), Some(class), "{bytes} bytes");
            let next = (number < 63).then(|| SizeClass(number + 1));
            assert_eq!(SizeClass::of(bytes + 1), next, "{bytes} bytes and one");
        }
    }
}
