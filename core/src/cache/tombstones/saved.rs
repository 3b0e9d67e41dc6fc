//! The marks as a checkpoint has them.

use alloc::collections::{BTreeMap, VecDeque};

use hashbrown::HashMap;
use serde::{Deserialize, Serialize};

use super::{Removals, Tombstone, Tombstones, key};
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
        Self {
            bound: all.bound,
            removals: all.removals,
            restored: all.restored,
            outdated: all.outdated,
            seeded: *all.guilds.hasher(),
            order: all.order.into_iter().collect(),
            requests: all.requests,
        }
    }
}

impl From<SavedTombstones> for Tombstones {
    fn from(saved: SavedTombstones) -> Self {
        let mut guilds = HashMap::with_hasher(saved.seeded);
        for (at, tombstone) in &saved.order {
            let own: &mut BTreeMap<_, _> = guilds.entry(key(tombstone.guild)).or_default();
            own.insert(tombstone.removed, *at);
        }
        Self {
            bound: saved.bound,
            removals: saved.removals,
            restored: saved.restored,
            outdated: saved.outdated,
            guilds,
            order: saved.order.into_iter().collect(),
            requests: saved.requests,
        }
    }
}
