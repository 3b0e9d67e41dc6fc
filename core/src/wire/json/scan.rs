//! Finding the next byte that matters in a string, eight bytes at a time.

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;
const QUOTES: u64 = ONES * b'"' as u64;
const BACKSLASHES: u64 = ONES * b'\\' as u64;

/// Turning this bit over puts `"` right above the control characters, and a blank out of the way.
const BESIDE_CONTROLS: u64 = ONES * 2;
const CONTROLS_AND_QUOTE: u64 = ONES * 0x21;

/// Sets the high bit of each byte that is below that of `bounds`, if neither is above 127; bits
/// above the lowest one set may be wrong, and so may those of bytes that are not ASCII.
const fn below(word: u64, bounds: u64) -> u64 {
    word.wrapping_sub(bounds)
}

/// Marks `"` and `\`.
const fn ends(word: u64) -> u64 {
    (below(word ^ QUOTES, ONES) | below(word ^ BACKSLASHES, ONES)) & !word & HIGHS
}

/// Marks `"`, `\` and control characters.
const fn specials(word: u64) -> u64 {
    let low = below(word ^ BESIDE_CONTROLS, CONTROLS_AND_QUOTE);
    (low | below(word ^ BACKSLASHES, ONES)) & !word & HIGHS
}

/// Marks `"` and brackets, and `Y`, `_`, `y` and the last of the control characters with them:
/// these are the bytes that are 0x7f when three bits are set.
const fn structure(word: u64) -> u64 {
    let brackets = (word | (ONES * 0x26)) ^ (ONES * 0x7f);
    (below(word ^ QUOTES, ONES) | below(brackets, ONES)) & !word & HIGHS
}

/// The length of a run at the start of `bytes` without `"` and brackets.
#[inline]
pub(super) fn until_structure(bytes: &[u8]) -> usize {
    run(bytes, structure, |byte| byte == b'"' || byte | 0x26 == 0x7f)
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
    let mut rest = bytes;
    while let Some((word, after)) = rest.split_first_chunk::<8>() {
        let marked = mark(u64::from_le_bytes(*word));
        if marked != 0 {
            let passed = bytes.len().wrapping_sub(rest.len());
            return passed.wrapping_add((marked.trailing_zeros() >> 3) as usize);
        }
        rest = after;
    }
    let last = rest.iter().position(|&byte| is(byte));
    bytes
        .len()
        .wrapping_sub(rest.len())
        .wrapping_add(last.unwrap_or(rest.len()))
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
                let structure = b"\"[]{}Y_y\x7f".contains(&byte);
                let wanted = if structure { place } else { 20 };
                assert_eq!(until_structure(&text), wanted, "{byte}");
            }
        }
    }
}
