//! Hexadecimal digits.

use core::fmt;

use super::json::Reader;

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

/// The bytes that a string of 32 lower-case digits stands for, if that is what comes next.
#[inline]
pub(super) fn quoted(reader: &mut Reader<'_>) -> Option<[u8; 16]> {
    let [b'"', digits @ .., b'"'] = reader.ahead::<34>()? else {
        return None;
    };
    let bytes = sixteen_bytes(digits)?;
    reader.advance(34);
    Some(bytes)
}

/// Writes the digits of these bytes.
pub(super) fn write(bytes: &[u8; 16], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
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
