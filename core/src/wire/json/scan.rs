//! Finding the next byte that matters in a string, sixteen bytes at a time.

use wide::u8x16;

use super::block::is;

/// Bytes that are looked at together: most strings are short.
const BLOCK: usize = 16;

/// Bytes in which most strings end.
pub(super) const SHORT: usize = 2 * BLOCK;

/// The length of the run at the start of `bytes` without `"` and `\`.
#[inline]
pub(in crate::wire) fn until_end(bytes: &[u8]) -> usize {
    let ends = |bytes| is(bytes, b'"') | is(bytes, b'\\');
    run(bytes, ends, |byte| byte == b'"' || byte == b'\\')
}

/// The length of the run at the start of `bytes` without `"`, `\` and control characters.
#[inline]
pub(super) fn until_special(bytes: &[u8]) -> usize {
    run(bytes, specials, |byte| {
        byte == b'"' || byte == b'\\' || byte < b' '
    })
}

/// Where the first quote is, if neither `\` nor a control character comes before it.
#[inline(always)]
pub(super) fn until_quote(bytes: &[u8; SHORT]) -> Option<usize> {
    let ([low, high], []) = bytes.as_chunks::<BLOCK>() else {
        return None;
    };
    let [low, high] = [low, high].map(|block| specials(u8x16::new(*block)).to_bitmask());
    let place = (low | (high << BLOCK)).trailing_zeros() as usize;
    (bytes.get(place) == Some(&b'"')).then_some(place)
}

/// Marks `"`, `\` and control characters.
#[inline(always)]
fn specials(bytes: u8x16) -> u8x16 {
    let controls = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
    is(bytes, b'"') | is(bytes, b'\\') | controls
}

#[inline]
fn run(bytes: &[u8], mark: impl Fn(u8x16) -> u8x16, is: impl Fn(u8) -> bool) -> usize {
    let mut rest = bytes;
    while let Some((block, after)) = rest.split_first_chunk::<BLOCK>() {
        let marked = mark(u8x16::new(*block)).to_bitmask();
        if marked != 0 {
            let passed = bytes.len().wrapping_sub(rest.len());
            return passed.wrapping_add(marked.trailing_zeros() as usize);
        }
        rest = after;
    }
    let last = rest.iter().position(|&byte| is(byte));
    bytes
        .len()
        .wrapping_sub(rest.len())
        .wrapping_add(last.unwrap_or(rest.len()))
}

/// Whether it ends a number, a boolean or null.
#[inline]
pub(super) fn ends_word(byte: u8) -> bool {
    ENDS.get(usize::from(byte)).copied().unwrap_or(true)
}

const ENDS: [bool; 256] = {
    let (mut ends, mut left) = ([false; 256], b",}] \n\r\t:\"{[".as_slice());
    while let Some((&end, rest)) = left.split_first() {
        if let Some(place) = ends.split_at_mut(end as usize).1.first_mut() {
            *place = true;
        }
        left = rest;
    }
    ends
};

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec;

    #[test]
    fn every_byte_is_found_at_every_place() {
        for place in 0..40 {
            for byte in 0..=255_u8 {
                let mut text = vec![b'x'; 40];
                text[place] = byte;
                let special = byte == b'"' || byte == b'\\' || byte < 0x20;
                assert_eq!(
                    until_special(&text),
                    if special { place } else { 40 },
                    "{byte}"
                );
                let end = byte == b'"' || byte == b'\\';
                assert_eq!(until_end(&text), if end { place } else { 40 }, "{byte}");
                let (block, _) = text.split_first_chunk().unwrap();
                let quote = (byte == b'"' && place < SHORT).then_some(place);
                assert_eq!(until_quote(block), quote, "{byte}");
            }
        }
    }
}
