//! A process that can be killed: its tasks are aborted, and its connections end.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use headcount_driver::Runtime;
use tokio::task::AbortHandle;

use crate::memory::{Listener, Memory, memory};

#[derive(Clone)]
pub(crate) struct Process {
    memory: Memory,
    tasks: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Process {
    /// One, and where its connections come out.
    pub(crate) fn new() -> (Self, Listener) {
        let (memory, listener) = memory();
        let tasks = Arc::default();
        (Self { memory, tasks }, listener)
    }

    /// One that waits until what it writes is read.
    pub(crate) fn with_narrow_pipes() -> (Self, Listener) {
        let (mut process, listener) = Self::new();
        process.memory.pipe = 64;
        (process, listener)
    }

    /// By which processes are told apart.
    pub(crate) fn number(&self) -> usize {
        Arc::as_ptr(&self.tasks).addr()
    }

    /// Its clock shows so many seconds more than when it was looked at last.
    pub(crate) fn stand_still(&self, seconds: u64) {
        self.memory.asleep.fetch_add(seconds, Ordering::AcqRel);
    }

    /// Ends it without a word.
    pub(crate) fn kill(&self) {
        let tasks = self.tasks.lock().expect("tasks");
        tasks.iter().for_each(AbortHandle::abort);
    }
}

impl Runtime for Process {
    type Stream = <Memory as Runtime>::Stream;
    type Timer = tokio::time::Sleep;

    async fn connect(&self, host: &str, port: u16) -> io::Result<Self::Stream> {
        self.memory.connect(host, port).await
    }

    fn timer(&self, after: Duration) -> Self::Timer {
        self.memory.timer(after)
    }

    fn spawn<F: Future<Output = ()> + Send + 'static>(&self, future: F) {
        let task = tokio::spawn(future);
        self.tasks.lock().expect("tasks").push(task.abort_handle());
    }

    fn now(&self) -> Instant {
        self.memory.now()
    }

    fn asleep(&self) -> Duration {
        self.memory.asleep()
    }
}
