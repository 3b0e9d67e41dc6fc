//! Finding a byte, eight at a time.

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// Where `wanted` is first found.
pub(super) fn find(wanted: u8, text: &[u8]) -> Option<usize> {
    let pattern = LOW.wrapping_mul(u64::from(wanted));
    let (chunks, rest) = text.as_chunks::<8>();
    for (number, chunk) in chunks.iter().enumerate() {
        // A byte that equals `wanted` is zero here; the lowest flag set is always a true one.
        let differs = u64::from_le_bytes(*chunk) ^ pattern;
        let flags = differs.wrapping_sub(LOW) & !differs & HIGH;
        if flags != 0 {
            let within = usize::try_from(flags.trailing_zeros() / 8).ok()?;
            return Some(number.saturating_mul(8).saturating_add(within));
        }
    }
    let within = rest.iter().position(|byte| *byte == wanted)?;
    Some(chunks.len().saturating_mul(8).saturating_add(within))
}

/// Splits at the first `at`, which is left out; all of it and nothing when there is none.
pub(super) fn split(text: &str, at: u8) -> (&str, Option<&str>) {
    let Some(place) = find(at, text.as_bytes()) else {
        return (text, None);
    };
    (
        text.get(..place).unwrap_or_default(),
        text.get(place.saturating_add(1)..),
    )
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
            }
        }
    }
}
