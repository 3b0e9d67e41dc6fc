//! One who listens to a bot's events beside its consumer.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker, ready};

use futures_util::{Stream, StreamExt};
use headcount_core::interest::InterestId;

use crate::delivery::Weigh;
use crate::event::BotEvent;
use crate::listeners::Listeners;
use crate::panics::Panicked;

/// Events that may wait for one listener.
const MOST_EVENTS: usize = 256;

/// Bytes of events that may wait for one listener; a single event may be larger.
const MOST_BYTES: usize = 1 << 20;

/// What lies between the shards and one listener.
#[derive(Default)]
pub(crate) struct ListenerQueue(Mutex<Unheard>);

/// What the listener has not taken yet.
#[derive(Default)]
struct Unheard {
    events: VecDeque<Arc<BotEvent>>,
    bytes: usize,
    /// Events that went for want of room, before those that are there.
    lost: u64,
    panicked: Option<Panicked>,
    /// Nothing more comes.
    ended: bool,
    waker: Option<Waker>,
}

impl ListenerQueue {
    fn lock(&self) -> MutexGuard<'_, Unheard> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut Unheard)) {
        let mut unheard = self.lock();
        if unheard.ended {
            return;
        }
        change(&mut unheard);
        let waker = unheard.waker.take();
        drop(unheard);
        waker.into_iter().for_each(Waker::wake);
    }

    /// Adds an event; the oldest go if there is no room.
    pub(crate) fn push(&self, event: Arc<BotEvent>) {
        self.change(|unheard| {
            unheard.bytes += event.weight();
            unheard.events.push_back(event);
            while unheard.events.len() > MOST_EVENTS
                || (unheard.bytes > MOST_BYTES && unheard.events.len() > 1)
            {
                if let Some(oldest) = unheard.events.pop_front() {
                    unheard.bytes -= oldest.weight();
                    unheard.lost += 1;
                }
            }
        });
    }

    /// The predicate has panicked: nothing more comes.
    pub(crate) fn fail(&self, panicked: Panicked) {
        self.change(|unheard| {
            unheard.panicked = Some(panicked);
            unheard.ended = true;
        });
    }

    /// The bot has ended: nothing more comes.
    pub(crate) fn end(&self) {
        self.change(|unheard| unheard.ended = true);
    }

    fn poll_next(&self, cx: &Context<'_>) -> Poll<Option<Result<Arc<BotEvent>, ListenError>>> {
        let mut unheard = self.lock();
        if unheard.lost > 0 {
            let lost = std::mem::take(&mut unheard.lost);
            return Poll::Ready(Some(Err(ListenError::Lagged(lost))));
        }
        if let Some(event) = unheard.events.pop_front() {
            unheard.bytes -= event.weight();
            return Poll::Ready(Some(Ok(event)));
        }
        if let Some(panicked) = unheard.panicked.take() {
            return Poll::Ready(Some(Err(ListenError::Panicked(panicked))));
        }
        if unheard.ended {
            return Poll::Ready(None);
        }
        unheard.waker = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Hears the events of a bot that a [`Filter`](headcount_core::interest::Filter) lets through,
/// beside the bot's consumer, from [`Handle::listen`](crate::Handle::listen) on. A stream; it ends
/// with the bot.
///
/// Up to 256 events and 1 MiB wait for it. If more come, the oldest go, and
/// [`ListenError::Lagged`] says in their place how many: a listener that sleeps holds nobody up.
/// Events are copied once for all who listen, and not at all if nobody does.
pub struct Listener {
    id: Option<InterestId>,
    queue: Arc<ListenerQueue>,
    listeners: Arc<Listeners>,
}

impl Listener {
    /// `id` is that of its interest; none after the end of the bot.
    pub(crate) const fn new(
        id: Option<InterestId>,
        queue: Arc<ListenerQueue>,
        listeners: Arc<Listeners>,
    ) -> Self {
        Self {
            id,
            queue,
            listeners,
        }
    }

    /// Returns the next event; `None` once the bot has ended. Cancel-safe.
    ///
    /// # Errors
    /// [`ListenError`]: [`ListenError::Lagged`] stands for events that are lost, and the next ones
    /// follow; [`ListenError::Panicked`] is the last.
    ///
    /// ```
    /// # async fn print(mut listener: headcount_driver::Listener) {
    /// while let Some(heard) = listener.next().await {
    ///     match heard {
    ///         Ok(event) => println!("{:?}", event.event),
    ///         Err(e) => eprintln!("{e}"),
    ///     }
    /// }
    /// # }
    /// ```
    pub async fn next(&mut self) -> Option<Result<Arc<BotEvent>, ListenError>> {
        StreamExt::next(self).await
    }
}

impl Stream for Listener {
    type Item = Result<Arc<BotEvent>, ListenError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            match ready!(self.queue.poll_next(cx)) {
                Some(Ok(event)) if !self.listeners.permit(&event) => {}
                next => return Poll::Ready(next),
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.listeners.remove(id);
        }
    }
}

impl fmt::Debug for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Listener")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// What a listener hears in place of an event.
#[derive(Debug, PartialEq, Eq)]
pub enum ListenError {
    /// So many events are lost here: they came faster than they were taken.
    Lagged(u64),
    /// The filter's predicate panicked, and is asked no more.
    Panicked(Panicked),
}

impl fmt::Display for ListenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Lagged(events) => write!(f, "{events} events came faster than they were taken"),
            Self::Panicked(panicked) => write!(f, "the filter's predicate: {panicked}"),
        }
    }
}

impl Error for ListenError {}
