//! A runtime under test whose dials can be made to panic.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use headcount_tokio::driver::Runtime;

use crate::runtimes::Tested;

/// A runtime, and what goes wrong in it from now on.
#[derive(Clone, Default)]
pub(crate) struct Rigged<R> {
    inner: R,
    /// The next dial panics.
    pub(crate) dial_panics: Arc<AtomicBool>,
}

impl<R: Tested> Runtime for Rigged<R> {
    type Stream = R::Stream;
    type Timer = R::Timer;

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Stream> {
        let panics = self.dial_panics.swap(false, Ordering::AcqRel);
        assert!(!panics, "this dial was to panic");
        self.inner.connect(host, port).await
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
}

impl<R: Tested> Tested for Rigged<R> {
    const SEEDS: u64 = R::SEEDS;

    fn block_on<F: Future>(future: F) -> F::Output {
        R::block_on(future)
    }
}
