//! The WebSocket protocol (RFC 6455) as a client, over an asynchronous stream.
//!
//! The WebSocket crate shakes hands and reads. All that is written after the handshake is written
//! here: the crate would answer every ping of a peer that does not read, without a bound, and log
//! each frame in clear text.

use std::future::poll_fn;
use std::io::{self, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};

use futures_io::{AsyncRead as _, AsyncWrite as _};
use http::Uri;
use tungstenite::client::client_with_config;
use tungstenite::error::Error as WsError;
use tungstenite::handshake::{HandshakeError, MidHandshake};
use tungstenite::protocol::{CloseFrame, WebSocketConfig};
use tungstenite::{Bytes, ClientHandshake, Message};

use crate::frame;
use crate::quantum::Quantum;
use crate::read_ahead::ReadAhead;
use crate::stream::Stream;
use crate::tail::Tail;

/// Room for what was read and is not a whole frame yet, in bytes; more for a larger frame. An idle
/// connection keeps it.
const READ_BYTES: usize = 4 << 10;

/// From this size on, in bytes, a message's memory is not used again for the next one.
const LARGE_BYTES: usize = 8 << 10;

/// What a peer can say.
pub(crate) enum Said {
    /// A whole message, text or binary.
    Message(Bytes),
    Close(Option<CloseFrame>),
}

/// An open WebSocket connection.
///
/// What waits to be written is one frame at most, and the answer to one ping: a later ping takes
/// the place of an earlier one (5.5.3).
pub(crate) struct WebSocket {
    reader: tungstenite::WebSocket<Polled>,
    /// The frame that is being written, and how much of it has been.
    frame: Vec<u8>,
    written: usize,
    flushed: bool,
    /// The last ping that waits for its answer.
    ping: Option<Bytes>,
    /// A large message whose memory the reader must not keep.
    large: Option<Bytes>,
}

impl WebSocket {
    /// Shakes hands with the server that `url` names over a stream to it. Cancel-safe: dropping it
    /// drops the connection.
    pub(crate) async fn connect(url: Uri, stream: Stream, limit: usize) -> Result<Self, WsError> {
        let config = WebSocketConfig::default()
            .read_buffer_size(READ_BYTES)
            .write_buffer_size(0)
            .max_message_size(Some(limit))
            .max_frame_size(Some(limit));
        let mut upgrade = Some(ClientUpgrade::Begun(url, Polled::new(stream), config));
        let mut reader = poll_fn(|cx| ClientUpgrade::poll(&mut upgrade, cx)).await?;
        reader.get_mut().mute();
        Ok(Self {
            reader,
            frame: Vec::new(),
            written: 0,
            flushed: true,
            ping: None,
            large: None,
        })
    }

    /// Changes the largest message, in bytes, that is accepted from here on.
    pub(crate) fn set_limit(&mut self, limit: usize) {
        if self.reader.get_config().max_message_size != Some(limit) {
            self.reader.set_config(|config| {
                config.max_message_size = Some(limit);
                config.max_frame_size = Some(limit);
            });
        }
    }

    /// What is left of the connection's turn.
    pub(crate) fn quantum(&mut self) -> &mut Quantum {
        self.reader.get_mut().stream.quantum()
    }

    /// The next thing that the peer says. Pings are answered on the way, as far as the peer takes
    /// the answers. When the turn is over it is pending, and the task is woken at once.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Result<Said, WsError>> {
        let said = self.poll_read(cx);
        let flushed = self.poll_flush(cx);
        match (said, flushed) {
            // What was read goes first: it may be why nothing can be written.
            (said @ Poll::Ready(_), _) => said,
            (Poll::Pending, Poll::Ready(Err(error))) => Poll::Ready(Err(error.into())),
            (Poll::Pending, _) => Poll::Pending,
        }
    }

    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<Result<Said, WsError>> {
        self.reader.get_mut().begin(cx);
        loop {
            ready!(self.quantum().poll(cx));
            let read = self.reader.read();
            // Here the reader has room of its own again.
            self.large = None;
            match read {
                Ok(Message::Text(text)) => return Poll::Ready(Ok(self.message(text.into()))),
                Ok(Message::Binary(bytes)) => return Poll::Ready(Ok(self.message(bytes))),
                Ok(Message::Close(frame)) => return Poll::Ready(Ok(Said::Close(frame))),
                Ok(Message::Ping(data)) => {
                    self.ping = Some(data);
                    self.quantum().spend(0);
                }
                Ok(Message::Pong(_) | Message::Frame(_)) => self.quantum().spend(0),
                Err(WsError::Io(error)) if error.kind() == io::ErrorKind::WouldBlock => {
                    return Poll::Pending;
                }
                Err(error) => return Poll::Ready(self.said_in(error)),
            }
        }
    }

    /// What the peer said that the WebSocket crate takes for an error: a close frame that gives its
    /// reason in no UTF-8.
    fn said_in(&self, error: WsError) -> Result<Said, WsError> {
        let frame = match &error {
            WsError::Utf8(_) => self.reader.get_ref().tail.close_frame(),
            _ => None,
        };
        match frame {
            Some(frame) => Ok(Said::Close(Some(frame))),
            None => Err(error),
        }
    }

    fn message(&mut self, bytes: Bytes) -> Said {
        self.quantum().spend(bytes.len());
        if bytes.len() >= LARGE_BYTES {
            self.large = Some(bytes.clone());
        }
        Said::Message(bytes)
    }

    /// Writes what waits: first the rest of a frame, then the answer to a ping.
    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let stream = &mut self.reader.get_mut().stream;
            while let Some(rest) = self
                .frame
                .get(self.written..)
                .filter(|rest| !rest.is_empty())
            {
                match ready!(Pin::new(&mut *stream).poll_write(cx, rest))? {
                    0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    count => self.written += count,
                }
                self.flushed = false;
            }
            let Some(ping) = self.ping.take() else {
                if !self.flushed {
                    ready!(Pin::new(stream).poll_flush(cx))?;
                    self.flushed = true;
                }
                return Poll::Ready(Ok(()));
            };
            self.set_frame(frame::pong(&ping)?);
        }
    }

    fn set_frame(&mut self, frame: Vec<u8>) {
        self.frame = frame;
        self.written = 0;
    }

    /// Writes one frame, after what waits already, and hands it to the operating system.
    pub(crate) async fn write(&mut self, frame: Vec<u8>) -> io::Result<()> {
        poll_fn(|cx| self.poll_flush(cx)).await?;
        self.set_frame(frame);
        poll_fn(|cx| self.poll_flush(cx)).await
    }

    /// Reads until the peer says nothing more, and drops it all.
    pub(crate) async fn drain(&mut self) {
        let mut bytes = vec![0; 4 << 10];
        let stream = &mut self.reader.get_mut().stream;
        let mut poll = |cx: &mut Context<'_>| Pin::new(&mut *stream).poll_read(cx, &mut bytes);
        while let Ok(1..) = poll_fn(&mut poll).await {}
    }
}

/// A handshake on its way.
enum ClientUpgrade {
    Begun(Uri, Polled, WebSocketConfig),
    Interrupted(MidHandshake<ClientHandshake<Polled>>),
}

impl ClientUpgrade {
    /// Goes on as far as the stream allows; what is left of it afterwards takes its place.
    fn poll(
        upgrade: &mut Option<Self>,
        cx: &Context<'_>,
    ) -> Poll<Result<tungstenite::WebSocket<Polled>, WsError>> {
        let upgraded = match upgrade.take() {
            Some(Self::Begun(url, mut stream, config)) => {
                stream.begin(cx);
                client_with_config(url, stream, Some(config))
            }
            Some(Self::Interrupted(mut handshake)) => {
                handshake.get_mut().get_mut().begin(cx);
                handshake.handshake()
            }
            None => return Poll::Pending,
        };
        match upgraded {
            Ok((reader, _)) => Poll::Ready(Ok(reader)),
            Err(HandshakeError::Failure(error)) => Poll::Ready(Err(error)),
            Err(HandshakeError::Interrupted(handshake)) => {
                *upgrade = Some(Self::Interrupted(handshake));
                Poll::Pending
            }
        }
    }
}

/// A stream as the WebSocket crate wants it: synchronous, with an error in place of waiting.
struct Polled {
    stream: Stream,
    ahead: ReadAhead,
    waker: Waker,
    tail: Tail,
    /// What the crate writes is dropped.
    muted: bool,
}

impl Polled {
    fn new(stream: Stream) -> Self {
        Self {
            stream,
            ahead: ReadAhead::default(),
            waker: Waker::noop().clone(),
            tail: Tail::default(),
            muted: false,
        }
    }

    /// From here on this task is woken.
    fn begin(&mut self, cx: &Context<'_>) {
        self.waker.clone_from(cx.waker());
    }

    fn mute(&mut self) {
        self.muted = true;
    }
}

fn or_would_block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl Read for Polled {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut cx = Context::from_waker(&self.waker);
        let read = or_would_block(self.ahead.poll_read(&mut self.stream, &mut cx, bytes))?;
        self.tail.push(&bytes[..read]);
        Ok(read)
    }
}

impl Write for Polled {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.muted {
            return Ok(bytes.len());
        }
        let mut cx = Context::from_waker(&self.waker);
        or_would_block(Pin::new(&mut self.stream).poll_write(&mut cx, bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.muted {
            return Ok(());
        }
        let mut cx = Context::from_waker(&self.waker);
        or_would_block(Pin::new(&mut self.stream).poll_flush(&mut cx))
    }
}
