//! A runtime without a thread or a clock: its one stream does what a script of bytes says.
use super::super::script::{Script, fill};
use futures_util::io::{AsyncRead, AsyncWrite};
use headcount_driver::Runtime;
use std::collections::VecDeque;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::task::{Context, Poll};
use std::time::Duration;

/// The one connection there is, seen from all sides.
#[derive(Clone, Debug)]
pub(super) struct Wire(Arc<Mutex<State>>);

#[derive(Debug)]
struct State {
    script: Script,
    now: u64,
    /// What the server has said and nobody has read.
    down: VecDeque<u8>,
    /// What the client has written.
    up: Vec<u8>,
    /// The server says nothing more.
    ended: bool,
    /// A read or write has failed.
    broken: bool,
    /// Writes are not taken any more.
    stalled: bool,
}

impl Wire {
    pub(super) fn new(script: &[u8]) -> Self {
        let state = State {
            script: Script::new(script),
            now: 0,
            down: VecDeque::new(),
            up: Vec::new(),
            ended: false,
            broken: false,
            stalled: false,
        };
        Self(Arc::new(Mutex::new(state)))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with it")
    }

    /// A choice below `bound`; `None` once the script is over, and then all goes well.
    pub(super) fn choose(&self, bound: u64) -> Option<u64> {
        self.state().script.choose(bound)
    }

    pub(super) fn now(&self) -> u64 {
        self.state().now
    }

    pub(super) fn pass(&self, millis: u64) {
        self.state().now += millis;
    }

    pub(super) fn say(&self, bytes: &[u8]) {
        self.state().down.extend(bytes);
    }

    pub(super) fn end(&self) {
        self.state().ended = true;
    }

    pub(super) fn written(&self) -> Vec<u8> {
        self.state().up.clone()
    }

    pub(super) fn forget_written(&self) {
        self.state().up.clear();
    }

    /// Whether a read or write has failed.
    pub(super) fn is_broken(&self) -> bool {
        self.state().broken
    }

    /// Whether writes are not taken any more.
    pub(super) fn is_stalled(&self) -> bool {
        self.state().stalled
    }

    /// Whether anything is wrong with the connection, or it has come to its end.
    pub(super) fn is_over(&self) -> bool {
        let state = self.state();
        state.broken || state.ended || state.down.is_empty()
    }
}

impl State {
    /// How many of so many bytes pass now; `None` for none yet.
    fn some(&mut self, most: usize) -> Option<usize> {
        match self.script.choose(16) {
            Some(0..4) => None,
            Some(4..8) => Some(1),
            Some(8..12) => Some(most.div_ceil(2)),
            Some(_) | None => Some(most),
        }
    }

    fn breaks(&mut self) -> io::Result<()> {
        self.broken |= self.script.choose(200) == Some(199);
        match self.broken {
            true => Err(io::ErrorKind::ConnectionReset.into()),
            false => Ok(()),
        }
    }
}

/// The runtime over such a wire.
#[derive(Clone, Debug)]
pub(super) struct Scripted(pub(super) Wire);

impl Runtime for Scripted {
    type Stream = Pipe;
    type Timer = Timer;

    async fn connect(&self, _: &str, _: u16) -> io::Result<Pipe> {
        self.0.forget_written();
        Ok(Pipe(self.0.clone()))
    }

    fn timer(&self, after: Duration) -> Timer {
        let millis = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
        Timer {
            wire: self.0.clone(),
            until: self.0.now().saturating_add(millis),
        }
    }

    /// The socket alone spawns nothing.
    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        drop(future);
    }
}

/// Ends when the wire's clock says so.
#[derive(Debug)]
pub(super) struct Timer {
    wire: Wire,
    until: u64,
}

impl Future for Timer {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        match self.wire.now() >= self.until {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}

/// The client's end of the wire.
#[derive(Debug)]
pub(super) struct Pipe(Wire);

impl AsyncRead for Pipe {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        room: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.0.state();
        state.breaks()?;
        if state.down.is_empty() {
            return match state.ended {
                true => Poll::Ready(Ok(0)),
                false => Poll::Pending,
            };
        }
        let Some(most) = state.some(room.len()) else {
            return Poll::Pending;
        };
        Poll::Ready(Ok(fill(&mut state.down, room, most)))
    }
}

impl AsyncWrite for Pipe {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let state = &mut *self.0.state();
        state.breaks()?;
        state.stalled |= state.script.choose(100) == Some(99);
        let Some(count) = state.some(bytes.len()).filter(|_| !state.stalled) else {
            return Poll::Pending;
        };
        let count = count.min(bytes.len());
        state.up.extend_from_slice(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.0.choose(8) {
            Some(1) => Poll::Pending,
            _ => Poll::Ready(Ok(())),
        }
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
