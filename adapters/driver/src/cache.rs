//! The bot's cache in memory, shared by all shards: all kinds that no other store keeps.

use std::sync::{PoisonError, RwLock};

use headcount_core::cache::memory::Displaced;
use headcount_core::cache::{Kinds, MemoryStore, Mutation};

/// The store behind a short lock, held for one mutation or one read.
pub(crate) struct Cache {
    store: RwLock<MemoryStore>,
    /// Kinds that other stores keep.
    elsewhere: Kinds,
}

impl Cache {
    pub(crate) fn new(seed: u64, elsewhere: Kinds) -> Self {
        Self {
            store: RwLock::new(MemoryStore::new(seed)),
            elsewhere,
        }
    }

    /// Applies one mutation whole; with `keep`, tells what it displaced.
    pub(crate) fn apply(&self, mutation: Mutation<'_>, keep: bool) -> Displaced {
        let mutation = match self.elsewhere.is_empty() {
            true => Some(mutation),
            false => mutation.part(self.elsewhere.complement()),
        };
        let Some(mutation) = mutation else {
            return Displaced::default();
        };
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        let (applied, displaced) = match keep {
            true => store.replace(mutation),
            false => (store.apply(mutation), Displaced::default()),
        };
        drop(store);
        for guild in applied.vanished {
            tracing::debug!(%guild, "a guild is gone since the last session");
        }
        displaced
    }

    /// Reads; what is given back cannot borrow from the store.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&MemoryStore) -> T) -> T {
        look(&self.store.read().unwrap_or_else(PoisonError::into_inner))
    }
}
