//! Packed by zstd.

use std::io;

use zstd::stream::raw::{CParameter, DParameter, Decoder, Encoder, InBuffer, Operation, OutBuffer};
use zstd::zstd_safe::compress_bound;

use super::PackedPart;
use crate::record::RecordingError;

/// Why bytes cannot be unpacked.
const DAMAGED: &str = "a block that cannot be unpacked";

/// The level of frames. It takes some ten microseconds an event of 1,300 bytes; with 3 a
/// recording has a fifth more bytes.
const LEVEL: i32 = 9;

/// log2 of how far back in its frame a part may refer, at least and at most: 8 MiB. With
/// 2 MiB, which the level has by itself, a recording has a third more bytes.
const WINDOW_LOGS: (u32, u32) = (17, 23);

/// How many times smaller than the window the tables are by which matches are found.
const TABLE_LOG: u32 = 3;

pub(in crate::record) fn pack(bytes: &[u8]) -> Option<Vec<u8>> {
    zstd::bulk::compress(bytes, 3).ok()
}

pub(in crate::record) fn unpack(packed: &[u8], length: usize) -> Result<Vec<u8>, RecordingError> {
    let broken = |_| RecordingError::Broken(DAMAGED);
    zstd::bulk::decompress(packed, length).map_err(broken)
}

/// Packs blocks one after the other, so that each may refer to those before it.
pub(in crate::record) struct FramePacker {
    window_log: u32,
    /// `None` before the first part of a frame, or if there is no memory for it.
    encoder: Option<Encoder<'static>>,
    has_begun: bool,
}

impl FramePacker {
    /// For frames of about so many bytes, unpacked.
    pub(in crate::record) fn new(length: usize) -> Self {
        let (least, most) = WINDOW_LOGS;
        Self {
            window_log: length.max(1).ilog2().clamp(least, most),
            encoder: None,
            has_begun: false,
        }
    }

    /// The next part of the frame; `None` if it cannot be packed, after which another begins.
    pub(in crate::record) fn pack(&mut self, bytes: &[u8]) -> Option<PackedPart> {
        let begins = !self.has_begun;
        let packed = self.try_pack(bytes);
        self.has_begun = packed.is_ok();
        if packed.is_err() {
            self.encoder = None;
        }
        let part = |bytes| PackedPart { begins, bytes };
        packed.ok().map(part)
    }

    /// The next part begins another frame.
    pub(in crate::record) fn end(&mut self) {
        self.has_begun = false;
        // The memory of one is of use to the next.
        if let Some(encoder) = &mut self.encoder
            && encoder.reinit().is_err()
        {
            self.encoder = None;
        }
    }

    fn try_pack(&mut self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let encoder = match &mut self.encoder {
            Some(encoder) => encoder,
            none => none.insert(encoder(self.window_log)?),
        };
        let mut packed = Vec::with_capacity(compress_bound(bytes.len()) + 64);
        let mut input = InBuffer::around(bytes);
        let mut output = OutBuffer::around(&mut packed);
        while input.pos() < bytes.len() {
            encoder.run(&mut input, &mut output)?;
        }
        match encoder.flush(&mut output)? {
            0 => {}
            _ => return Err(io::ErrorKind::OutOfMemory.into()),
        }
        packed.shrink_to_fit();
        Ok(packed)
    }
}

fn encoder(window_log: u32) -> io::Result<Encoder<'static>> {
    let mut encoder = Encoder::new(LEVEL)?;
    encoder.set_parameter(CParameter::WindowLog(window_log))?;
    encoder.set_parameter(CParameter::HashLog(window_log - TABLE_LOG))?;
    encoder.set_parameter(CParameter::ChainLog(window_log - TABLE_LOG))?;
    Ok(encoder)
}

/// Unpacks the parts of frames in their order.
#[derive(Default)]
pub(in crate::record) struct FrameUnpacker(Option<Decoder<'static>>);

impl FrameUnpacker {
    /// The bytes of a part, which are so many.
    pub(in crate::record) fn unpack(
        &mut self,
        begins: bool,
        packed: &[u8],
        length: usize,
    ) -> Result<Vec<u8>, RecordingError> {
        let broken = |_| RecordingError::Broken(DAMAGED);
        if begins {
            self.0 = Some(decoder().map_err(broken)?);
        }
        let decoder = self.0.as_mut();
        let decoder = decoder.ok_or(RecordingError::Broken("a part of a frame without a begin"))?;
        // With room for one more, so that more than there should be are seen.
        let mut bytes = Vec::with_capacity(length + 1);
        let mut input = InBuffer::around(packed);
        while input.pos() < packed.len() {
            let before = (input.pos(), bytes.len());
            let mut output = OutBuffer::around_pos(&mut bytes, before.1);
            decoder.run(&mut input, &mut output).map_err(broken)?;
            if (input.pos(), bytes.len()) == before {
                return Err(RecordingError::Broken(DAMAGED));
            }
        }
        Ok(bytes)
    }
}

fn decoder() -> io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(WINDOW_LOGS.1))?;
    Ok(decoder)
}
