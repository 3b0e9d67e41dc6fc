//! A runtime under test that can be made to sleep, and whose dials can be made to fail.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use headcount_tokio::driver::Runtime;

use crate::runtimes::Tested;

/// A runtime, and what goes wrong in it from now on.
#[derive(Clone, Default)]
pub(crate) struct Rigged<R> {
    inner: R,
    /// The next dial panics.
    pub(crate) dial_panics: Arc<AtomicBool>,
    /// The operating system's error that every dial ends with; none for zero.
    pub(crate) dial_error: Arc<AtomicI32>,
    /// Seconds that the machine has slept.
    pub(crate) asleep: Arc<AtomicU64>,
}

impl<R: Tested> Runtime for Rigged<R> {
    type Stream = R::Stream;
    type Timer = R::Timer;

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Stream> {
        let panics = self.dial_panics.swap(false, Ordering::AcqRel);
        assert!(!panics, "this dial was to panic");
        match self.dial_error.load(Ordering::Acquire) {
            0 => self.inner.connect(host, port).await,
            code => Err(io::Error::from_raw_os_error(code)),
        }
    }

    fn timer(&self, after: Duration) -> Self::Timer {
        self.inner.timer(after)
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        self.inner.spawn(future);
    }

    fn now(&self) -> Instant {
        self.inner.now()
    }

    fn asleep(&self) -> Duration {
        Duration::from_secs(self.asleep.load(Ordering::Acquire))
    }
}

impl<R: Tested> Tested for Rigged<R> {
    const SEEDS: u64 = R::SEEDS;

    fn block_on<F: Future>(future: F) -> F::Output {
        R::block_on(future)
    }
}
