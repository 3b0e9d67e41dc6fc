//! Not packed, as the feature `zstd` is off.

use super::PackedPart;
use crate::record::RecordingError;

pub(in crate::record) fn pack(_: &[u8]) -> Option<Vec<u8>> {
    None
}

pub(in crate::record) fn unpack(_: &[u8], _: usize) -> Result<Vec<u8>, RecordingError> {
    Err(RecordingError::Packed)
}

pub(in crate::record) struct FramePacker;

impl FramePacker {
    pub(in crate::record) const fn new(_: usize) -> Self {
        Self
    }

    pub(in crate::record) const fn pack(&mut self, _: &[u8]) -> Option<PackedPart> {
        None
    }

    pub(in crate::record) const fn end(&mut self) {}
}

#[derive(Default)]
pub(in crate::record) struct FrameUnpacker;

impl FrameUnpacker {
    pub(in crate::record) fn unpack(
        &mut self,
        _: bool,
        _: &[u8],
        _: usize,
    ) -> Result<Vec<u8>, RecordingError> {
        Err(RecordingError::Packed)
    }
}
