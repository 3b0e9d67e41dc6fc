//! Finding a byte, eight at a time.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Flags the bytes of a word that equal the one spread over `pattern`. Flags above the lowest may
/// be false, the lowest is always true.
const fn flags(word: u64, pattern: u64) -> u64 {
    let differs = word ^ pattern;
    differs.wrapping_sub(LOW) & !differs & HIGH
}

const fn spread(byte: u8) -> u64 {
    LOW.wrapping_mul(byte as u64)
}

/// Where `wanted` is first found.
#[inline]
pub(super) fn find(wanted: u8, text: &[u8]) -> Option<usize> {
    find_either(wanted, wanted, text)
}

/// Where one of two bytes is first found.
#[inline]
pub(super) fn find_either(one: u8, other: u8, text: &[u8]) -> Option<usize> {
    let (one_spread, other_spread) = (spread(one), spread(other));
    let (chunks, rest) = text.as_chunks::<8>();
    let mut passed = 0_usize;
    for chunk in chunks {
        let word = u64::from_le_bytes(*chunk);
        let found = flags(word, one_spread) | flags(word, other_spread);
        if found != 0 {
            return Some(passed.wrapping_add((found.trailing_zeros() >> 3) as usize));
        }
        passed = passed.wrapping_add(8);
    }
    let within = rest
        .iter()
        .position(|byte| *byte == one || *byte == other)?;
    Some(passed.wrapping_add(within))
}

/// Where `wanted` is first found when that is likely far away: whole blocks are compared first,
/// which compiles to vector instructions.
pub(super) fn find_far(wanted: u8, text: &[u8]) -> Option<usize> {
    let (blocks, rest) = text.as_chunks::<64>();
    let mut passed = 0_usize;
    for block in blocks {
        if block
            .iter()
            .fold(false, |found, byte| found | (*byte == wanted))
        {
            return Some(passed.wrapping_add(find(wanted, block)?));
        }
        passed = passed.wrapping_add(64);
    }
    Some(passed.wrapping_add(find(wanted, rest)?))
}

/// Splits at the first `at`, which is left out; all of it and nothing when there is none.
pub(super) fn split(text: &str, at: u8) -> (&str, Option<&str>) {
    match find(at, text.as_bytes()) {
        Some(place) => (head(text, place), Some(tail(text, place))),
        None => (text, None),
    }
}

/// What stands before a place that was found.
#[inline]
pub(super) fn head(text: &str, place: usize) -> &str {
    text.get(..place).unwrap_or_default()
}

/// What stands after the byte at a place that was found.
#[inline]
pub(super) fn tail(text: &str, place: usize) -> &str {
    text.get(place.wrapping_add(1)..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_a_plain_search_finds() {
        let text: std::vec::Vec<u8> = (0..=255).chain([0x7f, 0x80, 0x81, 0, 1, 255]).collect();
        for start in 0..text.len() {
            for wanted in 0..=255 {
                let tail = &text[start..];
                let plain = tail.iter().position(|byte| *byte == wanted);
                assert_eq!(find(wanted, tail), plain);
                assert_eq!(find_far(wanted, tail), plain);
                let either = tail.iter().position(|byte| [wanted, 9].contains(byte));
                assert_eq!(find_either(9, wanted, tail), either);
            }
        }
    }
}
