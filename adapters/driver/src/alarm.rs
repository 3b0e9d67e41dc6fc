//! One timer that follows a moving deadline.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use headcount_core::Instant;

use crate::Runtime;
use crate::clock::Clock;

/// The longest that a timer runs before the clock is looked at: timers stand still while the
/// machine sleeps, and the clock does not.
const NAP: Duration = Duration::from_secs(5);

/// Wakes its task when a deadline comes; keeps one allocation for all of them.
pub(crate) struct Alarm<R: Runtime> {
    runtime: R,
    clock: Clock,
    /// The deadline that the timer was set for.
    set: Option<Instant>,
    timer: Option<Pin<Box<R::Timer>>>,
}

impl<R: Runtime> Alarm<R> {
    pub(crate) fn new(runtime: R, clock: Clock) -> Self {
        Self {
            runtime,
            clock,
            set: None,
            timer: None,
        }
    }

    /// Ready once `deadline` has come, at most [`NAP`] after the machine has woken up from a sleep
    /// in which it came; never ready without one.
    pub(crate) fn poll(&mut self, cx: &mut Context<'_>, deadline: Option<Instant>) -> Poll<()> {
        let Some(deadline) = deadline else {
            self.set = None;
            return Poll::Pending;
        };
        loop {
            let now = self.clock.now(&self.runtime);
            if now >= deadline {
                self.set = None;
                return Poll::Ready(());
            }
            if self.set != Some(deadline) {
                let timer = self.runtime.timer(deadline.since(now).min(NAP));
                match &mut self.timer {
                    Some(place) => place.set(timer),
                    None => self.timer = Some(Box::pin(timer)),
                }
                self.set = Some(deadline);
            }
            let Some(timer) = &mut self.timer else {
                return Poll::Pending;
            };
            match timer.as_mut().poll(cx) {
                // A timer that is early is set again.
                Poll::Ready(()) => self.set = None,
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// As [`poll`](Self::poll), but the clock is not read before the timer has ended: for a task
    /// that looks at it by itself whenever it has something to do.
    pub(crate) fn poll_idle(
        &mut self,
        cx: &mut Context<'_>,
        deadline: Option<Instant>,
    ) -> Poll<()> {
        if let Some(timer) = &mut self.timer
            && deadline.is_some()
            && self.set == deadline
        {
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.set = None;
        }
        self.poll(cx, deadline)
    }
}
