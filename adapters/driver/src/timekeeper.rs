//! The bot's timekeeper: the small loop that wakes the fleet and the cache when their time comes.

use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use headcount_core::fleet::{Fleet, FleetInput};

use crate::alarm::Alarm;
use crate::delivery::{Delivery, Waiting};
use crate::event::BotEvent;
use crate::panics::caught_in;
use crate::shared::Shared;
use crate::stall::Stall;
use crate::{Runtime, StoreFailure};

/// How long the timekeeper rests after a panic, so that one which comes again and again costs
/// little.
const REST: Duration = Duration::from_secs(1);

/// Wakes the fleet and the cache at their deadlines until every shard has ended. All that it knows
/// is shared, so after a panic it goes on.
pub(crate) async fn keep_time<R: Runtime>(runtime: R, shared: Arc<Shared>, delivery: Delivery) {
    let mut timekeeper = Timekeeper {
        alarm: Alarm::new(runtime.clone(), shared.clock),
        delivery,
        stall: Stall::default(),
        waiting: None,
        runtime: runtime.clone(),
        shared,
    };
    while let Err(panicked) = caught_in(timekeeper.run()).await {
        tracing::error!(error = %panicked, "the bot's timekeeper failed, and goes on");
        runtime.timer(REST).await;
    }
}

/// What the timekeeper works with.
struct Timekeeper<R: Runtime> {
    runtime: R,
    shared: Arc<Shared>,
    alarm: Alarm<R>,
    delivery: Delivery,
    stall: Stall,
    /// What waits for the consumer, if the buffer is full.
    waiting: Option<Waiting>,
}

impl<R: Runtime> Timekeeper<R> {
    async fn run(&mut self) {
        while poll_fn(|cx| self.poll_due(cx)).await {
            self.wake();
        }
    }

    /// Whether something is to be done; `false` once every shard has ended.
    fn poll_due(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Shared { fleet, cache, .. } = &*self.shared;
        if fleet.listen(cx.waker()) {
            return Poll::Ready(false);
        }
        if cache.has_unjudged() {
            return Poll::Ready(true);
        }
        let now = self.shared.clock.now(&self.runtime);
        self.waiting = self.delivery.watch(cx);
        self.stall.note(now, self.waiting.is_some());
        let deadlines = [
            fleet.read(Fleet::poll_timeout),
            cache.next_expiry(),
            self.stall.deadline(),
        ];
        let next = deadlines.into_iter().flatten().min();
        self.alarm.poll(cx, next).map(|()| true)
    }

    fn wake(&mut self) {
        let Shared {
            clock,
            fleet,
            cache,
            total,
            ..
        } = &*self.shared;
        let now = clock.now(&self.runtime);
        if let Some(waiting) = self.waiting {
            self.stall.warn(now, waiting);
        }
        for row in cache.advance(now) {
            if let Some(guild) = row.guild {
                cache.mark_stale(guild);
            }
            let failure = StoreFailure::unjudged(row, *total);
            self.delivery.push(BotEvent::StoreFailed(failure));
        }
        for event in fleet.handle(now, FleetInput::Timeout) {
            self.delivery.push(BotEvent::Fleet(event));
        }
    }
}
