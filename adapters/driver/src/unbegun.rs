//! The shards that have no task yet, and which of them begins next.

use std::collections::{BTreeSet, VecDeque};

use headcount_core::ShardId;

/// The shards that have no task yet.
#[derive(Debug, Default)]
pub(crate) struct Unbegun {
    /// Those that wait for the fleet's grant.
    waiting: BTreeSet<ShardId>,
    granted: VecDeque<ShardId>,
    /// The bot ends: those that wait begin no more.
    stopping: bool,
}

/// What is to be done with a shard that has no task yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Begin(ShardId),
    End(ShardId),
}

impl Unbegun {
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

    /// A shard may identify. Whether it has to begin for that.
    pub(crate) fn grant(&mut self, id: ShardId) -> bool {
        let begins = self.waiting.remove(&id);
        if begins {
            self.granted.push_back(id);
        }
        begins
    }

    /// The bot ends.
    pub(crate) const fn stop(&mut self) {
        self.stopping = true;
    }

    /// What is to be done now, one shard at a time.
    pub(crate) fn next(&mut self) -> Option<Next> {
        if let Some(id) = self.granted.pop_front() {
            return Some(Next::Begin(id));
        }
        match self.stopping {
            true => self.waiting.pop_first().map(Next::End),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn shards_begin_in_order_of_their_grants_and_end_at_a_stop() {
        let all: Vec<ShardId> = ShardId::all(NonZeroU32::new(4).expect("four")).collect();
        let mut unbegun = Unbegun::new(all.iter().copied());
        assert_eq!(unbegun.next(), None);
        assert!(unbegun.grant(all[2]) && unbegun.grant(all[0]));
        assert!(!unbegun.grant(all[2]), "it runs");
        assert_eq!(unbegun.waiting(), [all[1], all[3]]);
        let next: Vec<Next> = std::iter::from_fn(|| unbegun.next()).collect();
        assert_eq!(next, [Next::Begin(all[2]), Next::Begin(all[0])]);
        assert!(unbegun.grant(all[3]));
        unbegun.stop();
        let next: Vec<Next> = std::iter::from_fn(|| unbegun.next()).collect();
        assert_eq!(next, [Next::Begin(all[3]), Next::End(all[1])]);
    }
}
