//! Events on their way to the consumer: one buffer for all shards, bounded in events and bytes.
//!
//! Backpressure without loss: nothing is dropped here and no event waits for room. When the buffer
//! is full, at its high-water mark, the shards stop reading; each adds at most what it has read
//! already. They go on when half of it has been taken.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Instant as StdInstant;

use futures_util::Stream;
use headcount_core::cache::memory::Displaced;
use headcount_core::{Event, Instant};

use crate::event::BotEvent;
use crate::metrics::LagSampling;

/// Events that a shard whose consumer takes nothing adds before it dials no more: some fifty
/// connections in vain.
const UNHEARD: usize = 256;

/// How much may wait for the consumer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BufferLimits {
    pub(crate) events: usize,
    /// Bytes of the events' raw data and old values, and of the events themselves.
    pub(crate) bytes: usize,
}

/// How much waits for the consumer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Untaken {
    pub(crate) events: usize,
    pub(crate) bytes: usize,
    /// When that was received which the event follows from that is taken next, if that is known.
    pub(crate) since: Option<Instant>,
}

/// When something was received, by the clock of the runtime and by the core's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Receipt {
    pub(crate) at: StdInstant,
    pub(crate) now: Instant,
}

/// Something that takes room while it waits.
pub(crate) trait Weigh {
    /// How much, in bytes.
    fn weight(&self) -> usize;

    /// Whether it says that its sender has ended, which is heard in any case.
    fn is_last(&self) -> bool {
        false
    }
}

impl Weigh for BotEvent {
    fn weight(&self) -> usize {
        let data = if let Event::Dispatch(dispatch) = &self.event {
            let displaced = dispatch.displaced().map_or(0, Displaced::bytes);
            dispatch.data().len() + dispatch.name_text().as_cow().len() + displaced
        } else {
            0
        };
        data + size_of::<Self>()
    }

    fn is_last(&self) -> bool {
        matches!(self.event, Event::Halted(_))
    }
}

/// Who else sees each event on its way to the consumer; `None` when nothing more comes.
pub(crate) type Observe<T> = Box<dyn Fn(Option<&T>) + Send + Sync>;

/// What is shared between the shards and the consumer.
struct Buffer<T> {
    limits: BufferLimits,
    observe: Observe<T>,
    state: Mutex<BufferState<T>>,
}

struct BufferState<T> {
    queue: VecDeque<Parcel<T>>,
    /// What is in the queue or elsewhere on its way, for example behind a store.
    events: usize,
    bytes: usize,
    full: bool,
    /// The consumer is gone: whatever comes is dropped.
    closed: bool,
    consumer: Option<Waker>,
    /// The shards that can deliver.
    deliveries: usize,
    /// Who watches whether it is full.
    watcher: Option<Waker>,
    /// Shards that wait for room, by their number here.
    waiting: BTreeMap<usize, Waker>,
    numbers: usize,
}

impl<T> BufferState<T> {
    fn untaken(&self) -> Untaken {
        let next = self.queue.front().and_then(|it| it.receipt);
        Untaken {
            events: self.events,
            bytes: self.bytes,
            since: next.map(|receipt| receipt.now),
        }
    }
}

impl<T> Buffer<T> {
    fn lock(&self) -> MutexGuard<'_, BufferState<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take_room(&self, bytes: usize) {
        let mut state = self.lock();
        state.events = state.events.saturating_add(1);
        state.bytes = state.bytes.saturating_add(bytes);
        let was_full = state.full;
        state.full |= state.events >= self.limits.events || state.bytes >= self.limits.bytes;
        if state.full && !was_full {
            let watcher = state.watcher.take();
            drop(state);
            watcher.into_iter().for_each(Waker::wake);
        }
    }

    fn give_room(&self, bytes: usize) {
        let mut state = self.lock();
        state.events = state.events.saturating_sub(1);
        state.bytes = state.bytes.saturating_sub(bytes);
        let low = state.events <= self.limits.events / 2 && state.bytes <= self.limits.bytes / 2;
        if state.full && low {
            state.full = false;
            let waiting = mem::take(&mut state.waiting);
            let watcher = state.watcher.take();
            drop(state);
            let woken = waiting.into_values().chain(watcher);
            woken.for_each(Waker::wake);
        }
    }
}

/// Where it is seen how much waits.
pub(crate) struct BacklogGauge<T = BotEvent>(Arc<Buffer<T>>);

impl<T> BacklogGauge<T> {
    /// How much waits.
    pub(crate) fn read(&self) -> Untaken {
        let state = self.0.lock();
        state.untaken()
    }
}

/// Takes back what one sender has sent and nobody has taken, and all that it sends from then on.
pub(crate) struct Revocation<T = BotEvent> {
    buffer: Arc<Buffer<T>>,
    number: usize,
    revoked: Arc<AtomicBool>,
}

impl<T: Weigh> Revocation<T> {
    /// From here on nothing of it is taken but its last event.
    pub(crate) fn revoke(&self) {
        let mut state = self.buffer.lock();
        self.revoked.store(true, Ordering::Release);
        let queue = mem::take(&mut state.queue);
        let is_gone = |it: &Parcel<T>| it.sender == self.number && !it.event.is_last();
        let (gone, left): (VecDeque<_>, VecDeque<_>) = queue.into_iter().partition(is_gone);
        state.queue = left;
        drop(state);
        // Each gives its room back, which takes the lock.
        drop(gone);
    }
}

/// A place in the buffer, taken until this is dropped.
pub(crate) struct Reservation<T = BotEvent> {
    buffer: Arc<Buffer<T>>,
    bytes: usize,
}

impl<T> Drop for Reservation<T> {
    fn drop(&mut self) {
        self.buffer.give_room(self.bytes);
    }
}

/// An event and its place in the buffer.
pub(crate) struct Parcel<T = BotEvent> {
    pub(crate) event: T,
    /// The number of its sender.
    sender: usize,
    /// When that was received which it follows from, if that is known.
    receipt: Option<Receipt>,
    /// For how many it counts, if it is timed.
    weight: Option<u32>,
    _reservation: Reservation<T>,
}

/// One shard's end of the buffer.
pub(crate) struct Delivery<T = BotEvent> {
    buffer: Arc<Buffer<T>>,
    number: usize,
    /// What it sends is dropped.
    revoked: Arc<AtomicBool>,
    /// Events since the buffer was seen full.
    unheard: usize,
    /// When that was received which the next events follow from, if that is known.
    receipt: Option<Receipt>,
    timed: LagSampling,
}

impl<T: Weigh> Delivery<T> {
    #[cfg(any(test, feature = "chat"))]
    /// A buffer, and the consumer's end of it.
    pub(crate) fn new(limits: BufferLimits) -> (Self, Events<T>) {
        Self::observed(limits, Box::new(|_| {}))
    }

    /// A buffer whose events somebody else sees too, and the consumer's end of it.
    pub(crate) fn observed(limits: BufferLimits, observe: Observe<T>) -> (Self, Events<T>) {
        let state = BufferState {
            queue: VecDeque::new(),
            events: 0,
            bytes: 0,
            full: false,
            closed: false,
            consumer: None,
            watcher: None,
            deliveries: 1,
            waiting: BTreeMap::new(),
            numbers: 0,
        };
        let buffer = Arc::new(Buffer {
            limits,
            observe,
            state: Mutex::new(state),
        });
        let events = Events {
            buffer: Arc::clone(&buffer),
            timed: None,
        };
        let delivery = Self {
            buffer,
            number: 0,
            revoked: Arc::default(),
            unheard: 0,
            receipt: None,
            timed: LagSampling::default(),
        };
        (delivery, events)
    }

    /// Another shard's end.
    pub(crate) fn another(&self) -> Self {
        let mut state = self.buffer.lock();
        state.deliveries += 1;
        state.numbers += 1;
        Self {
            buffer: Arc::clone(&self.buffer),
            number: state.numbers,
            revoked: Arc::default(),
            unheard: 0,
            receipt: None,
            timed: LagSampling::default(),
        }
    }

    /// What can take back what it has sent.
    pub(crate) fn revocation(&self) -> Revocation<T> {
        Revocation {
            buffer: Arc::clone(&self.buffer),
            number: self.number,
            revoked: Arc::clone(&self.revoked),
        }
    }

    /// The next events follow from something that was received then.
    pub(crate) const fn receive(&mut self, receipt: Receipt) {
        self.receipt = Some(receipt);
    }

    /// Where it is seen how much waits, also by who outlives it.
    pub(crate) fn backlog(&self) -> BacklogGauge<T> {
        BacklogGauge(Arc::clone(&self.buffer))
    }

    /// A place for something of so many bytes that waits elsewhere.
    pub(crate) fn reserve(&self, bytes: usize) -> Reservation<T> {
        self.buffer.take_room(bytes);
        let buffer = Arc::clone(&self.buffer);
        Reservation { buffer, bytes }
    }

    /// An event that may still wait elsewhere.
    pub(crate) fn parcel(&mut self, event: T) -> Parcel<T> {
        let receipt = self.receipt;
        let weight = receipt.and_then(|receipt| self.timed.weight(receipt.now));
        let reservation = self.reserve(event.weight());
        Parcel {
            event,
            sender: self.number,
            receipt,
            weight,
            _reservation: reservation,
        }
    }

    /// Appends an event.
    pub(crate) fn push(&mut self, event: T) {
        let parcel = self.parcel(event);
        self.send(parcel);
    }

    /// Appends an event that has its place.
    pub(crate) fn send(&mut self, parcel: Parcel<T>) {
        if self.revoked.load(Ordering::Acquire) && !parcel.event.is_last() {
            return;
        }
        (self.buffer.observe)(Some(&parcel.event));
        let mut state = self.buffer.lock();
        // Whoever revokes does so under this lock.
        let is_revoked = self.revoked.load(Ordering::Acquire) && !parcel.event.is_last();
        if state.closed || is_revoked {
            drop(state);
            return drop(parcel);
        }
        state.queue.push_back(parcel);
        let consumer = state.consumer.take();
        let full = state.full;
        drop(state);
        self.unheard += usize::from(full);
        consumer.into_iter().for_each(Waker::wake);
    }

    #[cfg(any(test, feature = "chat"))]
    /// Whether an event of so many bytes fits in.
    pub(crate) fn fits(&self, bytes: usize) -> bool {
        let (state, limits) = (self.buffer.lock(), self.buffer.limits);
        let free = limits.bytes.saturating_sub(state.bytes);
        state.events < limits.events && (bytes <= free || state.events == 0)
    }

    #[cfg(any(test, feature = "chat"))]
    /// Changes the last event that waits, if there is one. What it weighs stays.
    pub(crate) fn with_last<U>(&mut self, change: impl FnOnce(&mut T) -> U) -> Option<U> {
        let mut state = self.buffer.lock();
        state
            .queue
            .back_mut()
            .map(|parcel| change(&mut parcel.event))
    }

    /// Ready when there is room, so that there is no reason to stop reading.
    pub(crate) fn poll_room(&mut self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.buffer.lock();
        if state.full && !state.closed {
            state.waiting.insert(self.number, cx.waker().clone());
            return Poll::Pending;
        }
        self.unheard = 0;
        Poll::Ready(())
    }

    /// How much waits, if the buffer is full and somebody could take it. Wakes the task when that
    /// changes; one task at a time can watch.
    pub(crate) fn watch(&self, cx: &Context<'_>) -> Option<Untaken> {
        let mut state = self.buffer.lock();
        state.watcher = Some(cx.waker().clone());
        (state.full && !state.closed).then(|| state.untaken())
    }

    /// Whether so much has been emitted into a full buffer that the shard should not go on,
    /// whatever for: even events of vain connections add up.
    pub(crate) const fn is_long_untaken(&self) -> bool {
        self.unheard >= UNHEARD
    }
}

impl<T> Drop for Delivery<T> {
    fn drop(&mut self) {
        let mut state = self.buffer.lock();
        state.waiting.remove(&self.number);
        state.deliveries -= 1;
        let is_last = state.deliveries == 0;
        let consumer = match is_last {
            true => state.consumer.take(),
            false => None,
        };
        drop(state);
        if is_last {
            (self.buffer.observe)(None);
        }
        consumer.into_iter().for_each(Waker::wake);
    }
}

/// The consumer's end of the buffer: a stream that ends with the last [`Delivery`].
pub(crate) struct Events<T = BotEvent> {
    buffer: Arc<Buffer<T>>,
    /// Of the event taken last, if it is timed: when that was received which it follows from, and
    /// for how many it counts.
    timed: Option<(StdInstant, u32)>,
}

impl<T> Events<T> {
    /// When that was received which the event taken last follows from, and for how many it counts;
    /// `None` if it is not timed.
    pub(crate) const fn timed(&self) -> Option<(StdInstant, u32)> {
        self.timed
    }

    /// Takes nothing more: what waits and what comes is dropped.
    pub(crate) fn close(&mut self) {
        let mut state = self.buffer.lock();
        state.closed = true;
        let dropped = mem::take(&mut state.queue);
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        drop(dropped);
        waiting.into_values().for_each(Waker::wake);
    }
}

impl<T> Stream for Events<T> {
    type Item = T;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<T>> {
        let mut state = self.buffer.lock();
        if let Some(parcel) = state.queue.pop_front() {
            drop(state);
            self.timed = parcel.receipt.map(|it| it.at).zip(parcel.weight);
            return Poll::Ready(Some(parcel.event));
        }
        if state.deliveries == 0 {
            return Poll::Ready(None);
        }
        state.consumer = Some(cx.waker().clone());
        Poll::Pending
    }
}

impl<T> Drop for Events<T> {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
