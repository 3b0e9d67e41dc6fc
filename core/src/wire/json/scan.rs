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

/// Bytes that [`structure`] looks at together.
pub(super) const BLOCK: usize = 16;

/// Sets all bits of the bytes that may be `"`, `\` or a bracket, the first byte the lowest; `Y`,
/// `_`, `y` and the last of the control characters are taken for brackets.
///
/// Compilers make a few vector instructions of it.
#[inline]
pub(super) fn structure(block: &[u8; BLOCK]) -> [u64; 2] {
    let marks = block.map(|byte| {
        // Brackets are 0x7f when these three bits are set.
        let special = (byte == b'"') | (byte == b'\\') | (byte | 0x26 == 0x7f);
        if special { 0xff } else { 0 }
    });
    let (words, _) = marks.as_chunks();
    match words {
        [low, high] => [u64::from_le_bytes(*low), u64::from_le_bytes(*high)],
        _ => [u64::MAX; 2],
    }
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
                let [low, high] = structure(text.first_chunk().unwrap());
                let marked = b"\"\\[]{}Y_y\x7f".contains(&byte) && place < BLOCK;
                let wanted = u128::from(marked) * (0xff << (place % BLOCK * 8));
                assert_eq!(u128::from(high) << 64 | u128::from(low), wanted, "{byte}");
            }
        }
    }
}
