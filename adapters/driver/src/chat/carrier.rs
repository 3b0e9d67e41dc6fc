//! The chat's one loop: it wakes the pool, does what the pool says, and waits for what comes next.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures_channel::mpsc::{self, Receiver, Sender};
use futures_util::StreamExt;
use headcount_core::Instant;
use headcount_core::twitch::{PoolAction, PoolInput, SocketId};
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
    wires: BTreeMap<SocketId, Sender<SocketCommand>>,
    sender: EventSender,
    events: Receiver<(SocketId, WireEvent)>,
    quantum: Quantum,
}

/// What woke the loop.
enum CarrierWake {
    Deadline,
    Event(SocketId, WireEvent),
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
        #[cfg(feature = "metrics")]
        crate::metrics::publish_last_of_chat(&self.shared);
    }

    async fn live(&mut self) {
        loop {
            match poll_fn(|cx| self.poll_wake(cx)).await {
                CarrierWake::Deadline => self.step(PoolInput::Timeout),
                CarrierWake::Event(socket, event) => self.hear(socket, &event),
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
            Poll::Ready(Some((socket, event))) => {
                self.quantum.spend(event.bytes());
                Poll::Ready(CarrierWake::Event(socket, event))
            }
            Poll::Ready(None) | Poll::Pending => {
                self.quantum.rest();
                Poll::Pending
            }
        }
    }

    fn hear(&mut self, socket: SocketId, event: &WireEvent) {
        let number = socket.get();
        match event {
            WireEvent::Opened => self.step(PoolInput::Opened(socket)),
            WireEvent::Frame(frame) => self.step(PoolInput::Frame(socket, frame)),
            WireEvent::DialFailed(error) => {
                tracing::warn!(
                    socket = number,
                    "the chat server could not be dialled: {error:#}"
                );
                self.wires.remove(&socket);
                self.connection_failed(socket, false, error);
                self.step(PoolInput::DialFailed(socket, error.dial_failure()));
            }
            WireEvent::Closed(ended) => {
                self.wires.remove(&socket);
                if let Some(error) = &ended.error {
                    tracing::warn!(socket = number, "the connection broke: {error:#}");
                    self.connection_failed(socket, true, error);
                } else {
                    tracing::info!(socket = number, code = ended.code, "closed");
                }
                self.step(PoolInput::Closed(socket));
            }
        }
    }

    fn connection_failed(&mut self, socket: SocketId, opened: bool, error: &Arc<Error>) {
        let owner = self.shared.pool().owner(socket);
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
                PoolAction::Connect { socket, .. } => self.connect(socket),
                PoolAction::Send { socket, command } => {
                    self.order(socket, SocketCommand::Send(command));
                }
                PoolAction::Close { socket } => {
                    self.order(socket, SocketCommand::Close);
                    self.wires.remove(&socket);
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

    fn connect(&mut self, socket: SocketId) {
        let (sender, orders) = mpsc::channel(ORDERS);
        self.wires.insert(socket, sender);
        let wire = Wire {
            runtime: self.runtime.clone(),
            url: Arc::clone(&self.url),
            options: self.options.clone(),
            socket,
            orders,
            events: self.sender.clone(),
        };
        let span = tracing::info_span!("chat", socket = socket.get());
        self.runtime.spawn(wire.run().instrument(span));
    }

    /// A socket that has just ended takes no orders, and says so by its last event. One that is
    /// behind with so many is closed.
    fn order(&mut self, socket: SocketId, order: SocketCommand) {
        let Some(wire) = self.wires.get_mut(&socket) else {
            return;
        };
        if wire.try_send(order).is_err_and(|error| error.is_full()) {
            tracing::warn!(socket = socket.get(), "the chat server does not read");
            self.wires.remove(&socket);
        }
    }
}
