//! A store that keeps the table, more or less.

use headcount_core::fleet::lease::{
    Expected, LeaseEntry, LeaseKey, LeaseTable, ProcessId, Swap, Swapped,
};
use serde_json::Value;

use crate::dice::Dice;

/// What a store does to whoever asks it; in milliseconds and percents.
pub(crate) struct Store {
    table: LeaseTable,
    /// What each writing replaced, and when it was made.
    history: Vec<(u64, LeaseKey, Option<LeaseEntry>)>,
    /// How far its clock is ahead of the true time.
    pub(crate) ahead: i64,
    pub(crate) down_until: u64,
    pub(crate) slow_until: u64,
    pub(crate) lossy_until: u64,
}

/// The true time at which the simulation begins, in milliseconds since 1970.
const BEGIN: i64 = 1_800_000_000_000;

impl Store {
    pub(crate) fn new() -> Self {
        Self {
            table: LeaseTable::new(),
            history: Vec::new(),
            ahead: 0,
            down_until: 0,
            slow_until: 0,
            lossy_until: 0,
        }
    }

    /// How long a message to or from it takes.
    pub(crate) fn way(&self, now: u64, dice: &mut Dice) -> u64 {
        if now < self.slow_until && dice.chance(60) {
            dice.roll(100, 4_000)
        } else {
            dice.roll(0, 20)
        }
    }

    pub(crate) fn is_down(&self, now: u64) -> bool {
        now < self.down_until
    }

    /// Whether a message gets lost.
    pub(crate) fn loses(&self, now: u64, dice: &mut Dice) -> bool {
        now < self.lossy_until && dice.chance(30)
    }

    pub(crate) fn swap(&mut self, now: u64, swap: &Swap) -> Swapped {
        let before = self.table.get(swap.key).cloned();
        let clock = u64::try_from(BEGIN + now as i64 + self.ahead).unwrap();
        let swapped = self.table.swap(clock, swap);
        if let Swapped::Done(_) = swapped {
            self.history.push((now, swap.key, before));
        }
        swapped
    }

    /// Writes an entry as another process would.
    pub(crate) fn change(&mut self, now: u64, key: LeaseKey, change: impl FnOnce(&mut Value)) {
        let entry = self.table.get(key).expect("it is there").clone();
        let mut value = serde_json::from_slice(&entry.value).expect("JSON");
        change(&mut value);
        let write = Swap {
            ticket: 1,
            key,
            expected: Expected::Written(entry.epoch),
            holder: ProcessId::new(77),
            floor: 0,
            lease: entry.lease,
            value: Some(value.to_string().into_bytes().into()),
            with_value: false,
        };
        self.swap(now, &write);
    }

    /// A failover: what was written after that time is gone.
    pub(crate) fn lose_since(&mut self, time: u64) {
        while let Some((_, key, entry)) = self.history.pop_if(|(at, _, _)| *at > time) {
            self.table.put_back(key, entry);
        }
    }

    pub(crate) fn forget(&mut self) {
        self.table = LeaseTable::new();
        self.history.clear();
    }
}
