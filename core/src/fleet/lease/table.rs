//! The table of leases, and the one thing that can be done to it.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::process_id::ProcessId;
use crate::shard_id::ShardId;
use crate::time::millis;

/// Which writing of an entry: the later one is the higher one, and no two are equal.
///
/// A store that forgets, or whose clock steps back, may hand out a number a second time: to another
/// process, or for another swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Epoch {
    /// Higher with each writing.
    pub number: u64,
    /// Who wrote.
    pub holder: ProcessId,
    /// The ticket of the swap by which it was written.
    pub ticket: u64,
}

/// What an entry of the table is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeaseKey {
    /// Which processes live.
    Processes,
    /// Who may identify, and how many identifies are left for the day.
    Identifies,
    /// Who runs this shard, and how far its session is acknowledged.
    Shard(ShardId),
}

/// An entry of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeaseEntry {
    /// Which writing it is, and whose.
    pub epoch: Epoch,
    /// Until when it is leased, by the store's clock, in milliseconds since 1970. To be looked at
    /// by people: no process relies on it, since clocks step.
    pub until: u64,
    /// For how long it was leased; zero once it is given back.
    pub lease: Duration,
    /// What it says; empty where it was not asked for.
    pub value: Box<[u8]>,
}

/// What has to be found for a swap to come about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Nothing does: the entry is only looked at.
    Never,
    /// No entry.
    Nothing,
    /// The entry as it was written then.
    Written(Epoch),
}

/// Compare and swap: if the entry is as expected, it is written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// Distinguishes it from the other swaps of the same process; comes back with the answer.
    pub ticket: u64,
    /// The entry.
    pub key: LeaseKey,
    /// What has to be found there.
    pub expected: Expected,
    /// Who asks, and then holds the entry.
    pub holder: ProcessId,
    /// The lowest number that the new epoch may have.
    pub floor: u64,
    /// For how long it is leased; zero gives it back.
    pub lease: Duration,
    /// What it says from then on; `None` leaves that as it is.
    pub value: Option<Box<[u8]>>,
    /// Whether the answer has to have the value.
    pub with_value: bool,
}

/// What came of a [`Swap`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Swapped {
    /// The entry is written, and now is this.
    Done(LeaseEntry),
    /// What was found is not as expected, and stays.
    Refused(Option<LeaseEntry>),
    /// There was no answer, or none that can be understood. It may have been written, and may even
    /// be written later.
    Unknown,
}

/// The table in memory: what a store has to do, in few words. For tests, and for processes that
/// share one.
#[derive(Clone, Debug, Default)]
pub struct LeaseTable(BTreeMap<LeaseKey, LeaseEntry>);

impl LeaseTable {
    /// An empty table.
    #[must_use]
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// The entry under a key.
    #[must_use]
    pub fn get(&self, key: LeaseKey) -> Option<&LeaseEntry> {
        self.0.get(&key)
    }

    /// Puts an entry back as it was, or takes it away: how a store loses what was written last.
    pub fn put_back(&mut self, key: LeaseKey, entry: Option<LeaseEntry>) {
        match entry {
            Some(entry) => self.0.insert(key, entry),
            None => self.0.remove(&key),
        };
    }

    /// Carries out a swap, all at once. `now` is the store's clock, in milliseconds since 1970.
    pub fn swap(&mut self, now: u64, swap: &Swap) -> Swapped {
        let found = self.0.get(&swap.key);
        let is_expected = match swap.expected {
            Expected::Never => false,
            Expected::Nothing => found.is_none(),
            Expected::Written(epoch) => found.is_some_and(|entry| entry.epoch == epoch),
        };
        if !is_expected {
            return Swapped::Refused(found.map(|entry| answer(entry, swap.with_value)));
        }
        let last = found.map_or(0, |entry| entry.epoch.number);
        let number = last.saturating_add(1).max(swap.floor).max(now);
        let kept = || found.map(|entry| entry.value.clone());
        let entry = LeaseEntry {
            epoch: Epoch {
                number,
                holder: swap.holder,
                ticket: swap.ticket,
            },
            until: now.saturating_add(millis(swap.lease)),
            lease: swap.lease,
            value: swap.value.clone().or_else(kept).unwrap_or_default(),
        };
        let done = Swapped::Done(answer(&entry, swap.with_value));
        self.0.insert(swap.key, entry);
        done
    }
}

fn answer(entry: &LeaseEntry, with_value: bool) -> LeaseEntry {
    let value = if with_value {
        entry.value.clone()
    } else {
        Box::default()
    };
    LeaseEntry { value, ..*entry }
}
