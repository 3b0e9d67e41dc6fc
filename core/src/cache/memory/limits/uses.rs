//! How recently rows were used and how old they are, read out and put back.

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use crate::cache::Kind;
use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::rows::GuildRows;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::limits::{RowLimits, Touched};
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
    /// The uses of a guild's rows, for the kinds whose policies count them.
    pub(in crate::cache::memory) fn uses_in(&self, guild_rows: &GuildRows) -> UsesByKind {
        let Some(limits) = &self.limits else {
            return Vec::new();
        };
        let kinds = limits.tracked.each();
        let uses = kinds.map(|kind| (kind, limits.uses(kind, self.census_of(guild_rows, kind))));
        uses.filter(|(_, uses)| !uses.is_empty()).collect()
    }

    /// The same for the rows that lie in no guild.
    pub(in crate::cache::memory) fn uses_outside(&self) -> UsesByKind {
        let Some(limits) = &self.limits else {
            return Vec::new();
        };
        let kinds = limits.tracked.each();
        let uses = kinds.map(|kind| (kind, limits.uses(kind, self.census_outside(kind))));
        uses.filter(|(_, uses)| !uses.is_empty()).collect()
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
    fn uses(&self, kind: Kind, rows: Vec<RowId>) -> Vec<RowUse> {
        let Some(lifetimes) = self.lifetimes(kind) else {
            return Vec::new();
        };
        let uses = rows.into_iter().filter_map(|row_id| {
            let (used, touched) = lifetimes.last_use(&row_id)?;
            Some(RowUse {
                row_id,
                used,
                age: self.now.since(touched),
            })
        });
        uses.collect()
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
            crate::Instant::from_millis(now.as_millis().saturating_sub(age))
        };
        let uses = uses
            .into_iter()
            .map(|row| (row.row_id, row.used, touched(row.age)));
        if let Some(lifetimes) = self.lifetimes_mut(kind) {
            lifetimes.put_back(uses.collect());
        }
    }
}
