//! How bytes are packed: each block of its own, or blocks that are parts of one zstd frame.

#[cfg(not(feature = "zstd"))]
mod none;
#[cfg(feature = "zstd")]
mod zstd;

#[cfg(not(feature = "zstd"))]
pub(super) use none::{FramePacker, FrameUnpacker, pack, unpack};
#[cfg(feature = "zstd")]
pub(super) use zstd::{FramePacker, FrameUnpacker, pack, unpack};

/// A part of a frame.
pub(super) struct PackedPart {
    /// Whether the frame begins with it.
    pub(super) begins: bool,
    pub(super) bytes: Vec<u8>,
}
