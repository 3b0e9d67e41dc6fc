//! A running Twitch chat bot: its events in one stream, and its end.
//!
//! Every decision is in the core's [`Pool`](headcount_core::twitch::Pool); what is here opens
//! sockets, carries lines and hands in the time.

mod backlog;
mod builder;
mod carrier;
mod event;
mod guarded;
mod handle;
mod metrics;
mod shared;
mod wire;

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt};

pub use builder::{ChatBuilder, TWITCH_URL};
pub use event::ChatEvent;
pub use handle::ChatHandle;
#[cfg(feature = "metrics")]
pub(crate) use shared::SharedChat;

use crate::Runtime;
use crate::deadline::within;
use crate::delivery::Events;

/// A running Twitch chat bot: accounts, shard managers and all their connections.
///
/// Events of one connection keep their order. Dropping the chat ends its connections in the
/// background; [`Chat::shutdown`] waits for it.
///
/// # A slow consumer
/// Twitch sends its PING in between chat messages, so a bot that stopped reading would be cut off.
/// Therefore reading goes on, and with it PONGs, joins and confirmations. Messages that nobody
/// takes wait up to [`ChatBuilder::backlog`] and [`ChatBuilder::backlog_bytes`]; what is over it is
/// dropped, and reported in its place by [`ChatEvent::Missed`]. No other event is ever dropped.
pub struct Chat<R: Runtime> {
    runtime: R,
    events: Events<ChatEvent>,
    handle: ChatHandle,
    /// The longest that a connection may take to end.
    patience: Duration,
}

impl<R: Runtime> Chat<R> {
    /// Returns the next event; `None` once the chat has been shut down. Cancel-safe.
    ///
    /// ```
    /// # use headcount_driver::{Chat, Runtime};
    /// # async fn run<R: Runtime>(mut chat: Chat<R>) {
    /// while let Some(event) = chat.next().await {
    ///     println!("{event:?}");
    /// }
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<ChatEvent> {
        self.events.next().await
    }

    /// Returns a handle for reads, requests and commands; it may be cloned and sent anywhere.
    ///
    /// ```
    /// # use headcount_driver::{Chat, Runtime};
    /// # async fn run<R: Runtime>(mut chat: Chat<R>) {
    /// let handle = chat.handle();
    /// handle.shutdown(); // from any task or thread
    /// # }
    /// ```
    #[must_use]
    pub fn handle(&self) -> ChatHandle {
        self.handle.clone()
    }

    /// Stops every manager and waits until all connections have ended, at most as long as a close
    /// may take. Events that nobody took are dropped. Not cancel-safe, though all ends anyway.
    ///
    /// ```
    /// # use headcount_driver::{Chat, Runtime};
    /// # async fn run<R: Runtime>(mut chat: Chat<R>) {
    /// chat.shutdown().await;
    /// # }
    /// ```
    pub async fn shutdown(mut self) {
        self.events.close();
        self.handle.shutdown();
        let ended = async { while self.events.next().await.is_some() {} };
        if within(&self.runtime, self.patience, ended).await.is_none() {
            tracing::warn!("some connections did not end in time");
        }
    }
}

impl<R: Runtime + Default> Chat<R> {
    /// Begins to describe a chat bot with the defaults.
    ///
    /// ```
    /// # use headcount_driver::{Chat, Error, Runtime};
    /// # fn run<R: Runtime + Default>() -> Result<(), Error> {
    /// let chat: Chat<R> = Chat::builder().url("ws://127.0.0.1:6667").start()?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn builder() -> ChatBuilder<R> {
        ChatBuilder::new(R::default())
    }
}

impl<R: Runtime> Stream for Chat<R> {
    type Item = ChatEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<ChatEvent>> {
        self.events.poll_next_unpin(cx)
    }
}

impl<R: Runtime> Unpin for Chat<R> {}

impl<R: Runtime> Drop for Chat<R> {
    fn drop(&mut self) {
        self.events.close();
        self.handle.shutdown();
    }
}

impl<R: Runtime> fmt::Debug for Chat<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chat").finish_non_exhaustive()
    }
}
