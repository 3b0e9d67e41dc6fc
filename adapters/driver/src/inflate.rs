//! Transport decompression: one context per connection, chosen at run time.
//!
//! Both methods turn one gateway message into one buffer that is used again for the next message.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder, InBuffer, Operation, OutBuffer};

use crate::{Error, ErrorKind};

/// How the gateway compresses what it sends. Nothing we send is ever compressed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Compression {
    /// Not at all.
    None,
    /// One zlib stream per connection (RFC 1950); a message ends with a sync flush.
    ZlibStream,
    /// One zstd frame per connection that never ends; a WebSocket message is a gateway message.
    /// The default: it costs the least time and the fewest bytes.
    #[default]
    ZstdStream,
}

impl Compression {
    /// The value of the gateway URL's `compress` parameter, if there is one.
    #[must_use]
    pub fn parameter(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::ZlibStream => Some("zlib-stream"),
            Self::ZstdStream => Some("zstd-stream"),
        }
    }
}

/// The largest gateway message after decompression, in bytes: 64 MiB unless configured.
///
/// The largest legitimate messages are READY and GUILD_CREATE of very large guilds, a few MiB
/// each; 64 MiB leaves room for a tenfold growth and still keeps a shard from eating the host.
pub const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Room that is kept from one message to the next, in bytes. A larger buffer is given back, so
/// that one large READY does not stay allocated in each of a thousand shards.
const KEPT_BYTES: usize = 1 << 20;

/// The smallest step by which the output buffer grows, in bytes.
const STEP_BYTES: usize = 16 << 10;

/// log2 of the largest zstd window: 32 MiB, four times what RFC 8878 asks a decoder to support.
/// The frame header asks for the window, so that without a limit it is a cheap memory bomb.
const ZSTD_WINDOW_LOG: u32 = 25;

/// How each zlib-stream message ends: the empty stored block of a sync flush.
const SYNC_FLUSH: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// What libzstd hints at a block boundary inside a frame: the next block's three-byte header.
const ZSTD_BLOCK_HEADER: usize = 3;

/// The decompression context of one connection.
pub struct Inflate {
    method: Method,
    out: Vec<u8>,
    limit: usize,
    /// The last message was handed out, so the next bytes begin a new one.
    complete: bool,
}

enum Method {
    None,
    /// The context and the last four bytes of input: a cut may fall inside the suffix.
    Zlib(Box<Decompress>, [u8; 4]),
    Zstd(Box<Decoder<'static>>),
}

impl Inflate {
    /// A context for a new connection; no message may be larger than `limit` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Compression`] when the decompressor cannot allocate its state.
    pub fn new(compression: Compression, limit: usize) -> Result<Self, Error> {
        let method = match compression {
            Compression::None => Method::None,
            Compression::ZlibStream => Method::Zlib(Box::new(Decompress::new(true)), [0; 4]),
            Compression::ZstdStream => Method::Zstd(Box::new(zstd_decoder().map_err(broken)?)),
        };
        Ok(Self {
            method,
            out: Vec::new(),
            limit,
            complete: true,
        })
    }

    /// Takes one WebSocket message; `true` when [`Inflate::message`] is now a gateway message.
    ///
    /// With zlib-stream a gateway message may be cut over several WebSocket messages; `false` then
    /// asks for the next part.
    ///
    /// # Errors
    /// [`ErrorKind::Compression`] for garbage, and for input cut short where that can be seen;
    /// [`ErrorKind::TooLarge`] for a message above the limit. The stream cannot be continued:
    /// close the connection.
    pub fn push(&mut self, part: &[u8]) -> Result<bool, Error> {
        self.forget();
        self.complete = match &mut self.method {
            Method::None => copy(part, &mut self.out, self.limit),
            Method::Zlib(zlib, tail) => {
                remember(tail, part);
                // The suffix of the message before does not make an empty part a message.
                let whole = *tail == SYNC_FLUSH && !part.is_empty();
                inflate(zlib, part, &mut self.out, self.limit).map(|()| whole)
            }
            Method::Zstd(zstd) => decompress(zstd, part, &mut self.out, self.limit),
        }
        .map_err(broken)?;
        Ok(self.complete)
    }

    /// The gateway message, after [`Inflate::push`] said that it is whole.
    #[must_use]
    pub fn message(&self) -> &[u8] {
        &self.out
    }

    /// Whether a part is a message as it is.
    pub(crate) const fn is_idle(&self) -> bool {
        matches!(self.method, Method::None)
    }

    /// Changes the largest message, in bytes, that is taken from here on.
    pub(crate) const fn set_limit(&mut self, limit: usize) {
        self.limit = limit;
    }

    /// Drops the message, if it is whole; a large one's memory is given back.
    pub(crate) fn forget(&mut self) {
        if self.complete {
            self.out.clear();
            self.out.shrink_to(KEPT_BYTES);
        }
    }
}

fn broken(source: io::Error) -> Error {
    let (kind, detail) = match source.kind() {
        io::ErrorKind::FileTooLarge => (ErrorKind::TooLarge, "a message is larger than the limit"),
        _ => (ErrorKind::Compression, "the compressed stream is broken"),
    };
    Error::with_source(kind, detail, source)
}

fn too_large() -> io::Error {
    io::ErrorKind::FileTooLarge.into()
}

fn invalid(reason: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

fn zstd_decoder() -> io::Result<Decoder<'static>> {
    let mut decoder = Decoder::new()?;
    decoder.set_parameter(DParameter::WindowLogMax(ZSTD_WINDOW_LOG))?;
    Ok(decoder)
}

fn copy(part: &[u8], out: &mut Vec<u8>, max: usize) -> io::Result<bool> {
    if part.len() > max {
        return Err(too_large());
    }
    out.extend_from_slice(part);
    Ok(true)
}

/// Makes room in `out`, doubling it up to one byte above the limit: that byte distinguishes a
/// message that just fits from one that does not.
fn make_room(out: &mut Vec<u8>, max: usize) -> io::Result<()> {
    let ceiling = max.saturating_add(1);
    if out.len() >= ceiling {
        return Err(too_large());
    }
    let step = out.len().max(STEP_BYTES).min(ceiling - out.len());
    out.try_reserve(step)
        .map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))
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

#[cfg(test)]
mod tests;
