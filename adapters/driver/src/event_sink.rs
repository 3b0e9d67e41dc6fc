//! A shard's way out: changes into the stores, then the events that follow from them.

use std::mem;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use headcount_core::cache::{Mutation, Op, Scope};
use headcount_core::event::ConnectionFailure;
use headcount_core::fleet::FleetInput;
use headcount_core::session::Halt;
use headcount_core::setup::Barrier;
use headcount_core::{Event, Instant, ShardId};

use crate::acknowledgements::Acknowledgements;
use crate::delivery::{Delivery, Receipt};
use crate::event::BotEvent;
use crate::guild_queues::{GuildQueues, Job, StoreInput};
use crate::old_values::OldValues;
use crate::panics::caught;
use crate::shared::Shared;
use crate::stores::WritePermit;
use crate::{Error, Runtime};

/// Takes a shard's changes and events, in order, and sees that no event overtakes its change.
pub(crate) struct EventSink<R> {
    runtime: R,
    id: ShardId,
    shared: Arc<Shared>,
    /// Whether the shard's changes may still be written; `None` if nothing forbids it.
    permit: Option<WritePermit>,
    old_values: OldValues,
    queues: GuildQueues,
    delivery: Delivery,
    /// Bytes of the payload whose changes are being made.
    payload: usize,
    /// The shard's last event has been emitted.
    halted: bool,
}

impl<R: Runtime> EventSink<R> {
    pub(crate) fn new(
        runtime: R,
        id: ShardId,
        shared: Arc<Shared>,
        acknowledgements: Arc<Acknowledgements>,
        delivery: Delivery,
    ) -> Self {
        let leases = shared.leases.clone();
        let permit = leases.map(|leases| -> WritePermit { Arc::new(move || leases.may_write(id)) });
        Self {
            runtime,
            id,
            shared,
            permit,
            old_values: OldValues::default(),
            queues: GuildQueues::new(id, acknowledgements),
            delivery,
            payload: 0,
            halted: false,
        }
    }

    /// What follows comes of what was received then.
    pub(crate) const fn receive(&mut self, receipt: Receipt) {
        self.delivery.receive(receipt);
    }

    /// What follows comes of a payload of so many bytes.
    pub(crate) const fn begin(&mut self, payload: usize) {
        self.payload = payload;
    }

    /// Applies a change to the cache in memory, and lets the other stores begin.
    pub(crate) fn mutate(&mut self, now: Instant, mutation: Mutation<'_>) {
        let keep = self.shared.old_values;
        let about = (mutation.guild(), mutation.origin().map(|at| at.sequence));
        let permit = self.permit.as_ref();
        let stores = &self.shared.stores;
        if let Some(work) = stores.work(&self.runtime, &mutation, keep, permit) {
            // A change that waits for its store takes room as the event does.
            let reservation = self.delivery.reserve(self.payload);
            let reserved = |silent| work(silent).inspect(|_| drop(reservation)).boxed();
            let job = Job::new(&mutation, Box::new(reserved));
            self.queues.change(job, &mut self.delivery);
        }
        let takes_guild = |op: &Op<'_>| matches!(op, Op::Cascade(Scope::Guild) | Op::NewSession(_));
        let takes_guilds = mutation.ops().any(takes_guild);
        let unjudged = self
            .old_values
            .apply(&self.shared.cache, now, mutation, keep);
        if takes_guilds {
            // What is left of a large one is freed some rows at a time.
            self.shared.fleet.wake();
        }
        for row in unjudged {
            let job = Job::unjudged(row, about);
            self.queues.change(job, &mut self.delivery);
        }
    }

    /// The shard wants to know when every change up to here has ended.
    pub(crate) fn confirm(&mut self, barrier: Barrier) {
        self.queues.confirm(barrier, &mut self.delivery);
    }

    /// What the shard is handed about its stores before it takes in anything else.
    pub(crate) fn store_input(&mut self) -> Option<StoreInput> {
        self.queues.next_input()
    }

    /// Hands an event to the fleet, and to the consumer when its change is stored; after it, the
    /// events of the fleet that follow from it.
    pub(crate) fn emit(&mut self, now: Instant, mut event: Event<'_>) {
        let is_last = matches!(event, Event::Halted(_));
        self.old_values.attach(&mut event);
        let input = FleetInput::Event(self.id, &event);
        let events = self.shared.fleet.handle(now, input);
        self.queues.event(event.into_owned(), &mut self.delivery);
        self.halted |= is_last;
        self.follow(events);
    }

    /// All that follows from the last input is emitted; `held` says which dispatch is the oldest
    /// that is held for its guild.
    pub(crate) fn end(&mut self, held: impl FnOnce() -> Option<u64>) {
        self.old_values.forget_before(held);
    }

    /// Reports why a connection failed.
    pub(crate) fn connection_failed(&mut self, opened: bool, error: Arc<Error>) {
        let failure = Event::ConnectionFailed(ConnectionFailure { opened, error });
        self.queues.notice(failure, &mut self.delivery);
    }

    /// Asks the fleet for an identify.
    pub(crate) fn want_identify(&mut self, now: Instant) {
        let events = self.shared.fleet.want_identify(now, self.id);
        self.follow(events);
    }

    /// Emits what still waits for a store, though nothing is stored any more: nothing does, unless
    /// something has panicked.
    pub(crate) fn give_up_waiting(&mut self) {
        self.queues.give_up(&mut self.delivery);
    }

    /// Sees that the shard's end is emitted, to the consumer at least, if it has not been.
    pub(crate) fn ensure_halted(&mut self, now: Instant, cause: Halt) {
        if self.halted {
            return;
        }
        let emitted = caught(|| self.emit(now, Event::Halted(cause)));
        if emitted.is_err() && !mem::replace(&mut self.halted, true) {
            let event = BotEvent::of_shard(self.id, Event::Halted(cause), None);
            self.delivery.push(event);
        }
    }

    /// The fleet's events, which follow from the shard's.
    fn follow(&mut self, events: Vec<Event<'static>>) {
        for event in events {
            self.queues.fleet_event(event, &mut self.delivery);
        }
    }

    /// Goes on with the stores; ready when neither they nor the consumer are behind, so that there
    /// is no reason to stop reading.
    pub(crate) fn poll_room(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let stored = self.queues.poll(cx, &mut self.delivery, &self.shared.cache);
        match (stored, self.delivery.poll_room(cx)) {
            (Poll::Pending, _) if self.queues.is_full() => Poll::Pending,
            (_, room) => room,
        }
    }

    /// Whether the shard should not even dial: nobody has taken its events for long.
    pub(crate) const fn is_long_untaken(&self) -> bool {
        self.delivery.is_long_untaken()
    }

    /// Goes on with the stores; ready when nothing waits for them.
    pub(crate) fn poll_finish(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        self.queues.poll(cx, &mut self.delivery, &self.shared.cache)
    }
}
