//! What one process does that is alone at its table.

use headcount_core::fleet::StartLimit;
use headcount_core::fleet::lease::{
    Expected, LeaseAction, LeaseConfig, LeaseInput, LeaseKey, LeaseTable, Leases, ProcessId, Swap,
};
use headcount_core::{Instant, ShardId};

const SHARD: ShardId = ShardId::ONE;

/// Whatever is waited for has come by then.
const LATEST: Instant = Instant::from_millis(60 * 60 * 1_000);

/// One process that is alone at its table.
struct Alone {
    leases: Leases,
    table: LeaseTable,
    now: Instant,
}

impl Alone {
    fn new() -> Self {
        let leases = Leases::new(
            Instant::ZERO,
            LeaseConfig::default(),
            ProcessId::new(1),
            StartLimit::default(),
            [SHARD],
        );
        Self {
            leases,
            table: LeaseTable::new(),
            now: Instant::ZERO,
        }
    }

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
    fn until_written(&mut self, actions: Vec<LeaseAction>) -> Swap {
        self.until(actions, |_, swap| is_write(swap))
    }

    /// Goes on until such a swap, which is not carried out yet.
    fn until(
        &mut self,
        mut actions: Vec<LeaseAction>,
        is_so: impl Fn(&Self, &Swap) -> bool,
    ) -> Swap {
        loop {
            for action in std::mem::take(&mut actions) {
                match action {
                    LeaseAction::Swap(swap) if is_so(self, &swap) => return swap,
                    LeaseAction::Swap(swap) => actions.extend(self.answer(&swap)),
                    _ => {}
                }
            }
            if actions.is_empty() {
                assert!(self.now < LATEST, "it is never asked");
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
    let mut alone = Alone::new();
    let actions = alone.leases.handle(alone.now, LeaseInput::Serve(SHARD));
    let claim = alone.until_written(actions);
    // It is to go elsewhere, while the claim is on its way.
    let crossing = alone.leases.handle(alone.now, LeaseInput::Yield(SHARD));
    assert!(crossing.is_empty(), "{crossing:?}");
    let actions = alone.answer(&claim);
    let give_back = alone.until_written(actions);
    assert!(give_back.lease.is_zero());
    // And is to stay, while that is on its way.
    let crossing = alone.leases.handle(alone.now, LeaseInput::Serve(SHARD));
    assert!(crossing.is_empty(), "{crossing:?}");
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

#[test]
fn nothing_found_after_a_standstill_is_watched_anew() {
    let config = LeaseConfig::default();
    let mut alone = Alone::new();
    let stands_still = Instant::ZERO.after(config.lease - config.look);
    let of_shard = |swap: &Swap| swap.key == LeaseKey::Shard(SHARD);
    let actions = alone.leases.handle(alone.now, LeaseInput::Timeout);
    let look = alone.until(actions, |it, swap| of_shard(swap) && it.now >= stands_still);
    let mut actions = alone.answer(&look);
    // Meanwhile somebody had it, and the table forgot that.
    alone.now = alone.now.after(config.lease);
    let looked = alone.now;
    actions.extend(alone.leases.handle(looked, LeaseInput::Timeout));
    let look = alone.until(actions, |_, swap| of_shard(swap));
    assert_eq!(look.expected, Expected::Never);
    let mut actions = alone.answer(&look);
    actions.extend(alone.leases.handle(alone.now, LeaseInput::Serve(SHARD)));
    alone.until_written(actions);
    assert!(alone.now >= looked.after(config.lease));
}
