//! What the chat's loop and its handles share.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use headcount_core::Instant;
use headcount_core::twitch::{ManagerKey, Pool};

use super::backlog::Backlog;
use super::event::ChatEvent;
use super::guarded::Failure;
use crate::delivery::{BacklogGauge, Untaken};
use crate::panics::Panicked;
use crate::reentry::Inside;

/// The pool behind a short lock, and a bell for the loop.
///
/// The lock is held for one call of the core, never across an await. The user's code runs under it
/// in shard managers, and in looks at a roster.
pub(crate) struct SharedChat {
    pool: Mutex<Pool>,
    bell: AtomicWaker,
    closing: AtomicBool,
    pub(super) managers: Vec<ManagerKey>,
    failures: Vec<Failure>,
    now: Box<dyn Fn() -> Instant + Send + Sync>,
    /// What waits for the consumer, and what was dropped.
    waiting: BacklogGauge<ChatEvent>,
    missed: Arc<AtomicU64>,
}

/// The pool, as long as this thread has it for itself.
pub(super) struct Held<'a> {
    pool: MutexGuard<'a, Pool>,
    _inside: Inside,
}

impl Deref for Held<'_> {
    type Target = Pool;

    fn deref(&self) -> &Pool {
        &self.pool
    }
}

impl DerefMut for Held<'_> {
    fn deref_mut(&mut self) -> &mut Pool {
        &mut self.pool
    }
}

impl SharedChat {
    pub(super) fn new(
        pool: Pool,
        managers: Vec<(ManagerKey, Failure)>,
        now: impl Fn() -> Instant + Send + Sync + 'static,
        backlog: &Backlog,
    ) -> Self {
        let (managers, failures) = managers.into_iter().unzip();
        Self {
            pool: Mutex::new(pool),
            bell: AtomicWaker::new(),
            closing: AtomicBool::new(false),
            managers,
            failures,
            now: Box::new(now),
            waiting: backlog.gauge(),
            missed: backlog.missed(),
        }
    }

    /// What waits for the consumer.
    pub(super) fn waiting(&self) -> Untaken {
        self.waiting.read()
    }

    /// How many messages were dropped because nobody took them.
    pub(super) fn missed(&self) -> u64 {
        self.missed.load(Ordering::Relaxed)
    }

    /// The core's time now.
    pub(super) fn now(&self) -> Instant {
        (self.now)()
    }

    /// The pool, for its loop or for a look at it.
    ///
    /// # Panics
    /// If this thread holds it already: in a shard manager, or in a look at a roster.
    #[track_caller]
    pub(super) fn pool(&self) -> Held<'_> {
        let inside = Inside::enter(self, "the pool");
        // If the user's code panicked the state is still whole: its panics end before the core.
        let pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        Held {
            pool,
            _inside: inside,
        }
    }

    /// Changes the pool from outside its loop, and wakes the loop.
    #[track_caller]
    pub(super) fn change<T>(&self, change: impl FnOnce(&mut Pool, Instant) -> T) -> T {
        let now = self.now();
        let result = change(&mut self.pool(), now);
        self.bell.wake();
        result
    }

    /// Whether a manager has failed since the last look.
    pub(super) fn has_failed(&self) -> bool {
        self.failures.iter().any(Failure::is_new)
    }

    /// The managers that have failed since the last call, and how.
    pub(super) fn failed(&self) -> impl Iterator<Item = (ManagerKey, Panicked)> {
        let managers = self.managers.iter().zip(&self.failures);
        managers.filter_map(|(manager, failure)| Some((*manager, failure.take()?)))
    }

    /// Lets the loop end once every manager has ended.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Release);
        self.bell.wake();
    }

    /// Whether there is nothing left to do.
    pub(crate) fn is_over(&self) -> bool {
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
