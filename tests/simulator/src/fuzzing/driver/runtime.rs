//! A runtime without a thread or a clock, whose connections break and stall as a script of bytes
//! says. It polls only what has been woken, so that a lost wake-up shows.
use super::super::script::{Script, fill};
use futures_util::io::{AsyncRead, AsyncWrite};
use headcount_driver::Runtime;
use std::collections::VecDeque;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// How often all that is woken is polled before time passes: a task that wakes itself more often
/// than that is a busy loop.
const ROUNDS: u32 = 10_000;

/// A task that is polled once it has been woken.
pub(super) struct Task {
    future: Pin<Box<dyn Future<Output = ()> + Send>>,
    woken: Arc<Woken>,
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Task {
    fn is_over(&mut self) -> bool {
        if !self.woken.0.swap(false, Ordering::Relaxed) {
            return false;
        }
        let waker = Waker::from(Arc::clone(&self.woken));
        let cx = &mut Context::from_waker(&waker);
        self.future.as_mut().poll(cx).is_ready()
    }

    fn is_woken(&self) -> bool {
        self.woken.0.load(Ordering::Relaxed)
    }
}

/// The script of faults, the clock, the connections and the tasks, shared by bot and gateway.
#[derive(Clone)]
pub(super) struct VirtualRuntime(Arc<Mutex<State>>);

struct State {
    script: Script,
    epoch: Instant,
    now: u64,
    connections: Vec<Connection>,
    spawned: Vec<Task>,
    /// Who waits until when.
    timers: Vec<(u64, Waker)>,
    /// Who could not read or write yet, and may try again when time has passed.
    retries: Vec<Waker>,
}

/// One connection.
#[derive(Default)]
pub(super) struct Connection {
    /// What the server has sent and the client has not read.
    pub(super) to_client: VecDeque<u8>,
    /// What the client has written and the server has not read.
    pub(super) to_server: Vec<u8>,
    /// The server sends nothing more.
    pub(super) ended: bool,
    /// Reads and writes fail.
    pub(super) broken: bool,
    /// Writes are not taken any more.
    stalled: bool,
    /// The client has dropped its end.
    pub(super) dropped: bool,
    /// Who waits for something to read.
    reader: Option<Waker>,
}

impl VirtualRuntime {
    pub(super) fn new(script: &[u8]) -> Self {
        let state = State {
            script: Script::new(script),
            epoch: Instant::now(),
            now: 0,
            connections: Vec::new(),
            spawned: Vec::new(),
            timers: Vec::new(),
            retries: Vec::new(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with it")
    }

    /// A choice below `bound`; `None` once the script is over: then nothing fails.
    pub(super) fn choose(&self, bound: u64) -> Option<u64> {
        self.state().script.choose(bound)
    }

    /// Whether one in so many times something goes wrong now.
    pub(super) fn fails(&self, one_in: u64) -> bool {
        self.choose(one_in) == Some(1)
    }

    pub(super) fn faults_are_over(&self) -> bool {
        self.state().script.is_over()
    }

    /// Milliseconds since the start.
    pub(super) fn now(&self) -> u64 {
        self.state().now
    }

    pub(super) fn pass(&self, millis: u64) {
        let mut state = self.state();
        state.now += millis;
        let now = state.now;
        let due = state.timers.extract_if(.., |(until, _)| *until <= now);
        let mut woken: Vec<Waker> = due.map(|(_, waker)| waker).collect();
        woken.append(&mut state.retries);
        drop(state);
        woken.into_iter().for_each(Waker::wake);
    }

    /// How many connections there have been.
    pub(super) fn connections(&self) -> usize {
        self.state().connections.len()
    }

    pub(super) fn with_connection<T>(
        &self,
        at: usize,
        look: impl FnOnce(&mut Connection) -> T,
    ) -> T {
        let mut state = self.state();
        let connection = &mut state.connections[at];
        let result = look(connection);
        let readable = !connection.to_client.is_empty() || connection.ended || connection.broken;
        let reader = connection.reader.take_if(|_| readable);
        drop(state);
        reader.into_iter().for_each(Waker::wake);
        result
    }

    /// Polls what is new or woken, until nothing is.
    pub(super) fn poll_all(&self, tasks: &mut Vec<Task>) {
        for _ in 0..ROUNDS {
            tasks.append(&mut self.state().spawned);
            if !tasks.iter().any(Task::is_woken) {
                return;
            }
            tasks.retain_mut(|task| !task.is_over());
        }
        panic!("a busy loop");
    }
}

impl State {
    /// How many of so many bytes pass now; `None` for none yet.
    fn some(&mut self, most: usize) -> Option<usize> {
        match self.script.choose(16) {
            Some(0) => None,
            Some(1) => Some(1),
            Some(2) => Some(most.div_ceil(2)),
            Some(_) | None => Some(most),
        }
    }

    /// Not yet: whoever asks is woken when time has passed, to ask again.
    fn later<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        self.retries.push(cx.waker().clone());
        Poll::Pending
    }

    fn breaks(&mut self, at: usize) -> io::Result<()> {
        self.connections[at].broken |= self.script.choose(250) == Some(249);
        match self.connections[at].broken {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

impl Runtime for VirtualRuntime {
    type Stream = ClientEnd;
    type Timer = Timer;

    async fn connect(&self, _: &str, _: u16) -> io::Result<ClientEnd> {
        match self.choose(16) {
            Some(1) => return Err(io::ErrorKind::ConnectionRefused.into()),
            Some(2) => pending().await,
            _ => {}
        }
        let mut state = self.state();
        state.connections.push(Connection::default());
        let at = state.connections.len() - 1;
        Ok(ClientEnd {
            runtime: self.clone(),
            at,
        })
    }

    fn timer(&self, after: Duration) -> Timer {
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Timer {
            runtime: self.clone(),
            until: self.now().saturating_add(millis),
        }
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.state().spawned.push(Task {
            future: Box::pin(future),
            woken: Arc::new(Woken(AtomicBool::new(true))),
        });
    }

    fn now(&self) -> Instant {
        let state = self.state();
        state.epoch + Duration::from_millis(state.now)
    }

    fn asleep(&self) -> Duration {
        Duration::ZERO
    }
}

/// Ends when the virtual clock says so.
pub(super) struct Timer {
    runtime: VirtualRuntime,
    until: u64,
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let mut state = self.runtime.state();
        if state.now >= self.until {
            return Poll::Ready(());
        }
        state.timers.push((self.until, cx.waker().clone()));
        Poll::Pending
    }
}

/// The client's end of a connection.
pub(super) struct ClientEnd {
    runtime: VirtualRuntime,
    at: usize,
}

impl Drop for ClientEnd {
    fn drop(&mut self) {
        self.runtime.with_connection(self.at, |connection| {
            connection.dropped = true;
            connection.to_client = VecDeque::new();
        });
    }
}

impl AsyncRead for ClientEnd {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.runtime.state();
        state.breaks(self.at)?;
        let connection = &mut state.connections[self.at];
        if connection.to_client.is_empty() {
            connection.reader = Some(cx.waker().clone());
            return match connection.ended {
                true => Poll::Ready(Ok(0)),
                false => Poll::Pending,
            };
        }
        let Some(most) = state.some(room.len()) else {
            return state.later(cx);
        };
        let to_client = &mut state.connections[self.at].to_client;
        Poll::Ready(Ok(fill(to_client, room, most)))
    }
}

impl AsyncWrite for ClientEnd {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.runtime.state();
        state.breaks(self.at)?;
        state.connections[self.at].stalled |= state.script.choose(200) == Some(199);
        if state.connections[self.at].stalled {
            return Poll::Pending;
        }
        let Some(count) = state.some(bytes.len()) else {
            return state.later(cx);
        };
        let count = count.min(bytes.len());
        state.connections[self.at]
            .to_server
            .extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
