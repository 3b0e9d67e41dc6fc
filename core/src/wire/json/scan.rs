//! Finding the next byte that matters in a string, eight bytes at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
const QUOTES: u64 = ONES * b'"' as u64;
const BACKSLASHES: u64 = ONES * b'\\' as u64;
const SPACES: u64 = ONES * b' ' as u64;

/// Sets the high bit of each zero byte; bits above the lowest one set may be wrong.
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGHS
}

/// Marks `"` and `\`.
const fn ends(word: u64) -> u64 {
    zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES)
}

/// Marks `"`, `\` and control characters.
const fn specials(word: u64) -> u64 {
    ends(word) | (word.wrapping_sub(SPACES) & !word & HIGHS)
}

/// The length of the run at the start of `bytes` without `"` and `\`.
#[inline]
pub(super) fn until_end(bytes: &[u8]) -> usize {
    run(bytes, ends, |byte| byte == b'"' || byte == b'\\')
}

/// The length of the run at the start of `bytes` without `"`, `\` and control characters.
#[inline]
pub(super) fn until_special(bytes: &[u8]) -> usize {
    run(bytes, specials, |byte| {
        byte == b'"' || byte == b'\\' || byte < b' '
    })
}

#[inline]
fn run(bytes: &[u8], mark: impl Fn(u64) -> u64, is: impl Fn(u8) -> bool) -> usize {
    let (words, tail) = bytes.as_chunks::<8>();
    let mut length = 0_usize;
    for word in words {
        let marked = mark(u64::from_le_bytes(*word));
        if marked != 0 {
            return length.wrapping_add((marked.trailing_zeros() >> 3) as usize);
        }
        length = length.wrapping_add(8);
    }
    length.wrapping_add(tail.iter().position(|&byte| is(byte)).unwrap_or(tail.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn every_byte_is_found_at_every_place() {
        for place in 0..20 {
            for byte in 0..=255_u8 {
                let mut text = vec![b'x'; 20];
                text[place] = byte;
                let special = byte == b'"' || byte == b'\\' || byte < 0x20;
                assert_eq!(
                    until_special(&text),
                    if special { place } else { 20 },
                    "{byte}"
                );
                let end = byte == b'"' || byte == b'\\';
                assert_eq!(until_end(&text), if end { place } else { 20 }, "{byte}");
            }
        }
    }
}
