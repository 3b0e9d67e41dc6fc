//! CRC-32C (Castagnoli), which distinguishes what is whole from what is torn.

/// What a byte adds, by how many bytes come after it in its group of eight.
const TABLES: [[u32; 256]; 8] = tables();

#[allow(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "the compiler runs it, and reports what is out of bounds"
)]
const fn tables() -> [[u32; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = (crc >> 1) ^ if crc & 1 == 1 { 0x82f6_3b78 } else { 0 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut after = 1;
    while after < 8 {
        let mut byte = 0;
        while byte < 256 {
            let crc: u32 = tables[after - 1][byte];
            tables[after][byte] = (crc >> 8) ^ tables[0][(crc & 0xff) as usize];
            byte += 1;
        }
        after += 1;
    }
    tables
}

/// The checksum of the parts, one after another.
///
/// ```
/// use headcount_core::crc32c::crc32c;
///
/// assert_eq!(crc32c(&[b"1234", b"56789"]), 0xe306_9283);
/// ```
#[must_use]
pub fn crc32c(parts: &[&[u8]]) -> u32 {
    let mut crc = !0;
    for part in parts {
        let (groups, rest) = part.as_chunks::<8>();
        crc = rest.iter().fold(groups.iter().fold(crc, group), step);
    }
    !crc
}

/// What a byte adds; it is within every table.
#[inline]
fn look_up(table: &[u32; 256], byte: u8) -> u32 {
    table.get(usize::from(byte)).copied().unwrap_or_default()
}

#[allow(clippy::cast_possible_truncation, reason = "the lowest byte is wanted")]
fn step(crc: u32, byte: &u8) -> u32 {
    let [table, ..] = &TABLES;
    (crc >> 8) ^ look_up(table, crc as u8 ^ byte)
}

/// Eight steps at once: what the bytes add does not wait for one another.
#[inline]
fn group(crc: u32, bytes: &[u8; 8]) -> u32 {
    let mixed = u64::from_le_bytes(*bytes) ^ u64::from(crc);
    let bytes = mixed.to_le_bytes().into_iter().rev();
    let added = bytes.zip(&TABLES).map(|(byte, table)| look_up(table, byte));
    added.fold(0, |all, one| all ^ one)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    #[test]
    fn the_check_value_of_the_polynomial_comes_out() {
        assert_eq!(crc32c(&[b"123456789"]), 0xe306_9283);
        assert_eq!(crc32c(&[b"1234", b"", b"56789"]), 0xe306_9283);
        assert_eq!(crc32c(&[]), 0);
    }

    #[test]
    fn groups_of_eight_bytes_come_out_as_single_bytes_do() {
        let bytes: Vec<u8> = (0..=255).cycle().take(1_000).collect();
        for length in [1, 7, 8, 9, 124, 999] {
            let singly = !bytes[..length].iter().fold(!0, step);
            assert_eq!(crc32c(&[&bytes[..length]]), singly, "{length}");
        }
    }
}
