//! A running bot: its events in one stream, and its end.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt};
use headcount_core::session::OnStop;
use headcount_core::{Intents, Session};

use crate::builder::Builder;
use crate::deadline::within;
use crate::delivery::Events;
use crate::event::BotEvent;
use crate::handle::Handle;
use crate::{Error, Runtime};

/// How long a shutdown waits for the shards beyond their own deadlines.
const GRACE: Duration = Duration::from_secs(1);

/// A running bot: all its shards, their events in one stream.
///
/// Events of one shard keep their order. Dropping the bot ends its sessions and connections in
/// the background; [`Bot::shutdown`] waits for it.
pub struct Bot<R: Runtime> {
    runtime: R,
    events: Events,
    handle: Handle,
    /// The longest that a shard may take to end.
    patience: Duration,
}

impl<R: Runtime> Bot<R> {
    pub(crate) fn new(runtime: R, events: Events, handle: Handle, patience: Duration) -> Self {
        Self {
            runtime,
            events,
            handle,
            patience,
        }
    }

    /// Returns the next event; `None` once every shard has ended for good. Cancel-safe.
    ///
    /// One `match` on the event serves for all there is: dispatches, guilds, readiness, failures.
    /// Backpressure: a bot whose events are not taken goes on sending heartbeats, and stops reading
    /// from the gateway once [`Builder::event_buffer`] events wait. When that has lasted for 30 s,
    /// a warning in the log says how much waits.
    pub async fn next(&mut self) -> Option<BotEvent> {
        self.events.next().await
    }

    /// Returns what became of the bot: `Ok` as long as it runs, and after it was stopped.
    ///
    /// Ask once [`Bot::next`] has returned `None`: a program whose bot has ended by itself should
    /// end with an error too.
    ///
    /// # Errors
    /// Every shard has ended, and one at least by itself: why the first of those has, as
    /// [`ErrorKind::Halted`](crate::ErrorKind::Halted) if the gateway refuses it for good, as
    /// [`ErrorKind::Crashed`](crate::ErrorKind::Crashed) if code panicked. The error's text has the
    /// remedy.
    pub fn outcome(&self) -> Result<(), Error> {
        self.handle.outcome()
    }

    /// Returns a handle for reads, requests and commands; it may be cloned and sent anywhere.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Ends every shard and returns the sessions that can be resumed.
    ///
    /// With [`OnStop::Resume`] the bot still shows online for some minutes, and the sessions can
    /// be given to the [`Builder`](crate::Builder::sessions) of the next process, which then
    /// misses nothing. With [`OnStop::End`] the bot is offline at once and there are none.
    ///
    /// Bounded by the write and close deadlines. Events that nobody took are dropped. Not
    /// cancel-safe: the sessions are lost, though the shards still end.
    pub async fn shutdown(mut self, on_stop: OnStop) -> Vec<Session> {
        self.events.close();
        self.handle.stop(on_stop);
        let ended = async { while self.events.next().await.is_some() {} };
        if within(&self.runtime, self.patience + GRACE, ended)
            .await
            .is_none()
        {
            tracing::warn!("some shards did not end in time");
        }
        match on_stop {
            OnStop::Resume => self.handle.sessions(),
            OnStop::End => Vec::new(),
        }
    }
}

impl<R: Runtime + Default> Bot<R> {
    /// Begins to describe a bot; `token` with or without the `Bot ` prefix.
    #[must_use]
    pub fn builder(token: impl AsRef<str>, intents: Intents) -> Builder<R> {
        Builder::new(R::default(), token.as_ref(), intents)
    }

    /// A bot with the defaults: see [`Builder::connect`].
    ///
    /// # Errors
    /// Those of [`Builder::connect`].
    pub async fn connect(token: impl AsRef<str>, intents: Intents) -> Result<Self, Error> {
        Self::builder(token, intents).connect().await
    }
}

impl<R: Runtime> Stream for Bot<R> {
    type Item = BotEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<BotEvent>> {
        self.events.poll_next_unpin(cx)
    }
}

impl<R: Runtime> Unpin for Bot<R> {}

impl<R: Runtime> Drop for Bot<R> {
    fn drop(&mut self) {
        self.events.close();
        self.handle.stop(OnStop::End);
    }
}

impl<R: Runtime> std::fmt::Debug for Bot<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bot")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}
