//! Transport compression: the text of one payload becomes the WebSocket messages that carry it.
use crate::edge::Compression;
use crate::rng::Rng;
use async_tungstenite::tungstenite::Message;
use flate2::write::ZlibEncoder;
use std::io::{self, Write};

/// How a compressed payload is cut into WebSocket messages.
///
/// Only zlib-stream payloads may be cut: a zstd-stream payload is exactly one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Cutting {
    /// One message per payload, as the real gateway does for almost everything.
    #[default]
    Whole,
    /// Up to four messages per payload, cut at seeded random places before the flush suffix.
    Body,
    /// The same, and sometimes inside the suffix as well. The protocol allows it, but the real
    /// gateway hardly does it: discord.py and discord.js look for the suffix in one message.
    Anywhere,
}

/// The compression state of one connection.
pub(crate) enum Compressor {
    Plain,
    Zlib(ZlibEncoder<Vec<u8>>, Option<Cuts>),
    Zstd(zstd::stream::write::Encoder<'static, Vec<u8>>),
}

impl Compressor {
    /// A fresh stream; `seed` decides where zlib payloads are cut.
    pub(crate) fn new(kind: Compression, cutting: Cutting, seed: u64) -> io::Result<Self> {
        Ok(match kind {
            Compression::None => Self::Plain,
            Compression::ZlibStream => {
                let cuts = match cutting {
                    Cutting::Whole => None,
                    Cutting::Body => Some(Cuts::new(seed, false)),
                    Cutting::Anywhere => Some(Cuts::new(seed, true)),
                };
                Self::Zlib(
                    ZlibEncoder::new(Vec::new(), flate2::Compression::fast()),
                    cuts,
                )
            }
            Compression::ZstdStream => {
                Self::Zstd(zstd::stream::write::Encoder::new(Vec::new(), ZSTD_LEVEL)?)
            }
        })
    }

    /// The messages that carry `payload`, in order.
    pub(crate) fn messages(&mut self, payload: String) -> io::Result<Vec<Message>> {
        Ok(match self {
            Self::Plain => vec![Message::text(payload)],
            Self::Zlib(encoder, cuts) => {
                let bytes = flushed(encoder, payload.as_bytes(), ZlibEncoder::get_mut)?;
                match cuts {
                    None => vec![Message::binary(bytes)],
                    Some(cuts) => cuts.apply(&bytes),
                }
            }
            Self::Zstd(encoder) => {
                let take = zstd::stream::write::Encoder::get_mut;
                vec![Message::binary(flushed(encoder, payload.as_bytes(), take)?)]
            }
        })
    }
}

/// The level for zstd: speed matters more than size on loopback.
const ZSTD_LEVEL: i32 = 1;

/// Writes `bytes`, flushes, and takes what came out.
fn flushed<W: Write>(
    encoder: &mut W,
    bytes: &[u8],
    sink: impl Fn(&mut W) -> &mut Vec<u8>,
) -> io::Result<Vec<u8>> {
    encoder.write_all(bytes)?;
    encoder.flush()?;
    Ok(std::mem::take(sink(encoder)))
}

/// The bytes that end a flushed zlib payload: `00 00 FF FF`.
const SUFFIX: usize = 4;

/// Seeded random places to cut a payload.
pub(crate) struct Cuts {
    rng: Rng,
    in_suffix: bool,
}

impl Cuts {
    fn new(seed: u64, in_suffix: bool) -> Self {
        Self {
            rng: Rng::of(&[seed]),
            in_suffix,
        }
    }

    fn apply(&mut self, bytes: &[u8]) -> Vec<Message> {
        let body = bytes.len().saturating_sub(SUFFIX);
        let cuts = self.rng.below(4);
        let mut places: Vec<usize> = (0..cuts).map(|_| self.below(body + 1)).collect();
        if self.in_suffix && self.rng.percent(25) {
            places.push(body + 1 + self.below(SUFFIX - 1));
        }
        places.push(bytes.len());
        places.sort_unstable();
        places.dedup();
        let mut from = 0;
        let mut messages = Vec::with_capacity(places.len());
        for to in places.into_iter().filter(|to| *to > 0) {
            messages.push(Message::binary(bytes[from..to].to_vec()));
            from = to;
        }
        messages
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.rng.below(bound as u64)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read;

    const PAYLOADS: [&str; 3] = [r#"{"op":10}"#, r#"{"op":11,"d":null}"#, r#"{"op":7}"#];

    fn compressed(kind: Compression, cutting: Cutting, seed: u64) -> Vec<Vec<Vec<u8>>> {
        let mut compressor = Compressor::new(kind, cutting, seed).unwrap();
        let message = |m: Message| m.into_data().to_vec();
        PAYLOADS
            .iter()
            .map(|p| compressor.messages((*p).to_owned()).unwrap())
            .map(|messages| messages.into_iter().map(message).collect())
            .collect()
    }

    #[test]
    fn each_zlib_payload_ends_in_the_flush_suffix() {
        let mut inflater = flate2::Decompress::new(true);
        for (payload, messages) in
            PAYLOADS
                .iter()
                .zip(compressed(Compression::ZlibStream, Cutting::Whole, 1))
        {
            let [message] = &messages[..] else {
                panic!("{} messages", messages.len())
            };
            assert_eq!(message[message.len() - 4..], [0, 0, 255, 255]);
            let mut text = Vec::with_capacity(1 << 10);
            inflater
                .decompress_vec(message, &mut text, flate2::FlushDecompress::Sync)
                .unwrap();
            assert_eq!(text, payload.as_bytes());
        }
    }

    /// How many payloads of 200 streams were cut inside the suffix; the bytes stay the same.
    fn cut_suffixes(cutting: Cutting) -> usize {
        let whole = compressed(Compression::ZlibStream, Cutting::Whole, 1)
            .concat()
            .concat();
        let mut count = 0;
        for seed in 1..200 {
            let cut = compressed(Compression::ZlibStream, cutting, seed);
            count += cut.iter().filter(|m| m[m.len() - 1].len() < SUFFIX).count();
            assert!(cut.iter().flatten().all(|message| !message.is_empty()));
            assert_eq!(cut.concat().concat(), whole);
        }
        count
    }

    #[test]
    fn cuts_keep_the_bytes_and_spare_the_suffix_unless_asked() {
        assert_eq!(cut_suffixes(Cutting::Body), 0);
        assert!(cut_suffixes(Cutting::Anywhere) > 0);
    }

    #[test]
    fn zstd_is_one_stream_with_one_message_per_payload() {
        let messages = compressed(Compression::ZstdStream, Cutting::Anywhere, 1);
        assert!(messages.iter().all(|m| m.len() == 1));
        let bytes = messages.concat().concat();
        let mut text = vec![0; PAYLOADS.concat().len()];
        let mut decoder = zstd::stream::read::Decoder::new(&bytes[..]).unwrap();
        decoder.read_exact(&mut text).unwrap();
        assert_eq!(text, PAYLOADS.concat().as_bytes());
    }
}
