//! The server's side of one WebSocket connection, frame by frame: it says what no well-behaved
//! library would say.
use crate::edge::Compression;
use crate::frame::unmasked;
use crate::server::Cutting;
use crate::server::compression::Compressor;
use async_tungstenite::tungstenite::Message;
use async_tungstenite::tungstenite::handshake::derive_accept_key;
use std::io::{self, Read, Write};
use std::mem;
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

/// What a frame is (RFC 6455, 5.2).
pub(super) mod kind {
    pub(crate) const CONTINUATION: u8 = 0x0;
    pub(crate) const TEXT: u8 = 0x1;
    pub(crate) const BINARY: u8 = 0x2;
    pub(crate) const CLOSE: u8 = 0x8;
    pub(crate) const PING: u8 = 0x9;
}

/// In a frame's first byte: it is the last of its message.
const FINAL: u8 = 0x80;

/// How long a write waits for a client that does not read before it looks whether to go on.
const LOOK: Duration = Duration::from_millis(100);

/// An HTTP request's head.
pub(super) struct Request(String);

impl Request {
    pub(super) fn read(stream: &mut TcpStream) -> io::Result<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        Ok(Self(String::from_utf8_lossy(&head).into_owned()))
    }

    /// The key of a WebSocket handshake, if this is one.
    pub(super) fn key(&self) -> Option<&str> {
        self.0.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("sec-websocket-key")
                .then_some(value)
        })
    }

    fn compression(&self) -> Compression {
        if self.0.contains("compress=zlib-stream") {
            Compression::ZlibStream
        } else if self.0.contains("compress=zstd-stream") {
            Compression::ZstdStream
        } else {
            Compression::None
        }
    }
}

/// Answers a request with JSON.
pub(super) fn answer(stream: &mut TcpStream, body: &str) -> io::Result<()> {
    let length = body.len();
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
    write!(stream, "{head}Content-Length: {length}\r\n\r\n{body}")
}

/// The writing half of a connection.
pub(super) struct Wire {
    stream: TcpStream,
    compressor: Compressor,
    /// A message has begun that has not ended.
    open: bool,
}

impl Wire {
    /// Answers a handshake.
    pub(super) fn accept(mut stream: TcpStream, request: &Request, key: &str) -> io::Result<Self> {
        let accept = derive_accept_key(key.as_bytes());
        write!(
            stream,
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        )?;
        stream.set_nodelay(true)?;
        stream.set_write_timeout(Some(LOOK))?;
        let compressor = Compressor::new(request.compression(), Cutting::Whole, 0)?;
        Ok(Self {
            stream,
            compressor,
            open: false,
        })
    }

    /// The reading half.
    pub(super) fn reader(&self) -> io::Result<TcpStream> {
        self.stream.try_clone()
    }

    /// Writes bytes as they are. A client that does not read is waited for while `goes_on` says so.
    ///
    /// # Errors
    /// The connection is over.
    pub(super) fn write(&mut self, bytes: &[u8], goes_on: impl Fn() -> bool) -> io::Result<()> {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock && goes_on() => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The frames of one payload, as the connection's compression wants it; a message that has
    /// begun ends before it.
    pub(super) fn payload(&mut self, text: &str) -> io::Result<Vec<u8>> {
        let mut bytes = match mem::take(&mut self.open) {
            true => frame(kind::CONTINUATION, b""),
            false => Vec::new(),
        };
        bytes.extend(self.frames(text, FINAL)?);
        Ok(bytes)
    }

    /// So many frames without a byte that go on with a message; it begins with this payload, unless
    /// it has begun.
    pub(super) fn empty_frames(&mut self, text: &str, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = match mem::replace(&mut self.open, true) {
            true => Vec::new(),
            false => self.frames(text, 0)?,
        };
        bytes.extend(unmasked(kind::CONTINUATION, b"").repeat(count));
        Ok(bytes)
    }

    /// Whether a message has begun that has not ended: no other can be sent.
    pub(super) const fn is_open(&self) -> bool {
        self.open
    }

    fn frames(&mut self, text: &str, last: u8) -> io::Result<Vec<u8>> {
        let messages = self.compressor.messages(text.to_owned())?;
        let frames = messages.into_iter().map(|message| match message {
            Message::Text(text) => unmasked(kind::TEXT | last, text.as_bytes()),
            other => unmasked(kind::BINARY | last, &other.into_data()),
        });
        Ok(frames.collect::<Vec<_>>().concat())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // The reader has a handle of its own.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

/// A whole message in one frame.
pub(super) fn frame(kind: u8, body: &[u8]) -> Vec<u8> {
    unmasked(kind | FINAL, body)
}

/// What a client has sent: the kind of a frame, and its body without the mask.
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) body: Vec<u8>,
}

/// Reads a client's frame.
///
/// # Errors
/// The connection is over.
pub(super) fn read(stream: &mut impl Read) -> io::Result<Frame> {
    let mut head = [0; 2];
    stream.read_exact(&mut head)?;
    let mut length = [0; 8];
    let bytes = match head[1] & 0x7f {
        126 => 2,
        127 => 8,
        short => {
            length[7] = short;
            0
        }
    };
    stream.read_exact(&mut length[8 - bytes..])?;
    let mut mask = [0; 4];
    stream.read_exact(&mut mask)?;
    // A client sends no more than some kilobytes.
    let mut body = vec![0; u64::from_be_bytes(length).min(1 << 20) as usize];
    stream.read_exact(&mut body)?;
    for (byte, mask) in body.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
    let kind = head[0] & 0x0f;
    Ok(Frame { kind, body })
}
