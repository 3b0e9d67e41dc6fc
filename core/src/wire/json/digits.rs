//! Digits, eight at a time.

use core::num::NonZeroU64;

/// The powers of ten by which digits that follow move those before them.
pub(super) const POWERS: [u64; 9] = [
    1,
    10,
    100,
    1000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
];

/// What sixteen digits are worth together.
#[inline(always)]
fn sixteen_digits(digits: &[u8; 16]) -> Option<u64> {
    let ([high, low], []) = digits.as_chunks() else {
        return None;
    };
    let [high, low] = [high, low].map(|part| u64::from_le_bytes(*part));
    if others(high) | others(low) != 0 {
        return None;
    }
    let [high, low] = [high, low].map(joined);
    Some(high.wrapping_mul(100_000_000).wrapping_add(low))
}

/// An id of 16 to 19 digits in quotes, and how many bytes these are together: what servers send.
#[inline(always)]
pub(super) fn usual_id(text: &[u8; 21]) -> Option<(NonZeroU64, usize)> {
    let [b'"', digits @ ..] = text else {
        return None;
    };
    let (high, rest) = digits.split_first_chunk()?;
    let (mut value, mut length) = (sixteen_digits(high)?, 18_usize);
    for byte in rest {
        match byte {
            b'0'..=b'9' => value = value.wrapping_mul(10).wrapping_add(u64::from(byte & 15)),
            b'"' => return Some((NonZeroU64::new(value)?, length)),
            _ => return None,
        }
        length = length.wrapping_add(1);
    }
    None
}

/// A number of 8 to 15 digits before a comma or a closing brace, and how many they are: what
/// servers write as points in time.
#[inline(always)]
pub(super) fn usual_number(text: &[u8; 16]) -> Option<(u64, usize)> {
    let ([high, low], []) = text.as_chunks() else {
        return None;
    };
    let first = *high.first()?;
    let high = eight_digits(u64::from_le_bytes(*high))?;
    let (low, count) = leading_digits(u64::from_le_bytes(*low));
    let length = count.wrapping_add(8);
    let (b'1'..=b'9', Some(b',' | b'}')) = (first, text.get(length)) else {
        return None;
    };
    let scale = POWERS.get(count)?;
    Some((high.wrapping_mul(*scale).wrapping_add(low), length))
}

/// The bits that all digits have in common.
const HIGH: u64 = 0xf0f0_f0f0_f0f0_f0f0;

/// Eight digits of which the first is the lowest byte.
#[inline(always)]
pub(in crate::wire) const fn eight_digits(word: u64) -> Option<u64> {
    match others(word) {
        0 => Some(joined(word)),
        _ => None,
    }
}

/// Four numbers of two digits each, of which the first is in the lowest bytes.
#[inline(always)]
pub(in crate::wire) const fn four_pairs(word: u64) -> Option<[i64; 4]> {
    if others(word) != 0 {
        return None;
    }
    let pairs = pairs(word).cast_signed();
    let (a, b, c, d) = (pairs & 0xff, pairs >> 16, pairs >> 32, pairs >> 48);
    Some([a, b & 0xff, c & 0xff, d])
}

/// Not zero if one of eight bytes is no digit.
#[inline(always)]
const fn others(word: u64) -> u64 {
    const ZEROS: u64 = 0x3030_3030_3030_3030;
    let over = word.wrapping_add(0x0606_0606_0606_0606);
    ((word & HIGH) | ((over & HIGH) >> 4)) ^ (ZEROS | (ZEROS >> 4))
}

/// What eight digits are worth together, of which the first is the lowest byte: pairs are joined,
/// then pairs of pairs.
#[inline(always)]
const fn joined(digits: u64) -> u64 {
    let fours = pairs(digits).wrapping_mul(100 << 16 | 1) >> 16;
    (fours & 0x0000_ffff_0000_ffff).wrapping_mul(10_000 << 32 | 1) >> 32
}

/// What each two of eight digits are worth together, the first two in the lowest bytes.
#[inline(always)]
const fn pairs(digits: u64) -> u64 {
    let ones = (digits & !HIGH).wrapping_mul(10 << 8 | 1) >> 8;
    ones & 0x00ff_00ff_00ff_00ff
}

/// What the digits at the front of eight bytes are worth together, and how many they are.
#[inline(always)]
pub(super) const fn leading_digits(word: u64) -> (u64, usize) {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const ZEROS: u64 = ONES * b'0' as u64;
    const TO_SIGN: u64 = ONES * 0x76;
    let digits = word ^ ZEROS;
    // A carry reaches only what stands behind the first byte that is no digit.
    let odd = (digits | digits.wrapping_add(TO_SIGN)) & (ONES << 7);
    let bits = odd.trailing_zeros() & !7;
    // In two steps, since no shift goes as far as all bits.
    let front = digits.wrapping_shl((56_u32.wrapping_sub(bits)) & 63);
    let part = match bits {
        0 => 0,
        64 => joined(digits),
        _ => joined(front << 8),
    };
    (part, (bits >> 3) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::json::Reader;

    #[test]
    fn digits_differ_from_everything_else() {
        for place in 0..8 {
            for byte in 0..=255_u8 {
                let mut digits = *b"12345678";
                digits[place] = byte;
                let theirs = core::str::from_utf8(&digits).ok();
                let theirs = theirs.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
                let theirs = theirs.and_then(|text| text.parse().ok());
                assert_eq!(
                    eight_digits(u64::from_le_bytes(digits)),
                    theirs,
                    "{digits:?}"
                );
            }
        }
        for value in [
            1,
            12_345_678,
            1_144_003_000_000_000_000,
            u64::MAX,
            u64::MAX - 9,
        ] {
            let text = std::format!("\"{value}\"");
            assert_eq!(Reader::new(&text).quoted_u64(), Ok(value));
        }
        assert!(
            Reader::new("\"18446744073709551620\"")
                .quoted_u64()
                .is_err()
        );
        assert!(
            Reader::new("\"184467440737095516150\"")
                .quoted_u64()
                .is_err()
        );
    }
}
