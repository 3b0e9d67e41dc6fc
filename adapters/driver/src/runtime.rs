//! The seam between the driver and an asynchronous runtime.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use futures_io::{AsyncRead, AsyncWrite};

use crate::asleep::asleep;

/// The error of a name that could not be resolved, as [`Runtime::connect`] gives it.
#[must_use]
pub fn unresolved(error: io::Error) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, error)
}

/// What the driver asks of a runtime: a TCP connection, a timer, a task and a monotonic clock.
///
/// Everything else (TLS, WebSocket, decompression, HTTP) lives in the driver, so that an adapter
/// holds no protocol word.
pub trait Runtime: Clone + Send + Sync + 'static {
    /// A TCP connection.
    type Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static;

    /// A future that ends once a delay has passed.
    type Timer: Future<Output = ()> + Send + 'static;

    /// Opens a TCP connection to `host` (a name or an address without brackets) and `port`.
    ///
    /// Small frames matter here: an implementation switches Nagle's algorithm off. It must be
    /// cancel-safe, since the driver drops it when the dial deadline passes.
    ///
    /// # Errors
    /// Whatever name resolution or the operating system reports; of kind
    /// [`io::ErrorKind::NotFound`] if the name could not be resolved, which the operating system's
    /// own errors do not distinguish from others.
    fn connect(
        &self,
        host: &str,
        port: u16,
    ) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    /// A timer that ends `after` this call, not before.
    fn timer(&self, after: Duration) -> Self::Timer;

    /// Runs a future on its own until it ends.
    fn spawn<F>(&self, future: F)
    where
        F: Future<Output = ()> + Send + 'static;

    /// The monotonic time. A runtime with a virtual clock gives that instead, so that
    /// [`Runtime::timer`] and this agree.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// How long the machine has been asleep so far, counted from any fixed point: time that
    /// [`Runtime::now`] has left out. It never falls, and no change of the wall clock moves it.
    ///
    /// By default it is what the operating system's clocks show, on Linux, macOS and Windows. It
    /// comes on top of a virtual clock, too: a test that wants a sleep makes it up here.
    fn asleep(&self) -> Duration {
        asleep()
    }
}
