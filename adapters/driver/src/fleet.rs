//! The bot's fleet, shared among its shards' loops; and the small loop that keeps its time.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;

use futures_util::task::AtomicWaker;
use headcount_core::fleet::{Fleet, FleetAction, FleetEvent, FleetInput};
use headcount_core::{Instant, ShardId};

use crate::Runtime;
use crate::alarm::Alarm;
use crate::delivery::Delivery;
use crate::event::BotEvent;
use crate::seat::Seat;
use crate::shared::Shared;

/// The fleet behind a short lock. Grants go straight to the shards' seats.
pub(crate) struct SharedFleet {
    fleet: Mutex<Fleet>,
    /// In ascending order of shard.
    seats: Vec<(ShardId, Arc<Seat>)>,
    bell: AtomicWaker,
    /// Shards that have not ended.
    running: AtomicUsize,
}

impl SharedFleet {
    pub(crate) fn new(fleet: Fleet, seats: Vec<(ShardId, Arc<Seat>)>) -> Self {
        let running = AtomicUsize::new(seats.len());
        Self {
            fleet: Mutex::new(fleet),
            seats,
            bell: AtomicWaker::new(),
            running,
        }
    }

    /// Every shard of this bot, in ascending order.
    pub(crate) fn seats(&self) -> &[(ShardId, Arc<Seat>)] {
        &self.seats
    }

    /// The seat of a shard, if this bot runs it.
    pub(crate) fn seat(&self, id: ShardId) -> Option<&Arc<Seat>> {
        let at = self.seats.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.seats.get(at).map(|(_, seat)| seat)
    }

    /// Reads the fleet.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Fleet) -> T) -> T {
        look(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an input to the fleet and passes its grants on. What it has to tell is given back.
    pub(crate) fn handle(&self, now: Instant, input: FleetInput<'_>) -> Vec<FleetEvent> {
        let mut fleet = self.lock();
        let before = fleet.poll_timeout();
        let actions = fleet.handle(now, input);
        let moved = fleet.poll_timeout() != before;
        drop(fleet);
        if moved {
            self.bell.wake();
        }
        let mut news = Vec::new();
        for action in actions {
            match action {
                FleetAction::Grant(id) => {
                    if let Some(seat) = self.seat(id) {
                        seat.grant();
                    }
                }
                FleetAction::Emit(event) => news.push(event),
            }
        }
        news
    }

    /// Another deadline of the bot has moved: looks at all of them anew.
    pub(crate) fn wake(&self) {
        self.bell.wake();
    }

    /// One shard has ended for good.
    pub(crate) fn ended(&self) {
        self.running.fetch_sub(1, Ordering::AcqRel);
        self.bell.wake();
    }
}

/// Wakes the fleet and the cache at their deadlines until every shard has ended.
pub(crate) async fn keep_time<R: Runtime>(runtime: R, shared: Arc<Shared>, mut delivery: Delivery) {
    let Shared {
        clock,
        fleet,
        cache,
        ..
    } = &*shared;
    let mut alarm = Alarm::new(runtime.clone(), *clock);
    loop {
        let running = poll_fn(|cx| {
            fleet.bell.register(cx.waker());
            if fleet.running.load(Ordering::Acquire) == 0 {
                return Poll::Ready(false);
            }
            let deadlines = [fleet.lock().poll_timeout(), cache.next_expiry()];
            let next = deadlines.into_iter().flatten().min();
            alarm.poll(cx, next).map(|()| true)
        })
        .await;
        if !running {
            break;
        }
        let now = clock.now(&runtime);
        cache.advance(now);
        for event in fleet.handle(now, FleetInput::Timeout) {
            delivery.push(BotEvent::Fleet(event));
        }
    }
}
