//! A shard manager of the user's, whose panics are caught.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headcount_core::manager::{Manager, Plan, Refusal, Roster, ShardKey};
use headcount_core::twitch::Room;

use crate::panics::{Panicked, caught};

/// Asks a manager until it panics; from then on it is not asked again, since what it remembers may
/// be half a change, and everything but a stop is refused.
pub(super) struct Guarded<M> {
    manager: M,
    failure: Failure,
}

/// Whether a manager has failed, shared with the chat's loop.
#[derive(Clone, Default)]
pub(super) struct Failure(Arc<Mutex<FailureState>>);

#[derive(Default)]
enum FailureState {
    #[default]
    Well,
    /// It has panicked, and that was not reported yet.
    Failed(Panicked),
    Reported,
}

impl Failure {
    /// What the manager's panic said, once.
    pub(super) fn take(&self) -> Option<Panicked> {
        let mut state = self.lock();
        match std::mem::replace(&mut *state, FailureState::Reported) {
            FailureState::Failed(panicked) => Some(panicked),
            before @ (FailureState::Well | FailureState::Reported) => {
                *state = before;
                None
            }
        }
    }

    /// Whether there is something to take.
    pub(super) fn is_new(&self) -> bool {
        matches!(*self.lock(), FailureState::Failed(_))
    }

    fn is_set(&self) -> bool {
        !matches!(*self.lock(), FailureState::Well)
    }

    fn set(&self, panicked: Panicked) -> Refusal<Room> {
        let refusal = Refusal::Other(format!("the shard manager failed: {panicked}"));
        *self.lock() = FailureState::Failed(panicked);
        refusal
    }

    fn lock(&self) -> MutexGuard<'_, FailureState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Guarded<M> {
    pub(super) fn new(manager: M, failure: Failure) -> Self {
        Self { manager, failure }
    }

    fn ask<T>(
        &mut self,
        call: impl FnOnce(&mut M) -> Result<T, Refusal<Room>>,
    ) -> Result<T, Refusal<Room>> {
        if self.failure.is_set() {
            return Err(Refusal::Other("the shard manager has failed".into()));
        }
        let done = caught(|| call(&mut self.manager));
        done.unwrap_or_else(|panicked| Err(self.failure.set(panicked)))
    }
}

impl<M: Manager<Room>> Manager<Room> for Guarded<M> {
    fn set_up(&mut self, plan: &mut Plan<'_, Room>, initial: &[Room]) -> Result<(), Refusal<Room>> {
        self.ask(|manager| manager.set_up(plan, initial))
    }

    fn assign(
        &mut self,
        plan: &mut Plan<'_, Room>,
        room: &Room,
        initial: bool,
    ) -> Result<(), Refusal<Room>> {
        self.ask(|manager| manager.assign(plan, room, initial))
    }

    fn unassign(&mut self, plan: &mut Plan<'_, Room>, room: &Room) -> Result<(), Refusal<Room>> {
        self.ask(|manager| manager.unassign(plan, room))
    }

    fn add_shard(&mut self, plan: &mut Plan<'_, Room>) -> Result<ShardKey, Refusal<Room>> {
        self.ask(|manager| manager.add_shard(plan))
    }

    fn start(&mut self, plan: &mut Plan<'_, Room>, shard: ShardKey) -> Result<(), Refusal<Room>> {
        self.ask(|manager| manager.start(plan, shard))
    }

    fn start_all(&mut self, plan: &mut Plan<'_, Room>) -> Result<(), Refusal<Room>> {
        self.ask(|manager| manager.start_all(plan))
    }

    fn stop(&mut self, plan: &mut Plan<'_, Room>, shard: ShardKey) -> Result<(), Refusal<Room>> {
        if self.failure.is_set() {
            return plan.stop(shard);
        }
        self.ask(|manager| manager.stop(plan, shard))
    }

    fn stop_all(&mut self, plan: &mut Plan<'_, Room>) -> Result<(), Refusal<Room>> {
        if self.failure.is_set() {
            let keys = plan.roster().keys();
            return keys.into_iter().try_for_each(|shard| plan.stop(shard));
        }
        self.ask(|manager| manager.stop_all(plan))
    }

    fn sender(&self, roster: &Roster<Room>, room: &Room) -> Option<ShardKey> {
        if self.failure.is_set() {
            return None;
        }
        caught(|| self.manager.sender(roster, room)).unwrap_or_else(|panicked| {
            self.failure.set(panicked);
            None
        })
    }

    fn tend(&mut self, plan: &mut Plan<'_, Room>) {
        // Each step that it had planned is whole by itself, so they may stay.
        let _ = self.ask(|manager| {
            manager.tend(plan);
            Ok(())
        });
    }
}
