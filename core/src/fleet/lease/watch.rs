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
    /// Whether somebody may have come since then and been forgotten: nothing was found.
    pub(super) may_hide_holder: bool,
    /// When the last look was sent.
    pub(super) looked: Instant,
    lease: Duration,
}

impl Watch {
    /// What a look found. No entry at all is watched like one with a lease: its holder may be
    /// there, and the store have forgotten it.
    pub(super) fn found(
        before: Option<Self>,
        entry: Option<&LeaseEntry>,
        config: &LeaseConfig,
        sent: Instant,
        answered: Instant,
    ) -> Self {
        let found = entry.map(|entry| entry.epoch);
        let same = before.filter(|before| before.found == found);
        // Between two looks that are so far apart somebody may have got hold of it.
        let may_hide =
            |before: &Self| before.may_hide_holder || answered.since(before.looked) > config.settle;
        Self {
            found,
            since: same.as_ref().map_or(answered, |before| before.since),
            may_hide_holder: found.is_none() && same.as_ref().is_some_and(may_hide),
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

    /// Whether the store has forgotten it, and nobody holds it who lives: that process would have
    /// written it anew by now.
    pub(super) fn is_forgotten(&self, now: Instant, config: &LeaseConfig) -> bool {
        let renewed = config.renew.saturating_add(config.settle);
        let renewed = renewed.saturating_add(config.patience);
        self.found.is_none() && !self.may_hide_holder && self.since.after(renewed) <= now
    }

    pub(super) const fn expected(&self) -> Expected {
        match self.found {
            Some(epoch) => Expected::Written(epoch),
            None => Expected::Nothing,
        }
    }
}
