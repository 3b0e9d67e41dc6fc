//! Hexadecimal digits.

/// Sixteen bytes from 32 lower-case hexadecimal digits.
#[inline]
pub(super) fn sixteen_bytes(digits: &[u8]) -> Option<[u8; 16]> {
    let (pairs, []) = digits.as_chunks::<2>() else {
        return None;
    };
    let pairs: &[[u8; 2]; 16] = pairs.try_into().ok()?;
    let mut bad = 0;
    let bytes = pairs.map(|[high, low]| {
        let (high, low) = (digit(high), digit(low));
        bad |= high | low;
        (high << 4) | (low & 0xf)
    });
    (bad < 16).then_some(bytes)
}

/// The value of a digit; 255 if it is none. Upper case is none: it would not come back as it was.
#[inline]
const fn digit(byte: u8) -> u8 {
    match byte {
        b'0'..=b'9' => byte.wrapping_sub(b'0'),
        b'a'..=b'f' => byte.wrapping_sub(b'a' - 10),
        _ => 0xff,
    }
}
