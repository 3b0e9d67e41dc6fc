//! What every part of the machine works with while one input is dealt with.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::time::Duration;

use crate::fleet::lease::action::LeaseAction;
use crate::fleet::lease::config::LeaseConfig;
use crate::fleet::lease::inquiry::Inquiry;
use crate::fleet::lease::table::{Expected, LeaseKey, Swap};
use crate::process_id::ProcessId;
use crate::time::{Instant, millis};

pub(super) struct LeaseContext<'c> {
    pub(super) now: Instant,
    pub(super) config: &'c LeaseConfig,
    pub(super) me: ProcessId,
    pub(super) tickets: &'c mut u64,
    /// The lowest number for a new epoch.
    pub(super) floor: u64,
    pub(super) actions: &'c mut Vec<LeaseAction>,
}

impl LeaseContext<'_> {
    /// When the entry of another process is looked at next: all are at the same times, so that a
    /// store may be asked for many at once. It is between a half and three halves of the usual time
    /// from now.
    pub(super) fn next_look(&self) -> Instant {
        let look = millis(self.config.look).max(1);
        let least = self.now.as_millis().saturating_add(look / 2);
        Instant::from_millis(least.saturating_add(1).next_multiple_of(look))
    }

    /// Looks at an entry.
    pub(super) fn look(&mut self, inquiry: &mut Inquiry, key: LeaseKey, with_value: bool) {
        self.ask(
            inquiry,
            key,
            Expected::Never,
            (Duration::ZERO, None, with_value),
        );
    }

    /// Writes an entry, if it is as expected, for so long and with this value.
    pub(super) fn ask(
        &mut self,
        inquiry: &mut Inquiry,
        key: LeaseKey,
        expected: Expected,
        (lease, value, with_value): (Duration, Option<Box<[u8]>>, bool),
    ) {
        *self.tickets = self.tickets.saturating_add(1);
        inquiry.asked(*self.tickets, self.now, self.config.patience);
        self.actions.push(LeaseAction::Swap(Swap {
            ticket: *self.tickets,
            key,
            expected,
            holder: self.me,
            floor: self.floor,
            lease,
            value,
            with_value,
        }));
    }
}
