//! A tiny gateway client: just enough to identify and to read what comes.
use async_tungstenite::tokio::TokioAdapter;
use async_tungstenite::tungstenite::protocol::CloseFrame;
use async_tungstenite::tungstenite::{Error, Message};
use async_tungstenite::{WebSocketStream, client_async_with_config};
use flate2::{Decompress, FlushDecompress};
use futures_rustls::TlsConnector;
use futures_util::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, StreamExt};
use headcount_sim::server::{Certificate, Server};
use headcount_sim::world::plan::Plan;
use headcount_sim::{Options, Token};
use serde_json::{Value, json};
use std::io::Write;
use std::sync::Arc;
use tokio::net::TcpStream;
use zstd::stream::write::Decoder;

/// The token that [`options`] accept.
pub(crate) const TOKEN: &str = "s3cret";

const SIZES: [u32; 3] = [2400, 60, 5];

/// The members of all guilds together.
pub(crate) const MEMBERS: usize = 2465;

/// A few small guilds and one of several chunks.
pub(crate) fn options() -> Options {
    let world = Plan::sizes(SIZES);
    Options {
        world,
        token: Token::new(TOKEN),
        ..Options::default()
    }
}

/// Any byte stream.
pub(crate) trait Duplex: AsyncRead + AsyncWrite + Send + Unpin {}
impl<S: AsyncRead + AsyncWrite + Send + Unpin> Duplex for S {}

/// A client on one connection.
pub(crate) struct Client {
    socket: WebSocketStream<Box<dyn Duplex>>,
    inflater: Inflater,
    /// Messages that came so far; a cut payload takes several.
    pub(crate) messages: usize,
}

enum Inflater {
    Plain,
    Zlib(Decompress, Vec<u8>),
    Zstd(Decoder<'static, Vec<u8>>),
}

/// Opens a byte stream to the host of `url`, with TLS when a certificate is given.
pub(crate) async fn dial(url: &str, trusted: Option<&Certificate>) -> Box<dyn Duplex> {
    let host = url.split_once("://").unwrap().1;
    let stream = TokioAdapter::new(TcpStream::connect(host).await.unwrap());
    let Some(certificate) = trusted else {
        return Box::new(stream);
    };
    let mut roots = rustls::RootCertStore::empty();
    roots.add(certificate.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let connector = TlsConnector::from(Arc::new(config));
    let name = "127.0.0.1".try_into().unwrap();
    Box::new(connector.connect(name, stream).await.unwrap())
}

/// One HTTP request on a connection of its own: the whole head and the body.
pub(crate) async fn http(server: &Server, request: &str) -> (String, Value) {
    let mut stream = dial(&server.http_url(), server.certificate()).await;
    let text = format!("{request}\r\nHost: sim\r\nConnection: close\r\n\r\n");
    stream.write_all(text.as_bytes()).await.unwrap();
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await.unwrap();
    let reply = String::from_utf8(reply).unwrap();
    let (head, body) = reply.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), serde_json::from_str(body).unwrap())
}

async fn shake(
    url: &str,
    query: &str,
    trusted: Option<&Certificate>,
) -> Result<WebSocketStream<Box<dyn Duplex>>, Error> {
    let stream = dial(url, trusted).await;
    Ok(
        client_async_with_config(format!("{url}/?{query}"), stream, None)
            .await?
            .0,
    )
}

impl Client {
    /// Connects to `url` (a base without query) with the given compression.
    pub(crate) async fn open(
        url: &str,
        compress: &str,
        trusted: Option<&Certificate>,
    ) -> Result<Self, Error> {
        let inflater = match compress {
            "zlib-stream" => Inflater::Zlib(Decompress::new(true), Vec::new()),
            "zstd-stream" => Inflater::Zstd(Decoder::new(Vec::new()).unwrap()),
            _ => Inflater::Plain,
        };
        let query = match compress {
            "" => String::new(),
            compress => format!("&compress={compress}"),
        };
        let socket = shake(url, &format!("v=10&encoding=json{query}"), trusted).await?;
        Ok(Self {
            socket,
            inflater,
            messages: 0,
        })
    }

    /// Connects with this query and waits for the server to close.
    pub(crate) async fn closed_with(server: &Server, query: &str) -> Result<(), Option<u16>> {
        let socket = shake(&server.ws_url(), query, server.certificate())
            .await
            .unwrap();
        let mut client = Self {
            socket,
            inflater: Inflater::Plain,
            messages: 0,
        };
        loop {
            client.next().await?;
        }
    }

    /// Sends one payload.
    pub(crate) async fn send(&mut self, op: u8, d: Value) {
        let text = json!({ "op": op, "d": d }).to_string();
        self.socket.send(Message::text(text)).await.unwrap();
    }

    /// Identifies with the token and all intents that need no permission, plus members.
    pub(crate) async fn identify(&mut self, token: &str, shard: [u32; 2]) {
        let properties = json!({ "os": "linux", "browser": "test", "device": "test" });
        let d = json!({
            "token": token, "properties": properties, "intents": 3, "shard": shard,
        });
        self.send(2, d).await;
    }

    /// The next payload, or the code the server closed with (`None`: without a close frame).
    pub(crate) async fn next(&mut self) -> Result<Value, Option<u16>> {
        loop {
            self.messages += 1;
            let message = match self.socket.next().await {
                Some(Ok(Message::Text(text))) => text.as_bytes().to_vec(),
                Some(Ok(Message::Binary(bytes))) => bytes.to_vec(),
                Some(Ok(Message::Close(frame))) => {
                    return Err(frame.map(|frame: CloseFrame| frame.code.into()));
                }
                Some(Ok(_)) => continue,
                Some(Err(_)) | None => return Err(None),
            };
            if let Some(text) = self.inflater.inflate(message) {
                return Ok(serde_json::from_slice(&text).unwrap());
            }
        }
    }

    /// The next dispatch of this name; others are passed over.
    pub(crate) async fn dispatch(&mut self, name: &str) -> Value {
        loop {
            let payload = self.next().await.unwrap();
            if payload["t"] == name {
                return payload["d"].clone();
            }
        }
    }

    /// Closes with a code.
    pub(crate) async fn close(mut self, code: u16) {
        let reason = String::new().into();
        let _ = self
            .socket
            .close(Some(CloseFrame {
                code: code.into(),
                reason,
            }))
            .await;
        while self.next().await.is_ok() {}
    }
}

impl Inflater {
    /// The payload that `message` completes, if it does.
    fn inflate(&mut self, message: Vec<u8>) -> Option<Vec<u8>> {
        match self {
            Self::Plain => Some(message),
            Self::Zlib(inflater, held) => {
                held.extend_from_slice(&message);
                if !held.ends_with(&[0, 0, 255, 255]) {
                    return None;
                }
                let compressed = std::mem::take(held);
                let mut text = Vec::new();
                let goal = inflater.total_in() + compressed.len() as u64;
                while inflater.total_in() < goal || text.len() == text.capacity() {
                    text.reserve(1 << 16);
                    let from =
                        compressed.len() - usize::try_from(goal - inflater.total_in()).unwrap();
                    let flush = FlushDecompress::Sync;
                    inflater
                        .decompress_vec(&compressed[from..], &mut text, flush)
                        .unwrap();
                }
                Some(text)
            }
            Self::Zstd(decoder) => {
                decoder.write_all(&message).unwrap();
                decoder.flush().unwrap();
                Some(std::mem::take(decoder.get_mut()))
            }
        }
    }
}
