//! What crosses the edge between the model and its host.

/// Milliseconds since the host's epoch, on a real or a virtual clock.
pub type Millis = u64;

/// One connection, numbered from 1 in the order of acceptance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub(crate) u64);

impl ConnectionId {
    /// The connection's number, from 1.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// Transport compression from server to client (the `compress` query key).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Compression {
    /// Plain text frames.
    #[default]
    None,
    /// One zlib stream per connection, flushed after each payload.
    ZlibStream,
    /// One zstd stream per connection, flushed after each payload.
    ZstdStream,
}

/// Payload encoding (the `encoding` query key).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Encoding {
    /// JSON text.
    #[default]
    Json,
    /// Erlang's external term format; the model refuses it with close code 4002.
    Etf,
}

/// What a client asked for in its WebSocket handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Upgrade {
    /// The protocol's version (`v`); anything but 9 and 10 is closed with 4012.
    pub version: u32,
    /// The encoding of payloads.
    pub encoding: Encoding,
    /// The transport compression; the model does not compress, the host does.
    pub compression: Compression,
    /// Whether the client dialled READY's resume URL rather than the base URL.
    pub resume_host: bool,
}

impl Default for Upgrade {
    fn default() -> Self {
        Self {
            version: 10,
            encoding: Encoding::Json,
            compression: Compression::None,
            resume_host: false,
        }
    }
}

/// What the host does with a handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accept {
    /// Complete the handshake; outputs carry this id.
    Open(ConnectionId),
    /// Answer with this HTTP status and close.
    Refuse(u16),
    /// Accept the TCP connection and never answer.
    Silent,
}

/// What the host does with an open connection, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Send the JSON text of one payload.
    Send(String),
    /// Close with this code; no [`Gateway::closed`](crate::Gateway::closed) call is needed.
    Close(u16),
    /// Drop the TCP connection without a close frame; no `closed` call is needed.
    Drop,
}
