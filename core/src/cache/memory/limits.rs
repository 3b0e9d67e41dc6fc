//! The policies of a store, and what has to be remembered to enforce them.

pub(super) mod census;
pub(super) mod enforce;
mod expiry;
pub(super) mod row_id;
pub(super) mod uses;

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::{array, mem};

use crate::Instant;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::policy::Lifetimes;
use crate::cache::{Kind, Kinds, MemberTraits, Policies, Policy};

/// The time at which a store begins, so that rows may be older than it: some 35 years.
const EPOCH: u64 = 1 << 40;

/// The largest capacity, in rows, that is kept from one mutation to the next.
const KEPT: usize = 2_048;

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
    /// Since [`EPOCH`].
    pub(super) now: Instant,
    /// Room for what the next mutation touches.
    touched: Touched,
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
            now: Instant::from_millis(EPOCH),
            touched: Touched::default(),
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

    /// Nothing yet, in the room that there is.
    pub(super) fn take_touched(&mut self) -> Touched {
        mem::take(&mut self.touched)
    }

    /// Keeps the room for later, unless it is large.
    pub(super) fn put_touched(&mut self, mut touched: Touched) {
        touched.clear();
        if touched.capacity() <= KEPT {
            self.touched = touched;
        }
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

    /// Sets the time, as the host counts it; an earlier one than before changes nothing.
    pub(super) fn set_now(&mut self, now: Instant) {
        let now = Instant::from_millis(now.as_millis().saturating_add(EPOCH));
        self.now = self.now.max(now);
    }

    /// When a row may have lived for long enough, one that comes from here on included.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        let all = self.lifetimes.iter().flatten();
        let next = all.filter_map(|lifetimes| lifetimes.next_expiry(self.now));
        let next = next.min()?.as_millis();
        Some(Instant::from_millis(next.saturating_sub(EPOCH)))
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

/// The rows that a mutation may change, in order.
#[derive(Debug, Default)]
pub(super) struct Touched {
    /// These have come or changed; or something changes on which their policy may depend.
    rows: Vec<TouchedRow>,
    /// These go by name.
    pub(super) gone: Vec<(Kind, RowId)>,
    /// What the rows are counted by that stay.
    pub(super) groups: Vec<u64>,
}

/// A row that a mutation may change.
#[derive(Clone, Copy, Debug)]
struct TouchedRow {
    kind: Kind,
    row_id: RowId,
    changed: bool,
}

impl Touched {
    pub(super) fn change(&mut self, kind: Kind, row_ids: impl IntoIterator<Item = RowId>) {
        self.extend(kind, row_ids, true);
    }

    pub(super) fn recheck(&mut self, kind: Kind, row_ids: impl IntoIterator<Item = RowId>) {
        self.extend(kind, row_ids, false);
    }

    fn extend(&mut self, kind: Kind, row_ids: impl IntoIterator<Item = RowId>, changed: bool) {
        let rows = row_ids.into_iter().map(|row_id| TouchedRow {
            kind,
            row_id,
            changed,
        });
        self.rows.extend(rows);
    }

    /// The row at a place, if it is of this kind, and whether it has come or changed; `None` behind
    /// the last one.
    pub(super) fn at(&self, place: usize, kind: Kind) -> Option<Option<(RowId, bool)>> {
        let row = self.rows.get(place)?;
        Some((row.kind == kind).then_some((row.row_id, row.changed)))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    fn clear(&mut self) {
        self.rows.clear();
        self.gone.clear();
        self.groups.clear();
    }

    fn capacity(&self) -> usize {
        let gone = self.gone.capacity().max(self.groups.capacity());
        self.rows.capacity().max(gone)
    }
}
