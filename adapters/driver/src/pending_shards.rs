//! The shards that have no task yet, and which of them begins next.

use std::collections::{BTreeSet, VecDeque};

use headcount_core::ShardId;

/// The shards that have no task yet.
#[derive(Debug, Default)]
pub(crate) struct PendingShards {
    /// Those that wait for the fleet's grant.
    waiting: BTreeSet<ShardId>,
    granted: VecDeque<ShardId>,
    /// Those that have ended and are to begin again.
    again: BTreeSet<ShardId>,
    /// Those that wait and are to end.
    ending: VecDeque<ShardId>,
    /// The bot ends: those that wait begin no more.
    stopping: bool,
}

/// What is to be done with a shard that has no task yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Begin(ShardId),
    /// The same for one that has ended before.
    Start(ShardId),
    End(ShardId),
    /// One that has ended before is not to begin again after all.
    Leave(ShardId),
}

impl PendingShards {
    pub(crate) fn new(waiting: impl IntoIterator<Item = ShardId>) -> Self {
        Self {
            waiting: waiting.into_iter().collect(),
            ..Self::default()
        }
    }

    /// The shards that wait, in ascending order.
    pub(crate) fn waiting(&self) -> Vec<ShardId> {
        self.waiting.iter().copied().collect()
    }

    /// Whether a shard waits for the fleet's grant without a task.
    pub(crate) fn waits(&self, id: ShardId) -> bool {
        self.waiting.contains(&id)
    }

    /// A shard may identify. Whether it has to begin for that.
    pub(crate) fn grant(&mut self, id: ShardId) -> bool {
        let begins = self.waiting.remove(&id);
        if begins {
            self.granted.push_back(id);
        }
        begins
    }

    /// A shard that has ended is to begin again. Whether that is new.
    pub(crate) fn start(&mut self, id: ShardId) -> bool {
        self.again.insert(id)
    }

    /// A shard is not to begin again after all. Whether it was to.
    pub(crate) fn cancel(&mut self, id: ShardId) -> bool {
        self.again.remove(&id)
    }

    /// Whether a shard that has ended is to begin again.
    pub(crate) fn begins_again(&self, id: ShardId) -> bool {
        self.again.contains(&id)
    }

    /// A shard that waits is to end.
    pub(crate) fn end(&mut self, id: ShardId) {
        if self.waiting.remove(&id) {
            self.ending.push_back(id);
        }
    }

    /// The bot ends.
    pub(crate) const fn stop(&mut self) {
        self.stopping = true;
    }

    /// What is to be done now, one shard at a time; `is_free` says whether a shard's last task is
    /// gone.
    pub(crate) fn next(&mut self, is_free: impl Fn(ShardId) -> bool) -> Option<Next> {
        if let Some(id) = self.granted.pop_front() {
            return Some(Next::Begin(id));
        }
        if let Some(id) = self.ending.pop_front() {
            return Some(Next::End(id));
        }
        if self.stopping {
            let waiting = self.waiting.pop_first().map(Next::End);
            return waiting.or_else(|| self.again.pop_first().map(Next::Leave));
        }
        let free = self.again.iter().copied().find(|id| is_free(*id))?;
        self.again.remove(&free);
        Some(Next::Start(free))
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn shards_begin_in_order_of_their_grants_and_end_at_a_stop() {
        let all: Vec<ShardId> = ShardId::all(NonZeroU32::new(4).expect("four")).collect();
        let mut pending = PendingShards::new(all.iter().copied());
        assert_eq!(pending.next(|_| true), None);
        assert!(pending.grant(all[2]) && pending.grant(all[0]));
        assert!(!pending.grant(all[2]), "it runs");
        assert_eq!(pending.waiting(), [all[1], all[3]]);
        let next: Vec<Next> = std::iter::from_fn(|| pending.next(|_| true)).collect();
        assert_eq!(next, [Next::Begin(all[2]), Next::Begin(all[0])]);
        assert!(pending.grant(all[3]));
        pending.stop();
        let next: Vec<Next> = std::iter::from_fn(|| pending.next(|_| true)).collect();
        assert_eq!(next, [Next::Begin(all[3]), Next::End(all[1])]);
    }

    #[test]
    fn a_shard_begins_again_when_its_last_task_is_gone() {
        let mut pending = PendingShards::new([]);
        assert!(pending.start(ShardId::ONE));
        assert!(!pending.start(ShardId::ONE), "once");
        assert_eq!(pending.next(|_| false), None);
        assert_eq!(pending.next(|_| true), Some(Next::Start(ShardId::ONE)));
        assert_eq!(pending.next(|_| true), None);
        assert!(pending.start(ShardId::ONE));
        pending.stop();
        assert_eq!(pending.next(|_| false), Some(Next::Leave(ShardId::ONE)));
    }
}
