//! HTTP/1.1 as far as a bot needs it: request heads, JSON replies, the WebSocket upgrade.
use crate::edge::{Compression, Encoding, Upgrade};
use async_tungstenite::tungstenite::handshake::derive_accept_key;
use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use std::io;

/// The most bytes of one request's head.
const HEAD_LIMIT: usize = 64 * 1024;
const HEADER_LIMIT: usize = 100;

/// What one request asks for.
#[derive(Debug, Default)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) authorization: Option<String>,
    pub(crate) websocket_key: Option<String>,
    /// The subprotocols that the client offers, as it wrote them.
    pub(crate) websocket_protocols: String,
    pub(crate) keep_alive: bool,
    pub(crate) body: Vec<u8>,
    /// How long the body is, in bytes.
    length: usize,
}

/// Reads the next request; `buffer` keeps what came after it. `None` when the client has gone.
///
/// # Errors
/// The stream's errors, and `InvalidData` when the bytes are not HTTP.
pub(crate) async fn read_request<S: AsyncRead + Unpin>(
    stream: &mut S,
    buffer: &mut Vec<u8>,
) -> io::Result<Option<Request>> {
    loop {
        if let Some((mut request, length)) = parse(buffer)? {
            buffer.drain(..length);
            while buffer.len() < request.length {
                if fill(stream, buffer).await? == 0 {
                    return Ok(None);
                }
            }
            request.body = buffer.drain(..request.length).collect();
            return Ok(Some(request));
        }
        if buffer.len() > HEAD_LIMIT || fill(stream, buffer).await? == 0 {
            return Ok(None);
        }
    }
}

async fn fill<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> io::Result<usize> {
    let mut part = [0; 4096];
    let count = stream.read(&mut part).await?;
    buffer.extend_from_slice(&part[..count]);
    Ok(count)
}

/// A whole head at the start of `bytes`, with its length.
fn parse(bytes: &[u8]) -> io::Result<Option<(Request, usize)>> {
    let mut headers = [httparse::EMPTY_HEADER; HEADER_LIMIT];
    let mut head = httparse::Request::new(&mut headers);
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let httparse::Status::Complete(length) = head.parse(bytes).map_err(invalid)? else {
        return Ok(None);
    };
    let target = head.path.unwrap_or("/");
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut request = Request {
        method: head.method.unwrap_or_default().to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        keep_alive: head.version == Some(1),
        ..Request::default()
    };
    for header in head.headers.iter() {
        request.note(header.name, &String::from_utf8_lossy(header.value));
    }
    Ok(Some((request, length)))
}

impl Request {
    fn note(&mut self, name: &str, value: &str) {
        match name.to_ascii_lowercase().as_str() {
            "authorization" => self.authorization = Some(value.to_owned()),
            "sec-websocket-key" => self.websocket_key = Some(value.trim().to_owned()),
            "sec-websocket-protocol" => self.websocket_protocols = value.trim().to_owned(),
            "content-length" => self.length = value.trim().parse().unwrap_or(0).min(1 << 24),
            "connection" if value.eq_ignore_ascii_case("close") => self.keep_alive = false,
            // A body whose end is not known from the head: answer, then close.
            "transfer-encoding" => self.keep_alive = false,
            _ => {}
        }
    }

    /// The gateway parameters of an upgrade, or what is wrong with the query.
    pub(crate) fn upgrade(&self, resume_host: bool) -> Result<Upgrade, String> {
        let mut upgrade = Upgrade {
            version: 0,
            resume_host,
            ..Upgrade::default()
        };
        for pair in self.query.split('&').filter(|pair| !pair.is_empty()) {
            match pair.split_once('=').unwrap_or((pair, "")) {
                ("v", version) => upgrade.version = version.parse().unwrap_or(0),
                ("encoding", "json") => upgrade.encoding = Encoding::Json,
                ("encoding", "etf") => upgrade.encoding = Encoding::Etf,
                ("encoding", other) => return Err(format!("unknown encoding {other:?}")),
                ("compress", "zlib-stream") => upgrade.compression = Compression::ZlibStream,
                ("compress", "zstd-stream") => upgrade.compression = Compression::ZstdStream,
                ("compress", other) => return Err(format!("unknown compression {other:?}")),
                _ => {}
            }
        }
        Ok(upgrade)
    }
}

/// Writes a JSON reply.
pub(crate) async fn reply<S: AsyncWrite + Unpin>(
    stream: &mut S,
    status: u16,
    body: &str,
    keep_alive: bool,
) -> io::Result<()> {
    let connection = if keep_alive { "keep-alive" } else { "close" };
    let head = format!(
        "HTTP/1.1 {status} {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: {connection}\r\n\r\n",
        reason(status),
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.flush().await
}

/// Accepts the upgrade whose `Sec-WebSocket-Key` is `key`, and selects a subprotocol if one is
/// given.
pub(crate) async fn switch<S: AsyncWrite + Unpin>(
    stream: &mut S,
    key: &str,
    protocol: Option<&str>,
) -> io::Result<()> {
    let accept = derive_accept_key(key.as_bytes());
    let selected = protocol.map(|name| format!("Sec-WebSocket-Protocol: {name}\r\n"));
    let selected = selected.unwrap_or_default();
    let head = format!(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n{selected}\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    stream.flush().await
}

fn reason(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        400 => "Bad Request",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Method Not Allowed",
        429 => "Too Many Requests",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Unavailable",
        _ => "Status",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UPGRADE: &[u8] = b"GET /?v=10&encoding=json&compress=zlib-stream HTTP/1.1\r\n\
        Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\nrest";

    #[test]
    fn an_upgrade_is_told_by_its_key_and_query() {
        let (request, length) = parse(UPGRADE).unwrap().unwrap();
        assert_eq!(&UPGRADE[length..], b"rest");
        assert_eq!(
            request.websocket_key.as_deref(),
            Some("dGhlIHNhbXBsZSBub25jZQ==")
        );
        let upgrade = request.upgrade(true).unwrap();
        assert_eq!((upgrade.version, upgrade.resume_host), (10, true));
        assert_eq!(upgrade.compression, Compression::ZlibStream);
    }

    #[test]
    fn a_head_in_parts_is_not_whole_and_nonsense_is_an_error() {
        assert!(parse(&UPGRADE[..60]).unwrap().is_none());
        assert!(parse(b"\x16\x03\x01\x02\x00\x01").is_err());
    }

    #[test]
    fn an_unknown_encoding_or_compression_is_named() {
        let query = |query: &str| Request {
            query: query.to_owned(),
            ..Request::default()
        };
        assert!(
            query("v=10&encoding=xml")
                .upgrade(false)
                .unwrap_err()
                .contains("xml")
        );
        assert!(
            query("v=10&compress=lz4")
                .upgrade(false)
                .unwrap_err()
                .contains("lz4")
        );
        assert_eq!(query("encoding=json").upgrade(false).unwrap().version, 0);
    }
}
