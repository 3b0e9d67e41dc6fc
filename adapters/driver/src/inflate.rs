//! Transport decompression: one context per connection, chosen at run time.
//!
//! Every method turns one gateway message into one buffer that is used again for the next message.

#[cfg(any(feature = "zlib", feature = "zstd"))]
mod room;
#[cfg(feature = "zlib")]
mod zlib;
#[cfg(feature = "zstd")]
mod zstd;

use std::io;

use crate::{Error, ErrorKind};

/// How the gateway compresses what it sends. Nothing we send is ever compressed.
///
/// The default is the first of zstd, zlib and none whose feature is on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// Not at all.
    #[cfg_attr(not(any(feature = "zlib", feature = "zstd")), default)]
    None,
    /// One zlib stream per connection (RFC 1950); a message ends with a sync flush.
    #[cfg(feature = "zlib")]
    #[cfg_attr(not(feature = "zstd"), default)]
    ZlibStream,
    /// One zstd frame per connection that never ends; a WebSocket message is a gateway message.
    /// It costs the least time and the fewest bytes.
    #[cfg(feature = "zstd")]
    #[default]
    ZstdStream,
}

impl Compression {
    /// The value of the gateway URL's `compress` parameter, if there is one.
    #[must_use]
    pub fn parameter(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            #[cfg(feature = "zlib")]
            Self::ZlibStream => Some("zlib-stream"),
            #[cfg(feature = "zstd")]
            Self::ZstdStream => Some("zstd-stream"),
        }
    }
}

/// The largest gateway message after decompression, in bytes: 64 MiB unless configured.
///
/// The largest legitimate messages are READY and GUILD_CREATE of very large guilds, a few MiB
/// each; 64 MiB leaves room for a tenfold growth and still keeps a shard from eating the host.
pub const MAX_MESSAGE_BYTES: usize = 64 << 20;

/// Room that is kept from one message to the next, in bytes, while they follow one another.
const KEPT_BYTES: usize = 1 << 20;

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
    #[cfg(feature = "zlib")]
    Zlib(Box<zlib::Zlib>),
    #[cfg(feature = "zstd")]
    Zstd(Box<zstd::Zstd>),
}

impl Inflate {
    /// A context for a new connection; no message may be larger than `limit` bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Compression`] when the decompressor cannot allocate its state.
    pub fn new(compression: Compression, limit: usize) -> Result<Self, Error> {
        let method = match compression {
            Compression::None => Method::None,
            #[cfg(feature = "zlib")]
            Compression::ZlibStream => Method::Zlib(Box::new(zlib::Zlib::new())),
            #[cfg(feature = "zstd")]
            Compression::ZstdStream => Method::Zstd(Box::new(zstd::Zstd::new().map_err(broken)?)),
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
            #[cfg(feature = "zlib")]
            Method::Zlib(zlib) => zlib.push(part, &mut self.out, self.limit),
            #[cfg(feature = "zstd")]
            Method::Zstd(zstd) => zstd.push(part, &mut self.out, self.limit),
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

    /// Nothing follows for now: gives back what the last message took, if that was whole.
    pub(crate) fn rest(&mut self) {
        if self.complete {
            self.out = Vec::new();
        }
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

fn copy(part: &[u8], out: &mut Vec<u8>, max: usize) -> io::Result<bool> {
    if part.len() > max {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    out.extend_from_slice(part);
    Ok(true)
}

#[cfg(all(test, feature = "zlib", feature = "zstd"))]
mod tests;
