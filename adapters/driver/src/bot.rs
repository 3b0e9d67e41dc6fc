//! A running bot: its events in one stream, and its end.

use std::pin::Pin;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_util::{Stream, StreamExt, ready};
use headcount_core::session::OnStop;
use headcount_core::{Intents, Session};

use crate::acknowledgements::{Acknowledgement, Mark};
use crate::builder::Builder;
use crate::deadline::within;
use crate::delivery::Events;
use crate::event::BotEvent;
use crate::handle::Handle;
use crate::metrics::EventLag;
use crate::panics::caught;
use crate::{Error, ErrorKind, Runtime};

/// How long a shutdown waits for the shards beyond their own deadlines.
const GRACE: Duration = Duration::from_secs(1);

/// A running bot: all its shards, their events in one stream.
///
/// Events of one shard keep their order. Dropping the bot ends its connections in the background,
/// and its sessions unless they are kept ([`Builder::state`]); [`Bot::shutdown`] waits for it.
pub struct Bot<R: Runtime> {
    runtime: R,
    events: Events,
    handle: Handle,
    acknowledgement: Acknowledgement,
    /// The event that was taken last, if taking the next one acknowledges it.
    taken: Option<Mark>,
    /// What becomes of the sessions when the bot is dropped.
    on_drop: OnStop,
    /// The longest that a shard may take to end.
    patience: Duration,
}

impl<R: Runtime> Bot<R> {
    pub(crate) const fn new(
        runtime: R,
        events: Events,
        handle: Handle,
        acknowledgement: Acknowledgement,
        on_drop: OnStop,
        patience: Duration,
    ) -> Self {
        Self {
            runtime,
            events,
            handle,
            acknowledgement,
            taken: None,
            on_drop,
            patience,
        }
    }

    /// The event that was taken last is dealt with.
    fn acknowledge(&mut self) {
        if let Some(mark) = self.taken.take() {
            mark.done();
        }
    }

    /// An event is taken.
    fn hand_out(&mut self, mut event: BotEvent) -> BotEvent {
        match self.acknowledgement {
            Acknowledgement::OnNext => self.taken = event.mark.take(),
            Acknowledgement::Explicit => {}
            Acknowledgement::OnReceipt => {
                if let Some(mark) = event.mark.take() {
                    mark.done();
                }
            }
        }
        event
    }

    /// Returns the next event; `None` once every shard has ended for good. Cancel-safe.
    ///
    /// Unless [`Builder::acknowledge`] says otherwise, taking the next event acknowledges the one
    /// before: that one does not come again after a restart.
    ///
    /// One `match` on the event serves for all there is: dispatches, guilds, readiness, failures.
    /// Backpressure: a bot whose events are not taken goes on sending heartbeats, and stops reading
    /// from the gateway once [`Builder::event_buffer`] events wait. When that has lasted for 30 s,
    /// a warning in the log says how much waits.
    ///
    /// ```
    /// # use headcount_driver::{Bot, Runtime};
    /// # async fn run<R: Runtime>(mut bot: Bot<R>) {
    /// while let Some(it) = bot.next().await {
    ///     println!("{:?}: {:?}", it.shard, it.event);
    /// }
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<BotEvent> {
        StreamExt::next(self).await
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
    ///
    /// ```
    /// # use headcount_driver::{Bot, Runtime};
    /// # async fn run<R: Runtime>(mut bot: Bot<R>) {
    /// while bot.next().await.is_some() {}
    /// if let Err(e) = bot.outcome() {
    ///     eprintln!("{e}"); // with the remedy
    /// }
    /// # }
    /// ```
    pub fn outcome(&self) -> Result<(), Error> {
        self.handle.outcome()
    }

    /// Returns a handle for reads, requests and commands; it may be cloned and sent anywhere.
    ///
    /// ```
    /// # use headcount_driver::{Bot, Runtime};
    /// # use headcount_driver::core::session::OnStop;
    /// # async fn run<R: Runtime>(mut bot: Bot<R>) {
    /// let handle = bot.handle();
    /// handle.stop(OnStop::Resume); // from any task or thread
    /// # }
    /// ```
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }

    /// Ends every shard and returns the sessions that can be resumed, in order of shard.
    ///
    /// With [`OnStop::Resume`] the bot still shows online for some minutes, and the sessions can
    /// be given to the [`Builder`](crate::Builder::sessions) of the next process, which then
    /// misses nothing. With [`OnStop::End`] the bot is offline at once and there are none.
    ///
    /// By default it acknowledges the event that was taken last. Events that nobody took are
    /// dropped here, and come to the next process, since its sessions begin before them (unless
    /// the bot acknowledges [on receipt](crate::Acknowledgement::OnReceipt)). Rows go along in
    /// the [state folder](crate::Builder::state) alone: without one, guilds begin there as
    /// [handed over](headcount_core::setup::Outcome::HandedOver), and those with automatic member
    /// requests are asked for their members again.
    ///
    /// Bounded by the write and close deadlines, and by a minute more where rows are written down.
    /// Not cancel-safe: the sessions are lost, though the
    /// shards still end.
    ///
    /// ```
    /// # use headcount_driver::{Bot, Error, Runtime};
    /// use headcount_driver::core::session::OnStop;
    /// # async fn run<R: Runtime>(mut bot: Bot<R>) -> Result<(), Error> {
    /// let sessions = bot.shutdown(OnStop::Resume).await?;
    /// println!("{} sessions for the next process", sessions.len());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Timeout`] if a shard did not end in time, [`ErrorKind::State`] if what the next
    /// process needs could not be written to the [folder](Builder::state): that one gets events
    /// again. [`Handle::sessions`] has the sessions even so.
    pub async fn shutdown(mut self, on_stop: OnStop) -> Result<Vec<Session>, Error> {
        self.acknowledge();
        self.events.close();
        self.handle.stop(on_stop);
        let ended = async { while self.events.next().await.is_some() {} };
        let ended = within(&self.runtime, self.patience + GRACE, ended).await;
        if ended.is_none() {
            let detail = "some shards did not end in time";
            return Err(Error::new(ErrorKind::Timeout, detail));
        }
        if self.handle.shared().unsaved.load(Ordering::Acquire) {
            let detail = "the sessions could not be written down as they are";
            return Err(Error::new(ErrorKind::State, detail));
        }
        Ok(match on_stop {
            OnStop::Resume => self.handle.sessions(),
            OnStop::End => Vec::new(),
        })
    }
}

impl<R: Runtime + Default> Bot<R> {
    /// Begins to describe a bot; `token` with or without the `Bot ` prefix.
    ///
    /// ```
    /// # use headcount_driver::{Bot, Error, Runtime};
    /// # use headcount_driver::core::Intents;
    /// # async fn run<R: Runtime + Default>(token: &str) -> Result<(), Error> {
    /// let bot: Bot<R> = Bot::builder(token, Intents::GUILDS).shards(0..1, 1).connect().await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn builder(token: impl AsRef<str>, intents: Intents) -> Builder<R> {
        Builder::new(R::default(), token.as_ref(), intents)
    }

    /// A bot with the defaults: see [`Builder::connect`].
    ///
    /// # Errors
    /// Those of [`Builder::connect`].
    ///
    /// ```
    /// # use headcount_driver::{Bot, Error, Runtime};
    /// # use headcount_driver::core::Intents;
    /// # async fn run<R: Runtime + Default>(token: &str) -> Result<(), Error> {
    /// let bot: Bot<R> = Bot::connect(token, Intents::GUILDS).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn connect(token: impl AsRef<str>, intents: Intents) -> Result<Self, Error> {
        Self::builder(token, intents).connect().await
    }
}

impl<R: Runtime> Stream for Bot<R> {
    type Item = BotEvent;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<BotEvent>> {
        self.acknowledge();
        let event = loop {
            match ready!(self.events.poll_next_unpin(cx)) {
                Some(event) if !self.handle.shared().listeners.permit(&event) => {}
                event => break event,
            }
        };
        if let Some((received, weight)) = self.events.timed().filter(|_| event.is_some()) {
            // A clock that panics costs the measurement, and not the event.
            let shared = self.handle.shared();
            if let Ok((now, taken)) = caught(|| shared.clock.read(&self.runtime)) {
                let lag = now.saturating_duration_since(received);
                let shard = event.as_ref().and_then(|event| event.shard);
                shared.note_lag(shard, EventLag { taken, lag }, weight);
            }
        }
        Poll::Ready(event.map(|event| self.hand_out(event)))
    }
}

impl<R: Runtime> Unpin for Bot<R> {}

impl<R: Runtime> Drop for Bot<R> {
    fn drop(&mut self) {
        self.events.close();
        self.handle.stop(self.on_drop);
    }
}

impl<R: Runtime> std::fmt::Debug for Bot<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Bot")
            .field("handle", &self.handle)
            .finish_non_exhaustive()
    }
}
