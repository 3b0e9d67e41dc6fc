//! The policies of a store, and what has to be remembered to enforce them.

pub(super) mod census;
pub(super) mod enforce;
pub(super) mod row_id;

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use core::array;

use crate::Instant;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::policy::Lifetimes;
use crate::cache::{Kind, Kinds, MemberTraits, Policies, Policy};

#[derive(Debug)]
pub(super) struct RowLimits {
    pub(super) policies: Policies,
    lifetimes: [Option<Box<Lifetimes<RowId>>>; Kind::ALL.len()],
    /// Kinds whose rows are judged when they come.
    pub(super) judged: Kinds,
    /// Kinds whose changes concern a policy.
    pub(super) concerned: Kinds,
    /// Kinds with an order of use or an age.
    pub(super) tracked: Kinds,
    /// What the members' policy depends on.
    pub(super) watched: MemberTraits,
    pub(super) now: Instant,
    mixer: Mixer,
}

impl RowLimits {
    pub(super) fn new(policies: Policies, mixer: Mixer) -> Self {
        let mut limits = Self {
            policies,
            lifetimes: array::from_fn(|_| None),
            judged: Kinds::empty(),
            concerned: Kinds::empty(),
            tracked: Kinds::empty(),
            watched: MemberTraits::empty(),
            now: Instant::ZERO,
            mixer,
        };
        for &kind in Kind::ALL {
            limits.track(kind, [].into_iter());
        }
        limits
    }

    /// Watches rows of a kind as its policy wants it; those that are there have not been yet.
    pub(super) fn track(&mut self, kind: Kind, rows: impl Iterator<Item = RowId>) {
        self.judged = self.policies.select(Policy::judges);
        self.tracked = self.policies.select(Policy::is_tracked);
        self.watched = self.policies.get(Kind::Member).watched();
        self.concerned = match self.watched.is_empty() {
            true => self.judged,
            false => Kinds::all(),
        };
        let policy = self.policies.get(kind);
        let Some(place) = self.lifetimes.get_mut(kind as usize) else {
            return;
        };
        match place {
            _ if !policy.is_tracked() => *place = None,
            Some(lifetimes) => lifetimes.set_limits(policy.limits, |row_id| group(policy, *row_id)),
            None => {
                let mut lifetimes = Lifetimes::new(policy.limits, self.mixer);
                for row_id in rows {
                    lifetimes.touch(&row_id, group(policy, row_id), self.now, false);
                }
                *place = Some(Box::new(lifetimes));
            }
        }
    }

    pub(super) fn lifetimes(&self, kind: Kind) -> Option<&Lifetimes<RowId>> {
        self.lifetimes.get(kind as usize)?.as_deref()
    }

    pub(super) fn lifetimes_mut(&mut self, kind: Kind) -> Option<&mut Lifetimes<RowId>> {
        self.lifetimes.get_mut(kind as usize)?.as_deref_mut()
    }

    /// What the rows of a kind are counted by.
    pub(super) fn group(&self, kind: Kind, row_id: RowId) -> u64 {
        group(self.policies.get(kind), row_id)
    }

    /// A row is gone.
    pub(super) fn forget(&mut self, kind: Kind, row_id: RowId) {
        if let Some(lifetimes) = self.lifetimes_mut(kind) {
            lifetimes.remove(&row_id);
        }
    }

    /// When a row may have lived for long enough, one that comes from here on included.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        let all = self.lifetimes.iter().flatten();
        all.filter_map(|lifetimes| lifetimes.next_expiry(self.now))
            .min()
    }

    /// Whether a row may have lived for long enough.
    pub(super) fn may_expire(&self) -> bool {
        let all = self.lifetimes.iter().flatten();
        all.into_iter()
            .any(|lifetimes| lifetimes.may_expire(self.now))
    }
}

fn group(policy: &Policy, row_id: RowId) -> u64 {
    match row_id.guild {
        Some(guild) if !policy.is_per_channel() => guild.get(),
        // A channel outside guilds counts by itself.
        Some(_) | None => row_id.first,
    }
}

/// The rows that a mutation may change.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// These have come or changed.
    pub(super) changed: BTreeMap<Kind, alloc::vec::Vec<RowId>>,
    /// Something changes on which their policy may depend.
    pub(super) rechecked: BTreeMap<Kind, alloc::vec::Vec<RowId>>,
    /// These go by name.
    pub(super) gone: alloc::vec::Vec<(Kind, RowId)>,
}

impl Touched {
    pub(super) fn change(&mut self, kind: Kind, row_ids: impl IntoIterator<Item = RowId>) {
        self.changed.entry(kind).or_default().extend(row_ids);
    }

    /// The same, unless there is none.
    pub(super) fn change_any(&mut self, kind: Kind, row_ids: alloc::vec::Vec<RowId>) {
        if !row_ids.is_empty() {
            self.change(kind, row_ids);
        }
    }

    pub(super) fn recheck(&mut self, kind: Kind, row_ids: impl IntoIterator<Item = RowId>) {
        self.rechecked.entry(kind).or_default().extend(row_ids);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.changed.is_empty() && self.rechecked.is_empty()
    }
}
