//! The chat's one loop: it wakes the pool, does what the pool says, and waits for what comes next.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_channel::mpsc::{self, Receiver, Sender};
use futures_util::StreamExt;
use headcount_core::Instant;
use headcount_core::twitch::{LinkId, PoolAction, PoolInput};
use tracing::Instrument;

use super::backlog::Backlog;
use super::event::ChatEvent;
use super::shared::SharedChat;
use super::wire::{EventSender, SocketCommand, Wire, WireEvent};
use crate::alarm::Alarm;
use crate::panics::caught_in;
use crate::quantum::Quantum;
use crate::{Error, Runtime, SocketOptions};

/// Events of sockets that may wait for the loop, a frame each; each socket may hold one more.
const EVENTS: usize = 16;

/// Orders that may wait for a socket: many times what the send budget allows. Only a server that
/// wants answers and does not read them can bring about more.
const ORDERS: usize = 1024;

/// Everything that the loop works with.
pub(super) struct Carrier<R: Runtime> {
    runtime: R,
    shared: Arc<SharedChat>,
    url: Arc<str>,
    options: SocketOptions,
    backlog: Backlog,
    alarm: Alarm<R>,
    /// The sockets that take orders.
    wires: BTreeMap<LinkId, Sender<SocketCommand>>,
    sender: EventSender,
    events: Receiver<(LinkId, WireEvent)>,
    quantum: Quantum,
}

/// What woke the loop.
enum CarrierWake {
    Deadline,
    Event(LinkId, WireEvent),
    Over,
}

impl<R: Runtime> Carrier<R> {
    pub(super) fn new(
        runtime: R,
        shared: Arc<SharedChat>,
        url: Arc<str>,
        options: SocketOptions,
        backlog: Backlog,
        alarm: Alarm<R>,
    ) -> Self {
        let (sender, events) = mpsc::channel(EVENTS);
        Self {
            runtime,
            shared,
            url,
            options,
            backlog,
            alarm,
            wires: BTreeMap::new(),
            sender,
            events,
            quantum: Quantum::new(),
        }
    }

    /// Runs until the chat was shut down and every connection has ended, or something panics. Not
    /// cancel-safe: dropping it closes the connections.
    pub(super) async fn run(mut self) {
        if let Err(panicked) = caught_in(self.live()).await {
            tracing::error!(error = %panicked, "the chat ends");
            self.wires.clear();
            self.backlog.push(ChatEvent::Crashed(Arc::new(panicked)));
        }
    }

    async fn live(&mut self) {
        loop {
            match poll_fn(|cx| self.poll_wake(cx)).await {
                CarrierWake::Deadline => self.step(PoolInput::Timeout),
                CarrierWake::Event(link, event) => self.hear(link, &event),
                CarrierWake::Over => break,
            }
        }
    }

    /// What comes next. The deadline goes first, so that no flood of messages delays a PONG's end.
    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<CarrierWake> {
        self.shared.listen(cx.waker());
        if self.shared.is_over() {
            return Poll::Ready(CarrierWake::Over);
        }
        if self.shared.has_failed() {
            return Poll::Ready(CarrierWake::Deadline);
        }
        let deadline = self.shared.pool().poll_timeout().map(|(at, _)| at);
        if self.alarm.poll(cx, deadline).is_ready() {
            return Poll::Ready(CarrierWake::Deadline);
        }
        ready!(self.quantum.poll(cx));
        match self.events.poll_next_unpin(cx) {
            Poll::Ready(Some((link, event))) => {
                self.quantum.spend(event.bytes());
                Poll::Ready(CarrierWake::Event(link, event))
            }
            Poll::Ready(None) | Poll::Pending => {
                self.quantum.rest();
                Poll::Pending
            }
        }
    }

    fn hear(&mut self, link: LinkId, event: &WireEvent) {
        let number = link.get();
        match event {
            WireEvent::Opened => self.step(PoolInput::Opened(link)),
            WireEvent::Frame(frame) => self.step(PoolInput::Frame(link, frame)),
            WireEvent::DialFailed(error) => {
                tracing::warn!(
                    link = number,
                    "the chat server could not be dialled: {error:#}"
                );
                self.wires.remove(&link);
                self.connection_failed(link, false, error);
                self.step(PoolInput::DialFailed(link, error.dial_failure()));
            }
            WireEvent::Closed(ended) => {
                self.wires.remove(&link);
                if let Some(error) = &ended.error {
                    tracing::warn!(link = number, "the connection broke: {error:#}");
                    self.connection_failed(link, true, error);
                } else {
                    tracing::info!(link = number, code = ended.code, "closed");
                }
                self.step(PoolInput::Closed(link));
            }
        }
    }

    fn connection_failed(&mut self, link: LinkId, opened: bool, error: &Arc<Error>) {
        let owner = self.shared.pool().owner(link);
        if let Some((manager, shard)) = owner {
            self.backlog.push(ChatEvent::ConnectionFailed {
                manager,
                shard,
                opened,
                error: Arc::clone(error),
            });
        }
    }

    /// Hands what happened to the pool and does what it says.
    fn step(&mut self, input: PoolInput<'_>) {
        let now = self.shared.now();
        self.stop_failed(now);
        let actions = self.shared.pool().handle(now, input);
        for action in actions {
            match action {
                PoolAction::Connect { link, .. } => self.connect(link),
                PoolAction::Send { link, command } => {
                    self.order(link, SocketCommand::Send(command));
                }
                PoolAction::Close { link } => {
                    self.order(link, SocketCommand::Close);
                    self.wires.remove(&link);
                }
                PoolAction::WantToken { account } => {
                    self.backlog.push(ChatEvent::WantToken(account));
                }
                PoolAction::Emit(event) => self.backlog.push(event.into_owned().into()),
            }
        }
    }

    /// Ends the managers that have panicked.
    fn stop_failed(&mut self, now: Instant) {
        for (manager, panicked) in self.shared.failed() {
            let number = manager.get();
            tracing::error!(manager = number, error = %panicked, "a shard manager failed");
            if let Err(refusal) = self.shared.pool().stop_all(now, manager) {
                tracing::error!(manager = number, %refusal, "it cannot be stopped");
            }
            let error = Arc::new(panicked);
            let event = ChatEvent::ManagerFailed { manager, error };
            self.backlog.push(event);
        }
    }

    fn connect(&mut self, link: LinkId) {
        let (sender, orders) = mpsc::channel(ORDERS);
        self.wires.insert(link, sender);
        let wire = Wire {
            runtime: self.runtime.clone(),
            url: Arc::clone(&self.url),
            options: self.options.clone(),
            link,
            orders,
            events: self.sender.clone(),
        };
        let span = tracing::info_span!("chat", link = link.get());
        self.runtime.spawn(wire.run().instrument(span));
    }

    /// A socket that has just ended takes no orders, and says so by its last event. One that is
    /// behind with so many is closed.
    fn order(&mut self, link: LinkId, order: SocketCommand) {
        let Some(wire) = self.wires.get_mut(&link) else {
            return;
        };
        if wire.try_send(order).is_err_and(|error| error.is_full()) {
            tracing::warn!(link = link.get(), "the chat server does not read");
            self.wires.remove(&link);
        }
    }
}
