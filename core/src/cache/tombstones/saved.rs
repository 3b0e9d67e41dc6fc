//! The marks as a checkpoint has them.

use alloc::collections::{BTreeMap, VecDeque};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::{MOST, Removals, Tombstone, Tombstones};
use crate::cache::policy::Seeded;
use crate::id::GuildId;
use crate::wire::nonce::Nonce;

/// [`Tombstones`] without what follows from the rest.
#[derive(Serialize, Deserialize)]
pub(super) struct SavedTombstones {
    bound: usize,
    removals: Removals,
    restored: Removals,
    outdated: u64,
    seeded: Seeded,
    order: BTreeMap<Removals, Tombstone>,
    requests: VecDeque<(GuildId, Nonce, Removals)>,
}

impl From<Tombstones> for SavedTombstones {
    fn from(all: Tombstones) -> Self {
        let before = all.removals.saturating_sub(all.order.len() as u64);
        let removals = before.saturating_add(1)..;
        let marks = removals.zip(&all.order);
        Self {
            bound: all.bound,
            removals: all.removals,
            restored: all.restored,
            outdated: all.outdated,
            seeded: *all.guilds.hasher(),
            order: marks
                .filter_map(|(at, mark)| Some((at, (*mark)?)))
                .collect(),
            requests: all.requests,
        }
    }
}

impl From<SavedTombstones> for Tombstones {
    fn from(saved: SavedTombstones) -> Self {
        let mut all = Self::new(saved.bound.min(MOST), 0);
        all.guilds = HashMap::with_hasher(saved.seeded);
        for (at, Tombstone { guild, removed }) in saved.order {
            all.unmark(guild, removed);
            all.pass_until(at.min(saved.removals));
            all.push(Tombstone { guild, removed });
        }
        all.pass_until(saved.removals.saturating_add(1));
        Self {
            restored: saved.restored,
            outdated: saved.outdated,
            requests: saved.requests,
            ..all
        }
    }
}

impl Tombstones {
    /// Counts removals that left no mark, up to before this one.
    fn pass_until(&mut self, removal: Removals) {
        let mut left = removal.saturating_sub(self.removals).saturating_sub(1);
        while left > 0 && !self.is_empty() {
            self.count(None);
            left = left.saturating_sub(1);
        }
        self.removals = self.removals.saturating_add(left);
    }
}
