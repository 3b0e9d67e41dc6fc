//! Room for a message that comes out of a decompressor.

use std::io;

/// The smallest step by which the output buffer grows, in bytes.
pub(super) const STEP_BYTES: usize = 16 << 10;

/// Makes room in `out`, doubling it up to one byte above the limit: that byte distinguishes a
/// message that just fits from one that does not.
pub(super) fn make_room(out: &mut Vec<u8>, max: usize) -> io::Result<()> {
    let ceiling = max.saturating_add(1);
    if out.len() >= ceiling {
        return Err(too_large());
    }
    let step = out.len().max(STEP_BYTES).min(ceiling - out.len());
    out.try_reserve(step)
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))
}

pub(super) fn too_large() -> io::Error {
    io::ErrorKind::FileTooLarge.into()
}

pub(super) fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
