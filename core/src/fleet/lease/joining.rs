//! Of how many shards a bot is that a process joins.

use alloc::collections::BTreeMap;
use core::time::Duration;

use crate::fleet::lease::config::LeaseConfig;
use crate::fleet::lease::process_list::ProcessList;
use crate::fleet::lease::table::{Expected, LeaseKey, Swap, Swapped};
use crate::process_id::ProcessId;
use crate::time::Instant;

/// Asks the table, before a process has its [`Leases`](super::Leases), of how many shards the bot
/// is: all its processes run it with one number, that of whoever came first and lives. Only where
/// they are listed with different ones does it have to be seen who lives: whose entry changes.
#[derive(Clone, Debug)]
pub struct Joining {
    wanted: u32,
    lease: Duration,
    look: Duration,
    /// When the table was asked first.
    asked: Option<Instant>,
    /// When the list was seen first, and who was in it.
    first: Option<(Instant, BTreeMap<ProcessId, u64>)>,
}

/// What the table says of the bot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BotTotal {
    /// It is of so many shards.
    Known(u32),
    /// That is not certain yet: look again after so long.
    Again(Duration),
}

impl Joining {
    /// A process that would run the bot with this many shards, if it were the first.
    #[must_use]
    pub const fn new(config: &LeaseConfig, wanted: u32) -> Self {
        Self {
            wanted,
            lease: config.lease,
            look: config.look,
            asked: None,
            first: None,
        }
    }

    /// What to ask the store.
    #[must_use]
    pub const fn look(&self) -> Swap {
        Swap {
            ticket: 0,
            key: LeaseKey::Processes,
            expected: Expected::Never,
            holder: ProcessId::new(0),
            floor: 0,
            lease: Duration::ZERO,
            value: None,
            with_value: true,
        }
    }

    /// Takes in the answer. A store that gives none for a lease, or one that cannot be understood,
    /// leaves it at the number that was wanted.
    pub fn answered(&mut self, now: Instant, swapped: &Swapped) -> BotTotal {
        let wanted = BotTotal::Known(self.wanted);
        let asked = *self.asked.get_or_insert(now);
        let since = self.first.as_ref().map_or(asked, |(since, _)| *since);
        let entry = match swapped {
            Swapped::Refused(Some(entry)) => entry,
            Swapped::Unknown if since.after(self.lease) > now => {
                return BotTotal::Again(self.look);
            }
            Swapped::Unknown | Swapped::Done(_) | Swapped::Refused(None) => return wanted,
        };
        let Some(list) = ProcessList::decode(&entry.value) else {
            return wanted;
        };
        let totals = list.expected_totals();
        let (since, beats) = self.first.get_or_insert_with(|| {
            let beats = totals.iter().map(|(process, beat, _)| (*process, *beat));
            (now, beats.collect())
        });
        if totals.iter().all(|(.., total)| *total == self.wanted) {
            return wanted;
        }
        for (process, beat, total) in totals {
            if beats.get(&process) != Some(&beat) {
                return BotTotal::Known(total);
            }
            if since.after(self.lease) > now {
                return BotTotal::Again(self.look);
            }
            // Who stands still for a lease is gone.
        }
        wanted
    }
}
