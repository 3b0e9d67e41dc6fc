//! What one process does that is alone at its table.

use std::time::Duration;

use headcount_core::fleet::StartLimit;
use headcount_core::fleet::lease::{
    Expected, LeaseAction, LeaseConfig, LeaseEntry, LeaseInput, LeaseKey, LeaseTable, Leases,
    ProcessId, Swap,
};
use headcount_core::{Instant, ShardId};
use serde_json::Value;

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
fn a_shard_claimed_after_a_standstill_starts_a_lease_later() {
    let config = LeaseConfig::default();
    let mut alone = Alone::new();
    let stands_still = Instant::ZERO.after(config.lease - config.look);
    let of_shard = |swap: &Swap| swap.key == LeaseKey::Shard(SHARD);
    let actions = alone.leases.handle(alone.now, LeaseInput::Timeout);
    let look = alone.until(actions, |it, swap| of_shard(swap) && it.now >= stands_still);
    let mut actions = alone.answer(&look);
    // Meanwhile somebody had it, and the table forgot that.
    alone.now = alone.now.after(config.lease);
    actions.extend(alone.leases.handle(alone.now, LeaseInput::Timeout));
    let look = alone.until(actions, |_, swap| of_shard(swap));
    assert_eq!(look.expected, Expected::Never);
    let mut actions = alone.answer(&look);
    actions.extend(alone.leases.handle(alone.now, LeaseInput::Serve(SHARD)));
    let claim = alone.until_written(actions);
    let claimed = alone.now;
    let mut actions = alone.answer(&claim);
    while alone.now < claimed.after(config.lease) {
        assert!(!alone.leases.may_emit(alone.now, SHARD));
        let renewal = alone.until_written(actions);
        actions = alone.answer(&renewal);
    }
    assert!(alone.leases.may_emit(alone.now, SHARD));
}

/// Runs the shard for a moment, gives it back with this record, and looks at it once more.
fn given_back(record: &[u8]) -> (Alone, Vec<LeaseAction>) {
    let mut alone = Alone::new();
    let actions = alone.leases.handle(alone.now, LeaseInput::Serve(SHARD));
    let claim = alone.until_written(actions);
    let actions = alone.answer(&claim);
    let renewal = alone.until_written(actions);
    let mut actions = alone.answer(&renewal);
    let start = |it: &LeaseAction| matches!(it, LeaseAction::Start { .. });
    assert!(actions.iter().any(start), "{actions:?}");
    let record = LeaseInput::Record {
        shard: SHARD,
        number: 7,
        record: record.into(),
    };
    for input in [record, LeaseInput::Yield(SHARD), LeaseInput::Closed(SHARD)] {
        actions.extend(alone.leases.handle(alone.now, input));
    }
    let give_back = alone.until(actions, |_, swap| is_write(swap) && swap.lease.is_zero());
    let actions = alone.answer(&give_back);
    let look = alone.until(actions, |_, swap| swap.key == LeaseKey::Shard(SHARD));
    let actions = alone.answer(&look);
    (alone, actions)
}

/// Goes on for two leases; whether the entry was written meanwhile.
fn is_written_later(alone: &mut Alone, actions: Vec<LeaseAction>) -> bool {
    let long_after = alone.now.after(LeaseConfig::default().lease * 2);
    let last = alone.until(actions, |it, swap| is_write(swap) || it.now >= long_after);
    is_write(&last)
}

#[test]
fn who_gave_a_shard_back_puts_its_record_back_that_the_store_forgets() {
    let config = LeaseConfig::default();
    let (mut alone, actions) = given_back(b"as of 7");
    let forgets = alone.now;
    alone.table = LeaseTable::new();
    let put_back = alone.until_written(actions);
    assert_eq!(put_back.expected, Expected::Nothing);
    assert_eq!(put_back.value.as_deref(), Some(&b"as of 7"[..]));
    // Whoever runs it has written by then, nobody has claimed it, and nobody does so sooner.
    let waited = alone.now.since(forgets);
    assert!(waited >= config.renew + config.settle + config.patience);
    assert!(waited < config.lease && waited + put_back.lease >= config.lease);
    let actions = alone.answer(&put_back);
    assert!(!is_written_later(&mut alone, actions), "once is enough");
}

#[test]
fn who_gave_a_shard_back_puts_nothing_back_once_somebody_else_has_it() {
    let config = LeaseConfig::default();
    let (mut alone, actions) = given_back(b"as of 7");
    let key = LeaseKey::Shard(SHARD);
    let entry = alone.table.get(key).cloned().expect("given back");
    let other = Swap {
        ticket: 1,
        key,
        expected: Expected::Written(entry.epoch),
        holder: ProcessId::new(2),
        floor: 0,
        lease: config.lease,
        value: None,
        with_value: false,
    };
    alone.table.swap(alone.now.as_millis(), &other);
    let look = alone.until(actions, |_, swap| swap.key == key);
    let actions = alone.answer(&look);
    alone.table = LeaseTable::new();
    assert!(!is_written_later(&mut alone, actions));
}

#[test]
fn who_claimed_a_shard_puts_its_record_back_if_the_store_forgets_before_the_claim_lasts() {
    let mut alone = Alone::new();
    let entry = Swap {
        ticket: 1,
        key: LeaseKey::Shard(SHARD),
        expected: Expected::Nothing,
        holder: ProcessId::new(2),
        floor: 0,
        lease: Duration::ZERO,
        value: Some(b"as of 7"[..].into()),
        with_value: false,
    };
    alone.table.swap(0, &entry);
    let actions = alone.leases.handle(alone.now, LeaseInput::Serve(SHARD));
    let claim = alone.until_written(actions);
    let actions = alone.answer(&claim);
    let renewal = alone.until_written(actions);
    alone.table = LeaseTable::new();
    let mut actions = alone.answer(&renewal);
    // It is to go elsewhere by now.
    actions.extend(alone.leases.handle(alone.now, LeaseInput::Yield(SHARD)));
    let put_back = alone.until_written(actions);
    assert_eq!(put_back.value.as_deref(), Some(&b"as of 7"[..]));
}

#[test]
fn a_shard_that_asks_again_while_it_waits_costs_no_question() {
    let mut alone = Alone::new();
    let actions = alone
        .leases
        .handle(alone.now, LeaseInput::WantIdentify(SHARD));
    let of_queue = |swap: &Swap| swap.key == LeaseKey::Identifies;
    let line_up = alone.until(actions, |_, swap| {
        of_queue(swap) && swap.value.as_ref().is_some_and(|it| names_waiter(it))
    });
    let mut actions = alone.answer(&line_up);
    for _ in 0..3 {
        actions.extend(
            alone
                .leases
                .handle(alone.now, LeaseInput::WantIdentify(SHARD)),
        );
        alone.now = alone.now.after(Duration::from_millis(60));
        actions.extend(alone.leases.handle(alone.now, LeaseInput::Timeout));
    }
    let again = |it: &LeaseAction| matches!(it, LeaseAction::Swap(swap) if of_queue(swap));
    assert!(!actions.iter().any(again), "{actions:?}");
}

fn names_waiter(queue: &[u8]) -> bool {
    let queue: Value = serde_json::from_slice(queue).expect("JSON");
    queue["waiters"].as_array().is_some_and(|it| !it.is_empty())
}

#[test]
fn an_owner_whose_table_is_emptied_and_behind_writes_no_lower_epoch() {
    let mut alone = Alone::new();
    let actions = alone.leases.handle(alone.now, LeaseInput::Serve(SHARD));
    let claim = alone.until_written(actions);
    let actions = alone.answer(&claim);
    let before = alone.table.get(LeaseKey::Shard(SHARD)).unwrap().epoch;
    assert!(before.number > 1);
    let renewal = alone.until_written(actions);
    alone.table = LeaseTable::new();
    let actions = alone.answer(&renewal);
    let anew = alone.until_written(actions);
    // By a clock that shows nothing yet.
    alone.table.swap(0, &anew);
    let after = alone.table.get(LeaseKey::Shard(SHARD)).unwrap().epoch;
    assert!(after > before, "{after:?} after {before:?}");
}

/// The queue as it stands in the table.
fn queue(alone: &Alone) -> Value {
    let entry = alone.table.get(LeaseKey::Identifies).expect("founded");
    serde_json::from_slice(&entry.value).expect("JSON")
}

#[test]
fn a_process_that_vanishes_when_its_turn_has_come_counts_as_an_identify() {
    let mut alone = Alone::new();
    let mut actions = alone
        .leases
        .handle(alone.now, LeaseInput::WantIdentify(SHARD));
    let holds = |of: &Value| of["buckets"][0]["held"].is_object();
    let mut limited = alone.now;
    while alone.table.get(LeaseKey::Identifies).is_none() || !holds(&queue(&alone)) {
        let swap = alone.until(actions, |_, swap| swap.key == LeaseKey::Identifies);
        actions = alone.answer(&swap);
        // The service is asked now and then.
        if alone.now.since(limited) > Duration::from_secs(5) {
            limited = alone.now;
            let limit = LeaseInput::Limit(StartLimit::default());
            actions.extend(alone.leases.handle(alone.now, limit));
        }
    }
    // It is another process's turn, which gives no sign of life.
    let mut held = queue(&alone);
    held["buckets"][0]["held"]["by"] = 2.into();
    held["buckets"][0]["held"]["stamp"] = serde_json::json!([2, 1]);
    held["beats"]
        .as_array_mut()
        .unwrap()
        .push(serde_json::json!([2, 1]));
    let left = held["budget"]["left"].as_u64().unwrap();
    let entry = alone.table.get(LeaseKey::Identifies).unwrap().clone();
    let value = serde_json::to_vec(&held).unwrap().into();
    let entry = LeaseEntry { value, ..entry };
    alone.table.put_back(LeaseKey::Identifies, Some(entry));
    let gives_up = |swap: &Swap| {
        let value = swap
            .value
            .as_deref()
            .filter(|_| swap.key == LeaseKey::Identifies);
        let queue = value.and_then(|it| serde_json::from_slice::<Value>(it).ok());
        queue.is_some_and(|queue| queue["buckets"][0]["held"]["by"] != 2)
    };
    let vanished = alone.now;
    let written = alone.until(actions, |_, swap| gives_up(swap));
    assert!(alone.now.since(vanished) >= LeaseConfig::default().hold);
    let written: Value = serde_json::from_slice(&written.value.unwrap()).unwrap();
    assert_eq!(written["budget"]["left"], left - 1);
    assert!(!written["buckets"][0]["rests"].is_null(), "{written}");
}
