//! One zlib stream per connection.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::room::{invalid, make_room, too_large};

/// How each zlib-stream message ends: the empty stored block of a sync flush.
const SYNC_FLUSH: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The context of one connection.
pub(super) struct Zlib {
    context: Decompress,
    /// The last four bytes of input: a cut may fall inside the suffix.
    tail: [u8; 4],
}

impl Zlib {
    pub(super) fn new() -> Self {
        Self {
            context: Decompress::new(true),
            tail: [0; 4],
        }
    }

    /// Takes a part; whether a message is whole with it.
    pub(super) fn push(&mut self, part: &[u8], out: &mut Vec<u8>, max: usize) -> io::Result<bool> {
        remember(&mut self.tail, part);
        // The suffix of the message before does not make an empty part a message.
        let whole = self.tail == SYNC_FLUSH && !part.is_empty();
        inflate(&mut self.context, part, out, max).map(|()| whole)
    }
}

/// Shifts the end of `part` into the last four bytes.
fn remember(tail: &mut [u8; 4], part: &[u8]) {
    for byte in part.iter().skip(part.len().saturating_sub(tail.len())) {
        tail.rotate_left(1);
        tail[3] = *byte;
    }
}

fn inflate(zlib: &mut Decompress, part: &[u8], out: &mut Vec<u8>, max: usize) -> io::Result<()> {
    let mut rest = part;
    loop {
        if out.len() == out.capacity() {
            make_room(out, max)?;
        }
        let (read, written) = (zlib.total_in(), out.len());
        let status = zlib
            .decompress_vec(rest, out, FlushDecompress::Sync)
            .map_err(io::Error::from)?;
        let used = usize::try_from(zlib.total_in() - read).unwrap_or(usize::MAX);
        rest = rest.get(used..).unwrap_or_default();
        match status {
            Status::BufError if !rest.is_empty() && out.len() == written => {
                return Err(invalid("the zlib stream does not go on"));
            }
            Status::StreamEnd => return Err(invalid("the zlib stream was ended")),
            Status::Ok | Status::BufError => {}
        }
        if out.len() > max {
            return Err(too_large());
        }
        if rest.is_empty() && out.len() < out.capacity() {
            return Ok(());
        }
    }
}
