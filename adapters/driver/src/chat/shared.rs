//! What the chat's loop and its handles share.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use headcount_core::Instant;
use headcount_core::twitch::{ManagerKey, Pool};

/// The pool behind a short lock, and a bell for the loop.
///
/// The lock is held for one call of the core, never across an await and never by a caller.
pub(super) struct Shared {
    pool: Mutex<Pool>,
    bell: AtomicWaker,
    closing: AtomicBool,
    pub(super) managers: Vec<ManagerKey>,
    now: Box<dyn Fn() -> Instant + Send + Sync>,
}

impl Shared {
    pub(super) fn new(
        pool: Pool,
        managers: Vec<ManagerKey>,
        now: impl Fn() -> Instant + Send + Sync + 'static,
    ) -> Self {
        Self {
            pool: Mutex::new(pool),
            bell: AtomicWaker::new(),
            closing: AtomicBool::new(false),
            managers,
            now: Box::new(now),
        }
    }

    /// The core's time now.
    pub(super) fn now(&self) -> Instant {
        (self.now)()
    }

    /// The pool, for its loop or for a look at it.
    pub(super) fn pool(&self) -> MutexGuard<'_, Pool> {
        // The core does not panic, and if a caller's closure did, the state is still whole.
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the pool from outside its loop, and wakes the loop.
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Pool, Instant) -> T) -> T {
        let now = self.now();
        let result = change(&mut self.pool(), now);
        self.bell.wake();
        result
    }

    /// Lets the loop end once every manager has ended.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.bell.wake();
    }

    /// Whether there is nothing left to do.
    pub(super) fn is_over(&self) -> bool {
        let closing = self.closing.load(Ordering::Acquire);
        closing && {
            let pool = self.pool();
            let mut managers = self.managers.iter();
            managers.all(|manager| pool.has_ended(*manager))
        }
    }

    /// Wakes the loop's task when a handle has changed something.
    pub(super) fn listen(&self, waker: &Waker) {
        self.bell.register(waker);
    }
}
