//! The one connection that a shard has at a time: none, being dialled, or open.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use crate::address::Cleartext;
use crate::metrics::Traffic;
use crate::socket::{Ended, Socket};
use crate::{Error, Runtime, SocketOptions};

/// A shard's connection.
pub(crate) enum Transport {
    None,
    Dialling(BoxFuture<'static, Result<Socket, Error>>),
    Open {
        socket: Box<Socket>,
        /// A payload has come that was put back: it comes again.
        put_back: bool,
    },
}

/// What happened on the connection.
pub(crate) enum SocketEvent {
    Opened,
    DialFailed(Arc<Error>),
    /// [`Transport::message`] is the payload.
    Payload,
    Closed(Ended),
}

impl Transport {
    /// Starts to dial; whatever there was before is dropped.
    pub(crate) fn dial<R: Runtime>(
        runtime: R,
        url: String,
        options: SocketOptions,
        cleartext: Cleartext,
    ) -> Self {
        let dial = async move { Socket::dial_within(&runtime, &url, &options, cleartext).await };
        Self::Dialling(dial.boxed())
    }

    /// The next event; pending for ever without a connection. A connection that ended is gone.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>) -> Poll<SocketEvent> {
        match self {
            Self::None => Poll::Pending,
            Self::Dialling(dial) => {
                let (transport, event) = match ready!(dial.poll_unpin(cx)) {
                    Ok(socket) => (Self::open(socket), SocketEvent::Opened),
                    Err(error) => (Self::None, SocketEvent::DialFailed(Arc::new(error))),
                };
                *self = transport;
                Poll::Ready(event)
            }
            Self::Open { socket, put_back } => {
                if mem::take(put_back) {
                    return Poll::Ready(SocketEvent::Payload);
                }
                Poll::Ready(match ready!(socket.poll_receive(cx)) {
                    Ok(()) => SocketEvent::Payload,
                    Err(ended) => {
                        *self = Self::None;
                        SocketEvent::Closed(ended)
                    }
                })
            }
        }
    }

    /// Changes the largest message, in bytes, that the connection may send from here on.
    pub(crate) fn set_limit(&mut self, bytes: usize) {
        match self {
            Self::None | Self::Dialling(_) => {}
            Self::Open { socket, .. } => socket.set_limit(bytes),
        }
    }

    /// Whether the connection stopped for the sake of other tasks, and may have more to say.
    pub(crate) fn has_yielded(&mut self) -> bool {
        match self {
            Self::None | Self::Dialling(_) => false,
            Self::Open { socket, .. } => socket.has_yielded(),
        }
    }

    /// What has gone over the connection since the last call.
    pub(crate) fn take_traffic(&mut self) -> Traffic {
        match self {
            Self::None | Self::Dialling(_) => Traffic::default(),
            Self::Open { socket, .. } => socket.take_traffic(),
        }
    }

    /// Nobody looks at the payload any more.
    pub(crate) fn forget(&mut self) {
        match self {
            Self::Open {
                socket,
                put_back: false,
            } => socket.forget(),
            Self::None | Self::Dialling(_) | Self::Open { .. } => {}
        }
    }

    fn open(socket: Socket) -> Self {
        Self::Open {
            socket: Box::new(socket),
            put_back: false,
        }
    }

    /// Lets the payload that came last be the next event as well.
    pub(crate) fn put_back(&mut self) {
        match self {
            Self::None | Self::Dialling(_) => {}
            Self::Open { put_back, .. } => *put_back = true,
        }
    }

    /// The payload that came last.
    pub(crate) fn message(&self) -> &[u8] {
        match self {
            Self::None | Self::Dialling(_) => &[],
            Self::Open { socket, .. } => socket.message(),
        }
    }

    /// Takes the connection away; the socket, if it was open.
    pub(crate) fn take(&mut self) -> Option<Box<Socket>> {
        match mem::replace(self, Self::None) {
            Self::None | Self::Dialling(_) => None,
            Self::Open { socket, .. } => Some(socket),
        }
    }
}
