//! One gateway connection: WebSocket over TCP or TLS, with decompression.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http::Uri;
use rustls::ClientConfig;
use tungstenite::Bytes;
use tungstenite::error::{Error as WsError, ProtocolError};
use tungstenite::protocol::CloseFrame;

use crate::address::{self, Address, Cleartext};
use crate::deadline::within;
use crate::http_get::retry_after;
use crate::inflate::{Inflate, MAX_MESSAGE_BYTES};
use crate::metrics::{Sampling, Traffic, timed};
use crate::websocket::{Said, WebSocket};
use crate::{Compression, Error, ErrorKind, Runtime, frame, stream};

/// A message of fewer bytes is decompressed in little more time than it takes to read a clock.
const SMALL: usize = 1 << 10;

/// How connections are made.
#[derive(Clone)]
pub struct SocketOptions {
    /// How the gateway compresses what it sends.
    pub compression: Compression,
    /// The largest message in bytes, on the wire and after decompression; 64 MiB by default. A
    /// shard takes no more than its phase allows, either:
    /// [`ReceiveLimits`](headcount_core::config::ReceiveLimits).
    pub max_message_bytes: usize,
    /// How long one write may take; 10 s by default. A write that does not finish is a dead
    /// connection: the send budget is counted when the core decides, so it must hold on the wire.
    pub write_deadline: Duration,
    /// How long [`Socket::close`] waits for the peer after the close frame; 2 s by default.
    pub close_deadline: Duration,
    /// The TLS configuration; by default [`crate::tls::default_config`].
    pub tls: Option<Arc<ClientConfig>>,
    /// Whether the token may cross a network without TLS, as everybody on the way can then read it;
    /// off by default. Without it, an address without TLS is dialled on this machine alone.
    pub allow_plaintext: bool,
}

impl Default for SocketOptions {
    fn default() -> Self {
        Self {
            compression: Compression::default(),
            max_message_bytes: MAX_MESSAGE_BYTES,
            write_deadline: Duration::from_secs(10),
            close_deadline: Duration::from_secs(2),
            tls: None,
            allow_plaintext: false,
        }
    }
}

impl fmt::Debug for SocketOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SocketOptions")
            .field("compression", &self.compression)
            .field("max_message_bytes", &self.max_message_bytes)
            .field("write_deadline", &self.write_deadline)
            .field("close_deadline", &self.close_deadline)
            .field("tls", &self.tls.is_some())
            .field("allow_plaintext", &self.allow_plaintext)
            .finish()
    }
}

/// How a connection ended.
#[derive(Debug)]
pub struct Ended {
    /// The close code, when the peer sent one.
    pub code: Option<u16>,
    /// The peer's words beside the code; often empty.
    pub reason: String,
    /// What broke the connection, when it was not a close frame.
    pub error: Option<Arc<Error>>,
}

impl Ended {
    /// The connection is gone, and nobody said why.
    pub(crate) fn silent() -> Self {
        Self {
            code: None,
            reason: String::new(),
            error: None,
        }
    }
}

/// An open WebSocket connection to a gateway.
///
/// It answers pings, the last one first of those that wait. What waits to be written is one frame
/// and one answer; what was read is one message, and one that has not come whole. After each 256
/// KiB or 256 messages it lets the runtime's other tasks run, so that no peer keeps it busy.
pub struct Socket {
    ws: WebSocket,
    inflate: Inflate,
    /// The message, where nothing is compressed.
    plain: Bytes,
    /// What has gone over it since that was last asked for.
    traffic: Traffic,
    /// Which messages below `SMALL` are timed.
    small: Sampling,
    limit: usize,
    write_deadline: Duration,
    close_deadline: Duration,
}

impl Socket {
    /// Dials a gateway: TCP, TLS for `wss://`, and the WebSocket handshake. `base` is a gateway
    /// URL; version, encoding and compression are added to its query.
    ///
    /// It has no deadline of its own. Cancel-safe: dropping it drops the connection.
    ///
    /// # Errors
    /// [`ErrorKind::Url`], [`ErrorKind::Plaintext`], [`ErrorKind::NameNotFound`],
    /// [`ErrorKind::Refused`], [`ErrorKind::Network`], [`ErrorKind::Files`], [`ErrorKind::Tls`],
    /// [`ErrorKind::Status`] when the server answers with anything but an upgrade,
    /// [`ErrorKind::Nonsense`] when it does not speak HTTP.
    pub async fn dial<R: Runtime>(
        runtime: &R,
        base: &str,
        options: &SocketOptions,
    ) -> Result<Self, Error> {
        let cleartext = Cleartext::new(options.allow_plaintext);
        Self::dial_within(runtime, base, options, cleartext).await
    }

    /// The same, for an address that may be known from somebody who was asked over TLS.
    pub(crate) async fn dial_within<R: Runtime>(
        runtime: &R,
        base: &str,
        options: &SocketOptions,
        cleartext: Cleartext,
    ) -> Result<Self, Error> {
        let url = address::gateway(base, options.compression)?;
        Address::of(&url)?.permit(cleartext)?;
        Self::connect(runtime, url, options.compression, options).await
    }

    #[cfg(feature = "chat")]
    /// Dials a server of another protocol: the URL is taken as it is, and nothing is compressed.
    ///
    /// Cancel-safe, and with the errors of [`Socket::dial`].
    pub(crate) async fn dial_plain<R: Runtime>(
        runtime: &R,
        url: &str,
        options: &SocketOptions,
    ) -> Result<Self, Error> {
        let url = address::parse(url)?;
        Address::of(&url)?.permit(Cleartext::new(options.allow_plaintext))?;
        Self::connect(runtime, url, Compression::None, options).await
    }

    async fn connect<R: Runtime>(
        runtime: &R,
        url: Uri,
        compression: Compression,
        options: &SocketOptions,
    ) -> Result<Self, Error> {
        let address = Address::of(&url)?;
        let limit = options.max_message_bytes;
        let inflate = Inflate::new(compression, limit)?;
        let stream = stream::open(runtime, &address, options.tls.as_ref()).await?;
        let ws = WebSocket::connect(url, stream, limit)
            .await
            .map_err(|error| refused(&address.host, error))?;
        Ok(Self {
            ws,
            inflate,
            plain: Bytes::new(),
            traffic: Traffic::default(),
            small: Sampling::new(),
            limit,
            write_deadline: options.write_deadline,
            close_deadline: options.close_deadline,
        })
    }

    /// Waits for the next gateway message and lends it until the next call.
    ///
    /// Cancel-safe: what arrived of a message is kept for the next call.
    ///
    /// # Errors
    /// [`Ended`] once, when the connection is over: the peer closed it, it broke, or what came
    /// cannot be decompressed. Drop or [`close`](Self::close) the socket then.
    pub async fn receive(&mut self) -> Result<&[u8], Ended> {
        poll_fn(|cx| self.poll_receive(cx)).await?;
        Ok(self.message())
    }

    /// The poll form of [`Socket::receive`]; when ready, [`Socket::message`] is the message.
    pub(crate) fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Ended>> {
        loop {
            let part = match self.ws.poll_next(cx) {
                Poll::Ready(Ok(Said::Message(bytes))) => bytes,
                Poll::Ready(Ok(Said::Close(frame))) => return Poll::Ready(Err(closed(frame))),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(broken(error))),
                Poll::Pending => {
                    self.inflate.rest();
                    return Poll::Pending;
                }
            };
            self.traffic.received_bytes += part.len() as u64;
            if self.inflate.is_idle() {
                self.plain = part;
                return Poll::Ready(Ok(()));
            }
            let inflate = &mut self.inflate;
            let push = || inflate.push(&part);
            let (whole, time) = match part.len() < SMALL {
                true => self.small.time(push),
                false => timed(push),
            };
            self.traffic.inflate += time;
            self.ws.quantum().spend(self.inflate.message().len());
            match whole {
                Ok(true) => return Poll::Ready(Ok(())),
                Ok(false) => {}
                Err(error) => return Poll::Ready(Err(failed(error))),
            }
        }
    }

    /// The message that [`Socket::receive`] gave last.
    pub(crate) fn message(&self) -> &[u8] {
        if self.inflate.is_idle() {
            return &self.plain;
        }
        self.inflate.message()
    }

    /// What has gone over it since the last call.
    pub(crate) fn take_traffic(&mut self) -> Traffic {
        std::mem::take(&mut self.traffic)
    }

    /// Nobody looks at the message any more: a large one need not be kept.
    pub(crate) fn forget(&mut self) {
        self.plain = Bytes::new();
        self.inflate.forget();
    }

    /// Changes the largest message, in bytes, that is taken from here on; the options' bound holds
    /// all the same.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        let limit = limit.min(self.limit);
        self.ws.set_limit(limit);
        self.inflate.set_limit(limit);
    }

    /// Whether it stopped reading for the sake of other tasks, and not because all is read.
    pub(crate) fn has_yielded(&mut self) -> bool {
        self.ws.quantum().is_spent()
    }

    /// Sends one text message and waits until it is handed to the operating system.
    ///
    /// Not cancel-safe: half a message may have been written, so drop the socket after cancelling.
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] when the write deadline passes, [`ErrorKind::Broken`] when the
    /// connection is gone. Either way nothing more can be sent.
    pub async fn send<R: Runtime>(&mut self, runtime: &R, text: &str) -> Result<(), Error> {
        let write = async { self.ws.write(frame::text(text)?).await };
        match within(runtime, self.write_deadline, write).await {
            Some(Ok(())) => {
                self.traffic.sent_bytes += text.len() as u64;
                Ok(())
            }
            Some(Err(e)) => Err(Error::with_source(
                ErrorKind::Broken,
                "the connection broke in a write",
                e,
            )),
            None => Err(Error::new(
                ErrorKind::Timeout,
                "a write did not finish in time",
            )),
        }
    }

    /// Sends a close frame and gives the peer a moment to take it; then drops the connection.
    ///
    /// It waits for the peer at most the close deadline, so a host need not wait for it: spawn it
    /// and dial again at once. Cancel-safe: dropping it drops the connection.
    pub async fn close<R: Runtime>(mut self, runtime: R, code: u16) {
        let limit = self.close_deadline;
        within(&runtime, limit, async {
            let frame = async { self.ws.write(frame::close(code)?).await };
            if frame.await.is_ok() {
                // Dropping a socket with unread bytes resets it, and the frame may be lost.
                self.ws.drain().await;
            }
        })
        .await;
    }
}

impl fmt::Debug for Socket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").finish_non_exhaustive()
    }
}

fn refused(host: &str, error: WsError) -> Error {
    match error {
        WsError::Http(response) => {
            let code = response.status().as_u16();
            let retry_after = retry_after(response.headers());
            let mut detail = format!("{host} answered with status {code}");
            if let Some(wait) = retry_after {
                detail.push_str(&format!(" and asks to wait {wait:?}"));
            }
            Error::new(ErrorKind::Status { code, retry_after }, detail)
        }
        error @ (WsError::ConnectionClosed
        | WsError::Protocol(ProtocolError::HandshakeIncomplete)) => {
            let detail = format!("{host} broke the connection");
            Error::with_source(ErrorKind::Network, detail, error)
        }
        WsError::Io(e) => {
            let detail = format!("{host} broke the connection");
            Error::with_source(ErrorKind::Network, detail, e)
        }
        other => {
            let detail = format!("{host} does not speak WebSocket");
            Error::with_source(ErrorKind::Nonsense, detail, other)
        }
    }
}

fn closed(frame: Option<CloseFrame>) -> Ended {
    match frame {
        Some(frame) => {
            let (code, reason) = (Some(frame.code.into()), frame.reason.as_str().to_owned());
            Ended {
                code,
                reason,
                error: None,
            }
        }
        None => Ended {
            code: None,
            reason: String::new(),
            error: None,
        },
    }
}

fn broken(error: WsError) -> Ended {
    let (kind, detail) = match &error {
        WsError::Capacity(_) => (ErrorKind::TooLarge, "a message is larger than the limit"),
        _ => (ErrorKind::Broken, "the connection broke"),
    };
    failed(Error::with_source(kind, detail, error))
}

fn failed(error: Error) -> Ended {
    Ended {
        code: None,
        reason: String::new(),
        error: Some(Arc::new(error)),
    }
}
