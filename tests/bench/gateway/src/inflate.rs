//! The two compressed transports: one stream a connection, flushed after each frame.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress};
use zstd::stream::raw::{Decoder, Encoder, InBuffer, Operation, OutBuffer};

use crate::payload::Frames;

/// Which transport.
#[derive(Clone, Copy, Debug)]
pub enum Codec {
    Zlib,
    Zstd,
}

/// The frames as one connection would carry them.
pub fn deflate(codec: Codec, frames: &Frames) -> Frames {
    let mut packed = Frames::default();
    let mut zlib = Compress::new(Compression::default(), true);
    let mut zstd = Encoder::new(3).expect("a zstd encoder");
    let mut out = Vec::new();
    for frame in frames.iter() {
        out.clear();
        out.reserve(frame.len() + 1_024);
        match codec {
            Codec::Zlib => {
                zlib.compress_vec(frame, &mut out, FlushCompress::Sync)
                    .expect("room for zlib");
            }
            Codec::Zstd => {
                let mut input = InBuffer::around(frame);
                let mut output = OutBuffer::around(&mut out);
                zstd.run(&mut input, &mut output).expect("room for zstd");
                zstd.flush(&mut output).expect("room for zstd");
                assert_eq!(input.pos(), frame.len(), "zstd took all of it");
            }
        }
        packed.push(&out);
    }
    packed
}

/// The receiving end of one connection.
pub enum Inflater {
    Zlib(Box<Decompress>),
    Zstd(Decoder<'static>),
}

impl Inflater {
    /// A new connection's.
    pub fn new(codec: Codec) -> Self {
        match codec {
            Codec::Zlib => Self::Zlib(Box::new(Decompress::new(true))),
            Codec::Zstd => Self::Zstd(Decoder::new().expect("a zstd decoder")),
        }
    }

    /// Inflates one frame into `out`, whose content is replaced.
    pub fn inflate(&mut self, mut packed: &[u8], out: &mut Vec<u8>) {
        out.clear();
        while !packed.is_empty() || out.len() == out.capacity() {
            out.reserve(packed.len() * 4 + 1_024);
            let taken = match self {
                Self::Zlib(stream) => {
                    let before = stream.total_in();
                    stream
                        .decompress_vec(packed, out, FlushDecompress::Sync)
                        .expect("zlib");
                    (stream.total_in() - before) as usize
                }
                Self::Zstd(stream) => {
                    let mut input = InBuffer::around(packed);
                    let start = out.len();
                    let mut output = OutBuffer::around_pos(out, start);
                    stream.run(&mut input, &mut output).expect("zstd");
                    input.pos()
                }
            };
            packed = &packed[taken..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::World;

    #[test]
    fn what_was_deflated_inflates_to_the_same() {
        let mut frames = Frames::default();
        (0..300).for_each(|number| World::new(3).event(number, 1, 0..50, &mut frames));
        World::new(3).guild_create(1, &mut frames);
        for codec in [Codec::Zlib, Codec::Zstd] {
            let packed = deflate(codec, &frames);
            assert!(packed.bytes() < frames.bytes() / 2);
            let (mut inflater, mut out) = (Inflater::new(codec), Vec::new());
            for (packed, frame) in packed.iter().zip(frames.iter()) {
                inflater.inflate(packed, &mut out);
                assert!(out == frame, "{codec:?}");
            }
        }
    }
}
