//! A runtime without a thread or a clock, whose connections break and stall as a script of bytes
//! says.
use futures_util::io::{AsyncRead, AsyncWrite};
use headcount_driver::Runtime;
use std::collections::VecDeque;
use std::future::{Future, pending};
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Script, clock, connections and tasks, seen from all sides.
#[derive(Clone)]
pub(super) struct Stage(Arc<Mutex<State>>);

struct State {
    script: VecDeque<u8>,
    epoch: Instant,
    now: u64,
    lines: Vec<Line>,
    spawned: Vec<Task>,
    /// Who waits for time to pass, or for a connection.
    wakers: Vec<Waker>,
}

/// One connection.
#[derive(Default)]
pub(super) struct Line {
    /// What the server has said and nobody has read.
    pub(super) down: VecDeque<u8>,
    /// What the client has written and the server has not read.
    pub(super) up: Vec<u8>,
    /// The server says nothing more.
    pub(super) ended: bool,
    /// Reads and writes fail.
    pub(super) broken: bool,
    /// Writes are not taken any more.
    stalled: bool,
    /// The client has let go of it.
    pub(super) dropped: bool,
}

impl Stage {
    pub(super) fn new(script: &[u8]) -> Self {
        let state = State {
            script: script.iter().copied().collect(),
            epoch: Instant::now(),
            now: 0,
            lines: Vec::new(),
            spawned: Vec::new(),
            wakers: Vec::new(),
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with it")
    }

    /// A choice below `bound`; `None` once the script is over, and then all goes well.
    pub(super) fn choose(&self, bound: u64) -> Option<u64> {
        self.state().choose(bound)
    }

    /// Whether one in so many times something goes wrong now.
    pub(super) fn fails(&self, one_in: u64) -> bool {
        self.choose(one_in) == Some(1)
    }

    pub(super) fn is_calm(&self) -> bool {
        self.state().script.is_empty()
    }

    /// Milliseconds since the start.
    pub(super) fn now(&self) -> u64 {
        self.state().now
    }

    pub(super) fn pass(&self, millis: u64) {
        self.state().now += millis;
    }

    /// How many connections there have been.
    pub(super) fn lines(&self) -> usize {
        self.state().lines.len()
    }

    pub(super) fn with_line<T>(&self, at: usize, look: impl FnOnce(&mut Line) -> T) -> T {
        look(&mut self.state().lines[at])
    }

    /// Polls each task once, those that are new included.
    pub(super) fn poll_all(&self, tasks: &mut Vec<Task>) {
        let cx = &mut Context::from_waker(Waker::noop());
        let wakers = std::mem::take(&mut self.state().wakers);
        wakers.into_iter().for_each(Waker::wake);
        tasks.append(&mut self.state().spawned);
        tasks.retain_mut(|task| task.as_mut().poll(cx).is_pending());
    }
}

impl State {
    fn choose(&mut self, bound: u64) -> Option<u64> {
        let byte = self.script.pop_front()?;
        u64::from(byte).checked_rem(bound)
    }

    /// How many of so many bytes pass now; `None` for none yet.
    fn some(&mut self, most: usize) -> Option<usize> {
        match self.choose(16) {
            Some(0) => None,
            Some(1) => Some(1),
            Some(2) => Some(most.div_ceil(2)),
            Some(_) | None => Some(most),
        }
    }

    /// Not yet: whoever asks is woken to ask again.
    fn later<T>(&mut self, cx: &Context<'_>) -> Poll<T> {
        self.wakers.push(cx.waker().clone());
        Poll::Pending
    }

    fn breaks(&mut self, at: usize) -> io::Result<()> {
        self.lines[at].broken |= self.choose(250) == Some(249);
        match self.lines[at].broken {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

impl Runtime for Stage {
    type Stream = Pipe;
    type Timer = Timer;

    async fn connect(&self, _: &str, _: u16) -> io::Result<Pipe> {
        match self.choose(16) {
            Some(1) => return Err(io::ErrorKind::ConnectionRefused.into()),
            Some(2) => pending().await,
            _ => {}
        }
        let mut state = self.state();
        state.lines.push(Line::default());
        let at = state.lines.len() - 1;
        Ok(Pipe {
            stage: self.clone(),
            at,
        })
    }

    fn timer(&self, after: Duration) -> Timer {
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Timer {
            stage: self.clone(),
            until: self.now().saturating_add(millis),
        }
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.state().spawned.push(Box::pin(future));
    }

    fn now(&self) -> Instant {
        let state = self.state();
        state.epoch + Duration::from_millis(state.now)
    }

    fn asleep(&self) -> Duration {
        Duration::ZERO
    }
}

/// Ends when the stage's clock says so.
pub(super) struct Timer {
    stage: Stage,
    until: u64,
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.stage.now() >= self.until {
            true => Poll::Ready(()),
            false => self.stage.state().later(cx),
        }
    }
}

/// The client's end of a connection.
pub(super) struct Pipe {
    stage: Stage,
    at: usize,
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.stage.with_line(self.at, |line| {
            line.dropped = true;
            line.down = VecDeque::new();
        });
    }
}

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.stage.state();
        state.breaks(self.at)?;
        if state.lines[self.at].down.is_empty() {
            return match state.lines[self.at].ended {
                true => Poll::Ready(Ok(0)),
                false => state.later(cx),
            };
        }
        let Some(most) = state.some(room.len()) else {
            return state.later(cx);
        };
        let down = &mut state.lines[self.at].down;
        let count = most.min(room.len()).min(down.len());
        for (slot, byte) in room.iter_mut().zip(down.drain(..count)) {
            *slot = byte;
        }
        Poll::Ready(Ok(count))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.stage.state();
        state.breaks(self.at)?;
        state.lines[self.at].stalled |= state.choose(200) == Some(199);
        let stalled = state.lines[self.at].stalled;
        let Some(count) = state.some(bytes.len()).filter(|_| !stalled) else {
            return state.later(cx);
        };
        let count = count.min(bytes.len());
        state.lines[self.at].up.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
