//! A shard that one process gives back while it changes its mind.

use headcount_core::fleet::StartLimit;
use headcount_core::fleet::lease::{
    Expected, LeaseAction, LeaseConfig, LeaseInput, LeaseKey, LeaseTable, Leases, ProcessId, Swap,
};
use headcount_core::{Instant, ShardId};

const SHARD: ShardId = ShardId::ONE;

/// One process that is alone at its table.
struct Alone {
    leases: Leases,
    table: LeaseTable,
    now: Instant,
}

impl Alone {
    fn answer(&mut self, swap: &Swap) -> Vec<LeaseAction> {
        let (key, ticket) = (swap.key, swap.ticket);
        let swapped = self.table.swap(self.now.as_millis(), swap);
        let answer = LeaseInput::Answer {
            key,
            ticket,
            swapped,
        };
        self.leases.handle(self.now, answer)
    }

    /// Goes on until the shard's entry is to be written.
    fn until_written(&mut self, mut actions: Vec<LeaseAction>) -> Swap {
        loop {
            for action in std::mem::take(&mut actions) {
                match action {
                    LeaseAction::Swap(swap) if is_write(&swap) => return swap,
                    LeaseAction::Swap(swap) => actions.extend(self.answer(&swap)),
                    _ => {}
                }
            }
            if actions.is_empty() {
                let next = self.leases.poll_timeout();
                self.now = next.expect("it watches").max(self.now);
                actions = self.leases.handle(self.now, LeaseInput::Timeout);
            }
        }
    }
}

fn is_write(swap: &Swap) -> bool {
    swap.key == LeaseKey::Shard(SHARD) && swap.expected != Expected::Never
}

#[test]
fn a_shard_that_was_just_given_back_is_placed_before_it_is_claimed_again() {
    let mut alone = Alone {
        leases: Leases::new(
            Instant::ZERO,
            LeaseConfig::default(),
            ProcessId::new(1),
            StartLimit::default(),
            [SHARD],
        ),
        table: LeaseTable::new(),
        now: Instant::ZERO,
    };
    let actions = alone.leases.handle(alone.now, LeaseInput::Serve(SHARD));
    let claim = alone.until_written(actions);
    // It is to go elsewhere, while the claim is on its way.
    alone.leases.handle(alone.now, LeaseInput::Yield(SHARD));
    let actions = alone.answer(&claim);
    let give_back = alone.until_written(actions);
    assert!(give_back.lease.is_zero());
    // And is to stay, while that is on its way.
    alone.leases.handle(alone.now, LeaseInput::Serve(SHARD));
    let actions = alone.answer(&give_back);
    let place = |it: &LeaseAction| matches!(it, LeaseAction::Place);
    assert!(actions.iter().any(place), "{actions:?}");
    let again = |it: &LeaseAction| matches!(it, LeaseAction::Swap(swap) if is_write(swap));
    assert!(!actions.iter().any(again), "{actions:?}");
    // Nobody says otherwise: it is.
    let before = alone.now;
    let claim = alone.until_written(actions);
    assert!(!claim.lease.is_zero() && alone.now > before);
}
