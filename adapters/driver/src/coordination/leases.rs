//! The leases of this process, for all who have to ask them or tell them something.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;
use headcount_core::fleet::lease::{LeaseAction, LeaseInput, Leases, ProcessId};
use headcount_core::manager::Owners;
use headcount_core::session::OnStop;
use headcount_core::{Event, Instant, ShardId};

use crate::Runtime;
use crate::clock::Clock;
use crate::event::BotEvent;
use crate::metrics::{GateCounts, GateWaits, LeaseCounters};

/// The leases behind a short lock, and what their task is asked for.
pub(crate) struct SharedLeases {
    me: ProcessId,
    leases: Mutex<Leases>,
    requests: Mutex<VecDeque<LeaseRequest>>,
    bell: AtomicWaker,
    counters: LeaseCounters,
    gate: GateWaits,
    now: Box<dyn Fn() -> Instant + Send + Sync>,
}

/// What the task is asked for from elsewhere in the process.
#[derive(Debug)]
pub(crate) enum LeaseRequest {
    Input(LeaseInput),
    /// This process is not to run a shard any longer, whoever else does.
    Stop(ShardId, OnStop),
    /// It may run a shard again.
    Start(ShardId),
    /// The loop of a shard is gone.
    Left(ShardId),
    /// The bot ends in this process.
    End(OnStop),
}

impl SharedLeases {
    pub(crate) fn new<R: Runtime>(
        me: ProcessId,
        leases: Leases,
        runtime: &R,
        clock: Clock,
    ) -> Self {
        let runtime = runtime.clone();
        Self {
            me,
            leases: Mutex::new(leases),
            requests: Mutex::default(),
            bell: AtomicWaker::new(),
            counters: LeaseCounters::default(),
            gate: GateWaits::default(),
            now: Box::new(move || clock.now(&runtime)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Leases> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Which process this is.
    pub(crate) const fn me(&self) -> ProcessId {
        self.me
    }

    /// How they fare.
    pub(crate) const fn counters(&self) -> &LeaseCounters {
        &self.counters
    }

    /// The time now.
    pub(crate) fn now(&self) -> Instant {
        (self.now)()
    }

    /// Reads the leases.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&Leases) -> T) -> T {
        look(&self.lock())
    }

    /// The processes that live, and who holds which shard.
    pub(crate) fn owners(&self) -> Owners {
        self.read(Leases::owners)
    }

    /// How many shards wait to identify, and were let in.
    pub(crate) fn gate(&self) -> GateCounts {
        self.gate.read()
    }

    /// Hands an input to the leases, for their task.
    pub(crate) fn handle(&self, input: LeaseInput) -> Vec<LeaseAction> {
        let now = self.now();
        match &input {
            LeaseInput::WantIdentify(shard) => self.gate.want(now, *shard),
            LeaseInput::NoIdentify(shard) => self.gate.give_up(*shard),
            _ => {}
        }
        let actions = self.lock().handle(now, input);
        for action in &actions {
            if let LeaseAction::Grant(shard) = action {
                self.gate.grant(now, *shard);
            }
        }
        actions
    }

    /// Whether this process may run a shard now.
    pub(crate) fn may_run(&self, shard: ShardId) -> bool {
        let now = self.now();
        self.read(|leases| leases.may_emit(now, shard))
    }

    /// Whether what a shard changes may be written now.
    pub(crate) fn may_write(&self, shard: ShardId) -> bool {
        let now = self.now();
        self.read(|leases| leases.may_write(now, shard))
    }

    /// Whether a shard may identify now.
    pub(crate) fn may_identify(&self, shard: ShardId) -> bool {
        let now = self.now();
        self.read(|leases| leases.may_identify(now, shard))
    }

    /// Whether an event may be handed out now: its shard is this process's, or it says that it has
    /// ended here.
    pub(crate) fn permit(&self, event: &BotEvent) -> bool {
        match event.shard {
            Some(_) if matches!(event.event, Event::Halted(_)) => true,
            Some(shard) => self.may_run(shard),
            None => true,
        }
    }

    /// Asks the task for something.
    pub(crate) fn send(&self, request: LeaseRequest) {
        self.requests().push_back(request);
        self.bell.wake();
    }

    fn requests(&self) -> MutexGuard<'_, VecDeque<LeaseRequest>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next request; the task is woken by one that comes later.
    pub(crate) fn next_request(&self, waker: &Waker) -> Option<LeaseRequest> {
        self.bell.register(waker);
        self.requests().pop_front()
    }
}
