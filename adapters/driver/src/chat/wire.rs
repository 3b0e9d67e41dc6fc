//! One socket of the chat: dialled, read and written by a task of its own, so that none delays
//! another.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

use futures_channel::mpsc::{Receiver, Sender};
use futures_util::StreamExt;
use futures_util::future::{Either, select};
use headcount_core::twitch::{IrcCommand, SocketId};

use crate::panics::caught_in;
use crate::socket::{Ended, Socket};
use crate::{Error, Runtime, SocketOptions};

/// The close code of an orderly end (RFC 6455, 7.4.1).
const NORMAL: u16 = 1000;

/// An order to a socket. Dropping the sender closes it too.
pub(super) enum SocketCommand {
    Send(IrcCommand),
    Close,
}

/// What happened to a socket.
pub(super) enum WireEvent {
    Opened,
    DialFailed(Arc<Error>),
    Frame(Box<[u8]>),
    Closed(Ended),
}

impl WireEvent {
    /// Bytes of the frame, if it is one.
    pub(super) const fn bytes(&self) -> usize {
        match self {
            Self::Frame(frame) => frame.len(),
            Self::Opened | Self::DialFailed(_) | Self::Closed(_) => 0,
        }
    }
}

/// Where the events of all sockets go.
pub(super) type EventSender = Sender<(SocketId, WireEvent)>;

/// What a socket's task works with.
pub(super) struct Wire<R> {
    pub(super) runtime: R,
    pub(super) url: Arc<str>,
    pub(super) options: SocketOptions,
    pub(super) socket: SocketId,
    pub(super) orders: Receiver<SocketCommand>,
    pub(super) events: EventSender,
}

impl<R: Runtime> Wire<R> {
    /// Dials and carries until the socket has ended. The last event is `DialFailed` or `Closed`.
    pub(super) async fn run(mut self) {
        let last = caught_in(self.live()).await.unwrap_or_else(|panicked| {
            tracing::error!(error = %panicked, "a socket of the chat ends");
            WireEvent::Closed(Ended::silent())
        });
        self.report(last).await;
    }

    /// The socket's whole life; its last event.
    async fn live(&mut self) -> WireEvent {
        match self.dial().await {
            Ok(Some(socket)) => {
                self.report(WireEvent::Opened).await;
                WireEvent::Closed(self.carry(socket).await)
            }
            Ok(None) => WireEvent::Closed(Ended::silent()),
            Err(error) => WireEvent::DialFailed(Arc::new(error)),
        }
    }

    /// A loop that is gone wants no events.
    async fn report(&mut self, event: WireEvent) {
        if poll_fn(|cx| self.events.poll_ready(cx)).await.is_ok() {
            let _ = self.events.start_send((self.socket, event));
        }
    }

    /// The socket; `None` when the dial was given up.
    async fn dial(&mut self) -> Result<Option<Socket>, Error> {
        tracing::debug!(url = &*self.url, "dialling");
        let dial = std::pin::pin!(Socket::dial_plain(&self.runtime, &self.url, &self.options));
        // Nothing can be sent before the socket is open, so any order is one to close.
        match select(dial, self.orders.next()).await {
            Either::Left((dialled, _)) => dialled.map(Some),
            Either::Right(_) => Ok(None),
        }
    }

    async fn carry(&mut self, mut socket: Socket) -> Ended {
        let mut scratch = String::new();
        loop {
            let turn = poll_fn(|cx| match self.orders.poll_next_unpin(cx) {
                Poll::Ready(order) => Poll::Ready(Either::Left(order)),
                Poll::Pending => socket.poll_receive(cx).map(Either::Right),
            });
            match turn.await {
                Either::Left(Some(SocketCommand::Send(command))) => {
                    if let Err(error) = self.send(&mut socket, &command, &mut scratch).await {
                        return Ended {
                            error: Some(Arc::new(error)),
                            ..Ended::silent()
                        };
                    }
                }
                Either::Left(Some(SocketCommand::Close) | None) => {
                    socket.close(self.runtime.clone(), NORMAL).await;
                    return Ended::silent();
                }
                Either::Right(Ok(())) => {
                    let frame = socket.message().into();
                    socket.forget();
                    self.report(WireEvent::Frame(frame)).await;
                }
                Either::Right(Err(ended)) => return ended,
            }
        }
    }

    async fn send(
        &self,
        socket: &mut Socket,
        command: &IrcCommand,
        scratch: &mut String,
    ) -> Result<(), Error> {
        scratch.clear();
        if let Err(error) = command.encode(scratch) {
            // The pool has encoded every message before; nothing else comes from outside.
            tracing::error!(%error, "a line cannot be sent");
            return Ok(());
        }
        socket.send(&self.runtime, scratch).await
    }
}
