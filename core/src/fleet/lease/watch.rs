//! How long an entry of another process has stayed as it is.

use core::time::Duration;

use crate::fleet::lease::config::LeaseConfig;
use crate::fleet::lease::table::{Epoch, Expected, LeaseEntry};
use crate::process_id::ProcessId;
use crate::time::Instant;

/// An entry as it was found. It is free once it has not changed for as long as it was leased, by
/// the clock of whoever watches: no clock of another machine counts.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    found: Option<Epoch>,
    /// When it was first found so.
    since: Instant,
    /// When the last look was sent.
    pub(super) looked: Instant,
    lease: Duration,
}

impl Watch {
    /// What a look found. No entry at all is watched like one with a lease: its holder may be
    /// there, and the store have forgotten it. That may happen between two looks as well, if they
    /// are so far apart that somebody may have got hold of it.
    pub(super) fn found(
        before: Option<Self>,
        entry: Option<&LeaseEntry>,
        config: &LeaseConfig,
        sent: Instant,
        answered: Instant,
    ) -> Self {
        let found = entry.map(|entry| entry.epoch);
        let stays = |before: &Self| match found {
            Some(_) => before.found == found,
            None => before.found.is_none() && answered.since(before.looked) <= config.settle,
        };
        let before = before.filter(stays);
        Self {
            found,
            since: before.map_or(answered, |before| before.since),
            looked: sent,
            lease: entry.map_or(config.lease, |entry| entry.lease),
        }
    }

    /// Who holds it, unless it was given back.
    pub(super) fn holder(&self) -> Option<ProcessId> {
        let found = self.found.filter(|_| !self.lease.is_zero());
        found.map(|epoch| epoch.holder)
    }

    pub(super) fn free_from(&self) -> Instant {
        self.since.after(self.lease)
    }

    pub(super) const fn expected(&self) -> Expected {
        match self.found {
            Some(epoch) => Expected::Written(epoch),
            None => Expected::Nothing,
        }
    }
}
