//! One zstd frame per connection.

use std::io;

use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use super::room::{invalid, make_room, too_large};

/// log2 of the largest zstd window: 32 MiB, four times what RFC 8878 asks a decoder to support.
/// The frame header asks for the window, so that without a limit it is a cheap memory bomb.
const ZSTD_WINDOW_LOG: u32 = 25;

/// What libzstd hints at a block boundary inside a frame: the next block's three-byte header.
const ZSTD_BLOCK_HEADER: usize = 3;

/// The context of one connection.
pub(super) struct Zstd(Decoder<'static>);

impl Zstd {
    pub(super) fn new() -> io::Result<Self> {
        let mut decoder = Decoder::new()?;
        decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
        Ok(Self(decoder))
    }

    /// Takes a message, which is a whole one.
    pub(super) fn push(&mut self, part: &[u8], out: &mut Vec<u8>, max: usize) -> io::Result<bool> {
        decompress(&mut self.0, part, out, max)
    }
}

fn decompress(
    zstd: &mut Decoder<'static>,
    part: &[u8],
    out: &mut Vec<u8>,
    max: usize,
) -> io::Result<bool> {
    let mut input = InBuffer::around(part);
    loop {
        make_room(out, max)?;
        let start = out.len();
        let hint = zstd.run(&mut input, &mut OutBuffer::around_pos(out, start))?;
        if out.len() > max {
            return Err(too_large());
        }
        // An output filled to the brim may leave more inside the context.
        if input.pos() < part.len() || out.len() == out.capacity() {
            continue;
        }
        // A flush ends a block, so that anything but a boundary means bytes are missing.
        return match hint {
            0 | ZSTD_BLOCK_HEADER if !out.is_empty() => Ok(true),
            _ => Err(invalid("the zstd message is cut short")),
        };
    }
}
