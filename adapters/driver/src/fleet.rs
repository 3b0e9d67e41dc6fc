//! The bot's fleet, shared among its shards' loops.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use headcount_core::fleet::lease::LeaseInput;
use headcount_core::fleet::{Fleet, FleetAction, FleetInput, FleetReadiness, StartLimit};
use headcount_core::session::Phase;
use headcount_core::{Event, Instant, Shard, ShardId};

use crate::coordination::LeaseRequest;
use crate::pacer::Pacer;
use crate::pending_shards::{Next, PendingShards};
use crate::refresh::Askers;
use crate::shard_cell::ShardCell;
use crate::shared::Shared;

/// The fleet behind a short lock. Grants go straight to the shards' cells.
pub(crate) struct SharedFleet {
    fleet: Mutex<Fleet>,
    /// In ascending order of shard.
    cells: Vec<(ShardId, Arc<ShardCell>)>,
    bell: AtomicWaker,
    pacer: Pacer,
    pending_shards: Mutex<PendingShards>,
    askers: Mutex<Askers>,
    /// Shards that have not ended.
    running: AtomicUsize,
    /// Their loops, which store the last of them after that.
    loops: AtomicUsize,
    /// Whether every shard here has finished chunking once.
    has_finished: AtomicBool,
}

impl SharedFleet {
    /// A fleet whose shards have not begun. Under leases none does before it is started, and the
    /// task of the leases counts as one that runs.
    pub(crate) fn new(
        fleet: Fleet,
        cells: Vec<(ShardId, Arc<ShardCell>)>,
        (askers, pacer): (Askers, Pacer),
    ) -> Self {
        let has_leases = matches!(pacer, Pacer::Leases(_));
        let first = cells.iter().map(|(id, _)| *id).filter(|_| !has_leases);
        let pending_shards = PendingShards::new(first);
        let running = AtomicUsize::new(if has_leases { 1 } else { cells.len() });
        Self {
            fleet: Mutex::new(fleet),
            cells,
            bell: AtomicWaker::new(),
            pacer,
            pending_shards: Mutex::new(pending_shards),
            askers: Mutex::new(askers),
            running,
            loops: AtomicUsize::new(0),
            has_finished: AtomicBool::new(false),
        }
    }

    /// Every shard of this bot, in ascending order.
    pub(crate) fn cells(&self) -> &[(ShardId, Arc<ShardCell>)] {
        &self.cells
    }

    /// The cell of a shard, if this bot runs it.
    pub(crate) fn cell(&self, id: ShardId) -> Option<&Arc<ShardCell>> {
        let at = self.cells.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.cells.get(at).map(|(_, cell)| cell)
    }

    /// Reads the fleet.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Fleet) -> T) -> T {
        look(&self.lock())
    }

    fn lock(&self) -> MutexGuard<'_, Fleet> {
        self.fleet.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hands an input to the fleet and passes its grants on. Returns what it emits.
    pub(crate) fn handle(&self, now: Instant, input: FleetInput<'_>) -> Vec<Event<'static>> {
        let mut fleet = self.lock();
        let before = fleet.poll_timeout();
        let actions = fleet.handle(now, input);
        let moved = fleet.poll_timeout() != before || self.finish(&fleet, &input);
        self.report(&fleet, &input);
        drop(fleet);
        self.release(&input);
        if moved {
            self.bell.wake();
        }
        let mut events = Vec::new();
        for action in actions {
            match action {
                FleetAction::Grant(id) => self.grant(id),
                FleetAction::Emit(event) => events.push(event),
            }
        }
        events
    }

    /// Notes whether every shard here has finished chunking by this, for the first time.
    fn finish(&self, fleet: &Fleet, input: &FleetInput<'_>) -> bool {
        let may_change = matches!(input, FleetInput::Event(_, Event::ShardFinishedChunking(_)));
        let has_finished = || {
            let FleetReadiness {
                shards, chunked, ..
            } = fleet.readiness();
            shards == chunked
        };
        may_change && has_finished() && !self.has_finished.swap(true, Ordering::AcqRel)
    }

    /// Whether every shard here has finished chunking since the bot began.
    pub(crate) fn has_finished(&self) -> bool {
        self.has_finished.load(Ordering::Acquire)
    }

    /// A shard that has lost its connection identifies on another one, once it is let in again.
    fn release(&self, input: &FleetInput<'_>) {
        if let FleetInput::Event(id, Event::StateChanged(change)) = input
            && change.to == Phase::Idle
        {
            self.pacer.gave_up(*id);
        }
    }

    /// Tells the other processes how far the shards here are, if that may have changed.
    fn report(&self, fleet: &Fleet, input: &FleetInput<'_>) {
        let may_change = matches!(
            input,
            FleetInput::Event(
                _,
                Event::ShardReady(_)
                    | Event::ShardFinishedChunking(_)
                    | Event::GuildStale(_)
                    | Event::Halted(_)
            )
        );
        if let Pacer::Leases(leases) = &self.pacer
            && may_change
        {
            let report = LeaseInput::Report(fleet.report());
            leases.send(LeaseRequest::Input(report));
        }
    }

    /// A shard wants to identify: it queues for it, if need be after the service has been asked how
    /// many identifies are left. Returns what the fleet emits.
    pub(crate) fn want_identify(&self, now: Instant, id: ShardId) -> Vec<Event<'static>> {
        let waits = matches!(self.pacer, Pacer::Fleet) && self.askers().wait(now, id);
        if waits {
            self.bell.wake();
            return Vec::new();
        }
        self.queue(now, id)
    }

    /// A shard queues for an identify. Returns what the fleet emits.
    pub(crate) fn queue(&self, now: Instant, id: ShardId) -> Vec<Event<'static>> {
        match &self.pacer {
            Pacer::Fleet => return self.handle(now, FleetInput::WantIdentify(id)),
            Pacer::Leases(leases) => {
                leases.send(LeaseRequest::Input(LeaseInput::WantIdentify(id)));
            }
            Pacer::Gate(gate) => {
                if gate.want(now, id) {
                    self.bell.wake();
                }
            }
        }
        Vec::new()
    }

    /// Whether a shard that was let in may still identify.
    pub(crate) fn may_identify(&self, id: ShardId) -> bool {
        self.pacer.may_identify(id)
    }

    /// A shard has written its identify.
    pub(crate) fn identified(&self, id: ShardId) {
        self.pacer.identified(id);
    }

    /// Who says when a shard may identify.
    pub(crate) const fn pacer(&self) -> &Pacer {
        &self.pacer
    }

    /// The shards that wait for the service's answer.
    pub(crate) fn askers(&self) -> MutexGuard<'_, Askers> {
        self.askers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes over a newer answer of the service.
    pub(crate) fn refresh(&self, now: Instant, limit: StartLimit) {
        self.lock().refresh(now, limit);
    }

    /// The user's gate lets a shard in, which may have ended meanwhile.
    pub(crate) fn admit(&self, now: Instant, id: ShardId) {
        if let Pacer::Gate(gate) = &self.pacer {
            gate.granted(now, id);
        }
        let halt = self.cell(id).and_then(|cell| cell.read(Shard::halt));
        match halt {
            Some(_) => self.pacer.gave_up(id),
            None => self.grant(id),
        }
    }

    /// A shard may identify.
    pub(crate) fn grant(&self, id: ShardId) {
        if let Some(cell) = self.cell(id) {
            cell.grant();
        }
        if self.pending_shards().grant(id) {
            self.bell.wake();
        }
    }

    /// The shards that have not begun.
    pub(crate) fn pending_shards(&self) -> MutexGuard<'_, PendingShards> {
        self.pending_shards
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// A shard that has ended is to begin again once its task is gone. Whether the bot still runs.
    pub(crate) fn start(&self, id: ShardId) -> bool {
        let counts = |running: usize| (running > 0).then(|| running.saturating_add(1));
        let runs = self
            .running
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, counts);
        if runs.is_err() {
            return false;
        }
        if let Some(cell) = self.cell(id) {
            cell.await_start();
        }
        let is_new = self.pending_shards().start(id);
        if !is_new {
            self.running.fetch_sub(1, Ordering::AcqRel);
        }
        self.bell.wake();
        true
    }

    /// A shard that was to be started ends before it begins.
    pub(crate) fn end_pending(&self, id: ShardId) {
        self.pending_shards().end(id);
        self.bell.wake();
    }

    /// A shard that was to begin again is not to, after all. Whether it has not begun.
    pub(crate) fn cancel(&self, id: ShardId) -> bool {
        let was_pending = self.pending_shards().cancel(id);
        if was_pending {
            self.ended();
        }
        was_pending
    }

    /// Whether a shard has no task, and is not about to have one.
    pub(crate) fn is_idle(&self, id: ShardId) -> bool {
        let pending_shards = self.pending_shards();
        !pending_shards.begins_again(id) && self.cell(id).is_none_or(|cell| !cell.runs())
    }

    /// What is to be done with a shard that has no task. One that begins again counts as running
    /// from here on.
    pub(crate) fn next(&self) -> Option<Next> {
        let is_free = |id| self.cell(id).is_some_and(|cell| !cell.runs());
        let mut pending_shards = self.pending_shards();
        let next = pending_shards.next(is_free);
        if let Some(Next::Start(id)) = next
            && let Some(cell) = self.cell(id)
        {
            cell.enter();
        }
        next
    }

    /// The bot ends: shards that have not begun do so no more.
    pub(crate) fn stop(&self) {
        self.pending_shards().stop();
        self.bell.wake();
    }

    /// A shard's loop is about to be gone: what it was let in for counts no more.
    pub(crate) fn leaves(&self, id: ShardId) {
        self.pacer.gave_up(id);
    }

    /// A shard's loop is gone.
    pub(crate) fn left(&self, id: ShardId) {
        if let Pacer::Leases(leases) = &self.pacer {
            leases.send(LeaseRequest::Left(id));
        }
        self.wake();
    }

    /// Another deadline of the bot has moved: looks at all of them anew.
    pub(crate) fn wake(&self) {
        self.bell.wake();
    }

    /// Wakes this task at the next change, or says at once that every shard has ended.
    pub(crate) fn listen(&self, waker: &Waker) -> bool {
        self.bell.register(waker);
        self.running.load(Ordering::Acquire) == 0
    }

    /// Whether every shard has ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.running.load(Ordering::Acquire) == 0
    }

    /// A shard's loop begins.
    pub(crate) fn loop_begins(&self) {
        self.loops.fetch_add(1, Ordering::AcqRel);
    }

    /// A shard's loop has stored all that there is. Whether every other one has, and the bot has
    /// ended.
    pub(crate) fn loop_is_done(&self) -> bool {
        self.loops.fetch_sub(1, Ordering::AcqRel) == 1 && self.has_ended()
    }

    /// One shard has ended for good.
    pub(crate) fn ended(&self) {
        self.running.fetch_sub(1, Ordering::AcqRel);
        self.bell.wake();
    }
}

/// One shard runs. It has ended when this is dropped, however that comes about.
pub(crate) struct Running(pub(crate) Arc<Shared>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fleet.ended();
    }
}
