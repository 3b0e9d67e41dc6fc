//! How a piece of a snapshot is packed: a byte that says so, 0 for not at all and 1 for zstd, and
//! the rest. Each is packed by itself.

use std::io;

/// A piece has so many bytes before it is packed, but for the last one, which may have fewer.
pub(super) const PIECE: usize = 256 << 10;

const PLAIN: u8 = 0;
#[cfg(feature = "zstd")]
const ZSTD: u8 = 1;

#[cfg(feature = "zstd")]
pub(super) fn pack(piece: &[u8]) -> io::Result<Vec<u8>> {
    let mut packed = zstd::bulk::compress(piece, 3)?;
    packed.insert(0, ZSTD);
    Ok(packed)
}

#[cfg(not(feature = "zstd"))]
pub(super) fn pack(piece: &[u8]) -> io::Result<Vec<u8>> {
    Ok([&[PLAIN], piece].concat())
}

/// # Errors
/// It is packed in a way that this build does not know, or is none that [`pack`] made.
pub(super) fn unpack(packed: &[u8]) -> io::Result<Vec<u8>> {
    match packed {
        [PLAIN, piece @ ..] if piece.len() <= PIECE => Ok(piece.to_vec()),
        #[cfg(feature = "zstd")]
        [ZSTD, packed @ ..] => zstd::bulk::decompress(packed, PIECE),
        _ => Err(io::Error::other("a piece is packed in an unknown way")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_piece_comes_out_as_it_went_in() {
        for piece in [vec![], vec![7; 3], vec![1; PIECE], (0..=255).collect()] {
            assert_eq!(unpack(&pack(&piece).unwrap()).unwrap(), piece);
            let plain = [&[PLAIN][..], &piece].concat();
            assert_eq!(unpack(&plain).unwrap(), piece);
        }
    }

    #[test]
    fn a_piece_that_is_none_or_would_be_too_long_is_refused() {
        let too_long = pack(&vec![1; PIECE + 1]).unwrap();
        let plain = vec![PLAIN; PIECE + 2];
        for odd in [&[][..], &[9, 1], &[1, 2, 3], &too_long, &plain] {
            assert!(unpack(odd).is_err(), "{} bytes", odd.len());
        }
    }
}
