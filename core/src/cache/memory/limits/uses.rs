//! How recently rows were used and how old they are, read out and put back.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use crate::Instant;
use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::limits::{RowLimits, Touched};
use crate::cache::{Kind, Kinds};
use crate::time::millis;

/// When a row was used last, compared with others of its kind, and how old it is.
#[derive(Clone, Copy, Debug)]
pub(in crate::cache::memory) struct RowUse {
    pub(in crate::cache::memory) row_id: RowId,
    pub(in crate::cache::memory) used: u64,
    pub(in crate::cache::memory) age: Duration,
}

/// What is known of how rows were used, by kind; a kind may come several times.
pub(in crate::cache::memory) type UsesByKind = Vec<(Kind, Vec<RowUse>)>;

impl MemoryStore {
    /// The rows of a guild, or with none those outside guilds, of the kinds whose policies count
    /// their use or their age.
    pub(in crate::cache::memory) fn tracked(
        &self,
        guild_rows: Option<&GuildRows>,
    ) -> impl Iterator<Item = (Kind, Vec<RowId>)> {
        let kinds = self.limits.as_ref();
        let kinds = kinds.map_or(Kinds::empty(), |limits| limits.tracked);
        let rows = move |kind| match guild_rows {
            Some(guild_rows) => self.census_of(guild_rows, kind),
            None => self.census_outside(kind),
        };
        let rows = kinds.each().map(move |kind| (kind, rows(kind)));
        rows.filter(|(_, rows)| !rows.is_empty())
    }

    /// The time of the store, which ages are counted by.
    pub(in crate::cache::memory) fn now(&self) -> Instant {
        let limits = self.limits.as_ref();
        limits.map_or(Instant::ZERO, |limits| limits.now)
    }

    /// How rows of a kind were used, and how old they were at `then`; those left out of which it is
    /// not known.
    pub(in crate::cache::memory) fn uses(
        &self,
        kind: Kind,
        rows: impl Iterator<Item = RowId>,
        then: Instant,
    ) -> impl Iterator<Item = RowUse> {
        let limits = self.limits.as_ref();
        rows.filter_map(move |row_id| limits?.use_of(kind, row_id, then))
    }

    /// Enforces these limits on the rows that are here, which were used so and are older by
    /// `since`.
    pub(in crate::cache::memory) fn set_limits(
        &mut self,
        limits: Option<Box<RowLimits>>,
        uses: UsesByKind,
        since: Duration,
    ) {
        let Some(mut limits) = limits else {
            return;
        };
        // All who are here are looked at anyway.
        self.shared.users.take_noted();
        let mut touched = Touched::default();
        for kind in limits.judged.each() {
            let rows = self.census(kind);
            limits.begin(kind, &rows);
            touched.recheck(kind, rows);
        }
        // The order is one of all guilds.
        let mut together: BTreeMap<Kind, Vec<RowUse>> = BTreeMap::new();
        for (kind, uses) in uses {
            together.entry(kind).or_default().extend(uses);
        }
        for (kind, uses) in together {
            limits.put_back(kind, uses, since);
        }
        self.limits = Some(limits);
        self.settle(touched);
    }

    /// Takes the limits off, until they are set again.
    pub(in crate::cache::memory) const fn lift_limits(&mut self) -> Option<Box<RowLimits>> {
        self.limits.take()
    }
}

impl RowLimits {
    fn use_of(&self, kind: Kind, row_id: RowId, then: Instant) -> Option<RowUse> {
        let (used, touched) = self.lifetimes(kind)?.last_use(&row_id)?;
        Some(RowUse {
            row_id,
            used,
            age: then.since(touched),
        })
    }

    /// Watches rows from now on.
    fn begin(&mut self, kind: Kind, rows: &[RowId]) {
        let now = self.now;
        let groups: Vec<u64> = rows
            .iter()
            .map(|&row_id| self.group(kind, row_id))
            .collect();
        if let Some(lifetimes) = self.lifetimes_mut(kind) {
            for (row_id, group) in rows.iter().zip(groups) {
                lifetimes.touch(row_id, group, now, false);
            }
        }
    }

    fn put_back(&mut self, kind: Kind, uses: Vec<RowUse>, since: Duration) {
        let now = self.now;
        let touched = |age: Duration| {
            let age = millis(age.saturating_add(since));
            Instant::from_millis(now.as_millis().saturating_sub(age))
        };
        let uses = uses
            .into_iter()
            .map(|row| (row.row_id, row.used, touched(row.age)));
        if let Some(lifetimes) = self.lifetimes_mut(kind) {
            lifetimes.put_back(uses.collect());
        }
    }
}
