//! The event loop of one shard: hands in what happened, carries out the actions, waits for more.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::mem;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_channel::oneshot;
use headcount_core::session::{Halt, Phase, Wait};
use headcount_core::wire::command::Command;
use headcount_core::{Action, Input, Instant, Shard, ShardId};

use crate::address::{self, Cleartext};
use crate::alarm::Alarm;
use crate::deadline::within;
use crate::delivery::{Delivery, Receipt};
use crate::event_sink::EventSink;
use crate::fleet::Running;
use crate::guild_queues::StoreInput;
use crate::keeper::Keeper;
use crate::panics::{caught, caught_in};
use crate::shard_cell::ShardCell;
use crate::shared::Shared;
use crate::transport::{SocketEvent, Transport};
use crate::{Ended, Runtime, SocketOptions};

/// How many more times the socket is polled once a deadline has come, each after yielding to other
/// tasks: 8 MiB in all, more than a system's buffers hold.
const LATE_POLLS: u32 = 32;

/// The longest that these polls go on: eight MiB may be four million frames without a byte.
const LATE_POLL_TIME: Duration = Duration::from_millis(500);

/// How long the end of a shard waits for its recording to be on the disk.
const RECORDING_PATIENCE: Duration = Duration::from_secs(10);

/// The state of one shard's loop.
pub(crate) struct Drive<R: Runtime> {
    runtime: R,
    /// What is written down for the next process, if anything is. Dropped first: once the bot's
    /// events have ended, its folder is free.
    keeper: Option<Keeper<R>>,
    cell: Arc<ShardCell>,
    shared: Arc<Shared>,
    options: SocketOptions,
    sink: EventSink<R>,
    alarm: Alarm<R>,
    transport: Transport,
    /// Whether the address that was dialled last has TLS.
    dials_secure: bool,
    /// Whether the connection that was open last had TLS.
    secure: bool,
    /// How many polls of the socket are left after the deadline that has come.
    polls_left: u32,
    /// Until when they go on.
    polls_until: Instant,
    /// When the connection was last read.
    read_at: Instant,
    /// Reading has stopped for the consumer or a store.
    stopped: bool,
    /// The loop has panicked.
    has_crashed: bool,
    /// The digest of the session that the shard's span names.
    session: Option<u64>,
    /// What is still to be done on the connection, in order.
    todo: VecDeque<Todo>,
    scratch: String,
    /// Dropped last.
    _run_guard: RunGuard,
}

/// An action on the connection.
enum Todo {
    Connect(Box<str>),
    Send(Command),
    Close(u16),
}

/// What woke the loop.
enum Wake {
    Deadline,
    /// The deadline came with data unread, or reading has resumed; the time since the last read.
    Unread(Duration),
    Granted,
    /// Something has to be written down.
    Due,
    /// A store has caught up, or has failed.
    Stores(StoreInput),
    Socket(SocketEvent),
    /// The loop has panicked.
    Crashed,
}

impl<R: Runtime> Drive<R> {
    /// A loop for one of the bot's shards; `None` if the bot does not run it.
    pub(crate) fn new(
        runtime: R,
        shared: Arc<Shared>,
        id: ShardId,
        options: SocketOptions,
        delivery: Delivery,
        keeper: Option<Keeper<R>>,
    ) -> Option<Self> {
        let cell = Arc::clone(shared.fleet.cell(id)?);
        cell.enter();
        let run_guard = RunGuard {
            cell: Arc::clone(&cell),
            shared: Arc::clone(&shared),
        };
        let acknowledgements = Arc::clone(&cell.acknowledgements);
        if shared.leases.is_some() {
            cell.set_revocation(delivery.revocation());
        }
        let for_sink = Arc::clone(&shared);
        Some(Self {
            keeper,
            cell,
            options,
            sink: EventSink::new(runtime.clone(), id, for_sink, acknowledgements, delivery),
            alarm: Alarm::new(runtime.clone(), shared.clock),
            transport: Transport::None,
            dials_secure: false,
            secure: false,
            polls_left: LATE_POLLS,
            polls_until: Instant::ZERO,
            read_at: Instant::ZERO,
            stopped: false,
            has_crashed: false,
            session: None,
            todo: VecDeque::new(),
            scratch: String::new(),
            _run_guard: run_guard,
            runtime,
            shared,
        })
    }

    /// Runs the shard until it has ended for good, or something panics. Not cancel-safe: dropping
    /// it drops the connection, and the session with it.
    pub(crate) async fn run(mut self) {
        let running = Running(Arc::clone(&self.shared));
        self.shared.fleet.loop_begins();
        if let Err(panicked) = caught_in(self.live()).await {
            tracing::error!(error = %panicked, "the shard ends");
            self.crash().await;
        }
        drop(running);
        self.finish().await;
    }

    /// Waits until all is stored.
    async fn finish(&mut self) {
        let stored = poll_fn(|cx| self.sink.poll_finish(cx));
        if let Err(panicked) = caught_in(stored).await {
            tracing::error!(error = %panicked, "the shard's last changes are lost");
        }
        self.sink.give_up_waiting();
        // The stores may have needed longer than all else of the bot.
        if self.shared.fleet.loop_is_done() {
            #[cfg(feature = "metrics")]
            crate::metrics::publish_last(&self.shared);
        }
        let recording = self.write_recording();
        if let Some(keeper) = &mut self.keeper {
            let now = self.shared.clock.now(&self.runtime);
            if !keeper.finish(now, &self.cell) {
                self.shared.unsaved.store(true, Ordering::Release);
            }
        }
        if let Some(written) = recording {
            // As long as this waits the bot has not ended, and its process goes on.
            let _ = within(&self.runtime, RECORDING_PATIENCE, written).await;
        }
    }

    /// Has the recording written out if the shard was not asked to end; the answer comes when it is
    /// on the disk.
    fn write_recording(&self) -> Option<oneshot::Receiver<io::Result<()>>> {
        let halt = self.cell.read(Shard::halt);
        let recorder = self.shared.recorder.as_ref()?;
        if halt == Some(Halt::Stopped) {
            return None;
        }
        let why = match halt {
            Some(halt) => format!("a shard has ended: {halt}"),
            None => "a shard has ended".into(),
        };
        let cells = self.shared.fleet.cells();
        let cells = cells.iter().map(|(_, cell)| &**cell);
        recorder.keep_evidence(why, cells)
    }

    async fn live(&mut self) {
        let mut wake = Wake::Deadline;
        loop {
            self.step(&wake);
            self.work().await;
            if self.cell.read(Shard::phase) == Phase::Halted {
                break;
            }
            wake = poll_fn(|cx| self.poll_wake(cx)).await;
            self.polls_left = LATE_POLLS;
        }
    }

    /// Ends the shard after a panic, and sees that this is reported. Its state may be halfway
    /// between two others, so each step of this may panic as well.
    async fn crash(&mut self) {
        self.has_crashed = true;
        self.todo.clear();
        let stepped = caught(|| self.step(&Wake::Crashed));
        self.sink.ensure_halted(self.read_at, Halt::Crashed);
        let closed = caught_in(self.work()).await;
        for panicked in [stepped.err(), closed.err()].into_iter().flatten() {
            tracing::error!(error = %panicked, "a further panic while the shard was ending");
        }
        let _ = caught(|| self.transport = Transport::None);
    }

    /// Waits for what comes next. The deadline goes first, so that no flood of payloads delays a
    /// heartbeat.
    fn poll_wake(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        if self.cell.poll_granted(cx) {
            return Poll::Ready(Wake::Granted);
        }
        let wake = self.poll_shard(cx);
        // Every other wake-up also saves to the journal.
        if let Some(keeper) = self.keeper.as_mut().filter(|_| wake.is_pending()) {
            let now = || self.shared.clock.now(&self.runtime);
            if keeper.is_due(now, cx, &self.cell) {
                return Poll::Ready(Wake::Due);
            }
        }
        wake
    }

    fn poll_shard(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        let look = |shard: &Shard| (shard.poll_timeout(), shard.phase(), shard.receive_limit());
        let (deadline, phase, limit) = self.cell.read(look);
        self.transport.set_limit(limit);
        let has_room = self.sink.poll_room(cx).is_ready();
        let failed = || self.cell.take_failed().map(StoreInput::Failed);
        if let Some(input) = self.sink.store_input().or_else(failed) {
            return Poll::Ready(Wake::Stores(input));
        }
        let waits = deadline.map(|deadline| deadline.wait);
        if waits == Some(Wait::Backoff) && self.sink.is_long_untaken() {
            return Poll::Pending;
        }
        // Backpressure: a slow consumer or store stops the reading. A connection that is being
        // brought up is always read.
        let reads = has_room || !phase.has_session();
        if reads && mem::take(&mut self.stopped) {
            return Poll::Ready(Wake::Unread(self.missed()));
        }
        self.stopped = !reads;
        let at = deadline.map(|deadline| deadline.at);
        let due = self.alarm.poll(cx, at).is_ready();
        match (due, reads) {
            (true, false) => Poll::Ready(Wake::Unread(self.missed())),
            (true, true) => self.poll_late(cx),
            (false, false) => Poll::Pending,
            (false, true) => {
                self.missed();
                self.transport.poll(cx).map(Wake::Socket)
            }
        }
    }

    /// The deadline has come. On a busy host what it waited for may lie in the socket, behind other
    /// payloads, so nothing is late before all has been read.
    fn poll_late(&mut self, cx: &mut Context<'_>) -> Poll<Wake> {
        match self.transport.poll(cx) {
            Poll::Ready(SocketEvent::Payload) => {
                self.transport.put_back();
                Poll::Ready(Wake::Unread(self.missed()))
            }
            Poll::Ready(event) => Poll::Ready(Wake::Socket(event)),
            Poll::Pending if self.may_look() => {
                // A runtime's cooperative budget may make the socket look empty: poll again. The
                // socket says when it does so.
                self.polls_left = match self.transport.has_yielded() {
                    true => self.polls_left - 1,
                    false => 0,
                };
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Poll::Pending => Poll::Ready(Wake::Deadline),
        }
    }

    /// Whether the loop may look again for what a deadline waited for.
    fn may_look(&mut self) -> bool {
        let now = self.shared.clock.now(&self.runtime);
        if self.polls_left == LATE_POLLS {
            self.polls_until = now.after(LATE_POLL_TIME);
        }
        self.polls_left > 0 && now < self.polls_until
    }

    /// How long the connection has not been read, until now.
    fn missed(&mut self) -> Duration {
        let now = self.shared.clock.now(&self.runtime);
        now.since(mem::replace(&mut self.read_at, now))
    }

    /// Hands what happened to the shard and distributes its actions: mutations and events go to the
    /// sink, the connection's work is queued. Each keeps its order.
    fn step(&mut self, wake: &Wake) {
        let (received, now) = self.shared.clock.read(&self.runtime);
        self.sink.receive(Receipt { at: received, now });
        let input = match wake {
            Wake::Due => return self.save(now),
            Wake::Deadline => Input::Timeout,
            Wake::Unread(missed) => Input::Unread { missed: *missed },
            Wake::Granted => Input::IdentifyGranted,
            Wake::Stores(StoreInput::Stored(barrier)) => Input::Stored(*barrier),
            Wake::Stores(StoreInput::Failed(guild)) => Input::StoreFailed(*guild),
            Wake::Crashed => Input::Crashed,
            Wake::Socket(SocketEvent::Opened) => {
                self.secure = self.dials_secure;
                Input::Opened
            }
            Wake::Socket(SocketEvent::Payload) => Input::Payload(self.transport.message()),
            Wake::Socket(SocketEvent::DialFailed(error)) => {
                tracing::warn!("the gateway could not be dialled: {error:#}");
                self.sink.connection_failed(false, Arc::clone(error));
                Input::DialFailed(error.dial_failure())
            }
            Wake::Socket(SocketEvent::Closed(ended)) => {
                if let Some(error) = &ended.error {
                    tracing::warn!("the connection broke: {error:#}");
                    self.sink.connection_failed(true, Arc::clone(error));
                } else {
                    tracing::info!(code = ended.code, reason = ended.reason, "closed");
                }
                Input::Closed(ended.code)
            }
        };
        let payload = match input {
            Input::Payload(bytes) => bytes.len(),
            _ => 0,
        };
        self.sink.begin(payload);
        let policies_guard = self.shared.cache.hold_policies();
        let actions = self.cell.handle(now, input);
        if let Some(keeper) = &mut self.keeper {
            keeper.begin(&self.cell);
        }
        for action in actions {
            match action {
                Action::Connect { url } => self.todo.push_back(Todo::Connect(url)),
                Action::Send(command) => {
                    if let Some(keeper) = &mut self.keeper {
                        keeper.send(&command);
                    }
                    self.todo.push_back(Todo::Send(command));
                }
                Action::Close(code) => self.todo.push_back(Todo::Close(code)),
                // A shard begins with its grant.
                Action::WantIdentify if self.cell.is_granted() => {}
                Action::WantIdentify => self.sink.want_identify(now),
                Action::Mutate(mutation) => self.sink.mutate(now, mutation),
                Action::Confirm(barrier) => self.sink.confirm(barrier),
                Action::Emit(event) => self.sink.emit(now, event),
            }
        }
        self.sink.end(|| self.cell.read(Shard::held_since));
        self.cell.acknowledgements.settle(now);
        self.cell.traffic.add(self.transport.take_traffic());
        self.transport.forget();
        drop(policies_guard);
        self.name_session();
        self.save(now);
    }

    /// Gives the shard's span the digest of a session that has begun.
    fn name_session(&mut self) {
        let (session, _) = self.cell.last_acknowledged();
        if let Some(digest) = session.filter(|_| session != self.session) {
            self.session = session;
            tracing::Span::current().record("session", tracing::field::display(digest));
        }
    }

    /// Writes down what the next process needs, if it is due.
    fn save(&mut self, now: Instant) {
        let has_floors = self.keeper.as_ref().is_some_and(Keeper::has_floors);
        // What a panic has interrupted is not all applied.
        if (has_floors || self.shared.left_snapshots.is_some()) && !self.has_crashed {
            self.cell.note_applied();
        }
        if let Some(keeper) = &mut self.keeper {
            keeper.save(now, &self.cell);
        }
    }

    /// Carries out the connection's work. A connection that breaks meanwhile is reported to the
    /// shard, unless the shard has already left it.
    async fn work(&mut self) {
        let mut broken = false;
        loop {
            match self.todo.pop_front() {
                Some(Todo::Connect(url)) => {
                    broken = false;
                    self.connect(url);
                }
                Some(Todo::Send(command)) => broken |= !self.send(&command).await,
                Some(Todo::Close(code)) => {
                    broken = false;
                    self.close(code).await;
                }
                None if broken => {
                    broken = false;
                    self.step(&Wake::Socket(SocketEvent::Closed(Ended::silent())));
                }
                None => return,
            }
        }
    }

    fn connect(&mut self, url: Box<str>) {
        tracing::debug!(url, "dialling");
        let Shared {
            base, secure_base, ..
        } = &*self.shared;
        // An address to resume at was received on the last connection.
        let heard_over_tls = *secure_base || (url != *base && self.secure);
        let cleartext = Cleartext::new(self.options.allow_plaintext).after(heard_over_tls);
        self.dials_secure = address::is_secure(&url);
        let (runtime, options) = (self.runtime.clone(), self.options.clone());
        self.transport = Transport::dial(runtime, url.into(), options, cleartext);
    }

    /// Writes a command; `false` if the connection is gone.
    async fn send(&mut self, command: &Command) -> bool {
        let Transport::Open { socket, .. } = &mut self.transport else {
            return false;
        };
        let is_identify = matches!(command, Command::Identify(_));
        if is_identify && !self.shared.fleet.may_identify(self.cell.id()) {
            tracing::info!("the turn to identify is over");
            self.transport = Transport::None;
            return false;
        }
        if is_identify {
            let now = self.shared.clock.now(&self.runtime);
            self.shared.note_identify(now, self.cell.id());
        }
        tracing::trace!(opcode = command.opcode(), "sending");
        let sent = socket
            .send(&self.runtime, command.encode(&mut self.scratch))
            .await;
        self.cell.traffic.add(socket.take_traffic());
        if is_identify {
            self.shared.fleet.identified(self.cell.id());
        }
        let Err(error) = sent else {
            return true;
        };
        tracing::warn!("the connection broke: {error:#}");
        self.sink.connection_failed(true, Arc::new(error));
        self.transport = Transport::None;
        false
    }

    /// Closes without waiting for the peer; but a shard that ends waits, since the process may.
    async fn close(&mut self, code: u16) {
        tracing::debug!(code, "closing");
        let Some(socket) = self.transport.take() else {
            return;
        };
        let close = socket.close(self.runtime.clone(), code);
        if self.cell.read(Shard::phase) == Phase::Halted {
            close.await;
        } else {
            self.runtime.spawn(close);
        }
    }
}

/// Once the loop is gone, its shard may begin again.
struct RunGuard {
    cell: Arc<ShardCell>,
    shared: Arc<Shared>,
}

impl Drop for RunGuard {
    fn drop(&mut self) {
        // Its next loop begins once this one is gone, and may be let in.
        self.shared.fleet.leaves(self.cell.id());
        self.cell.left();
        self.shared.fleet.left(self.cell.id());
    }
}
