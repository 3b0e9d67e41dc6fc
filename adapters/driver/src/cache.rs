//! The bot's cache in memory, shared by all shards: all kinds that no other store keeps.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use headcount_core::Instant;
use headcount_core::cache::memory::Displaced;
use headcount_core::cache::{
    GuildStatus, Kind, Kinds, MemoryStore, Mutation, Op, Policies, Policy, Unsuitable,
};
use headcount_core::id::GuildId;

/// The store behind a short lock, held for one mutation or one read.
pub(crate) struct Cache {
    store: RwLock<MemoryStore>,
    /// Kinds that other stores keep.
    elsewhere: Kinds,
    /// Held while a payload is taken in and applied, against policies that change in between.
    policies: RwLock<()>,
}

impl Cache {
    pub(crate) fn new(seed: u64, policies: Policies, elsewhere: Kinds) -> Self {
        Self {
            store: RwLock::new(MemoryStore::with_policies(seed, policies)),
            elsewhere,
            policies: RwLock::new(()),
        }
    }

    /// Policies stay as they are until the guard goes: what the core derives by them is applied
    /// under them.
    pub(crate) fn hold_policies(&self) -> RwLockReadGuard<'_, ()> {
        self.policies.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the policy for a kind, first where its rows are derived; says how many rows went.
    pub(crate) fn set_policy(
        &self,
        kind: Kind,
        policy: Policy,
        derive: impl FnOnce(&Policy),
    ) -> Result<usize, Unsuitable> {
        Policies::default().set(kind, policy.clone())?;
        let _alone = self
            .policies
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        derive(&policy);
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.set_policy(kind, policy)
    }

    /// Applies one mutation whole at `now`; with `keep`, tells what it displaced.
    pub(crate) fn apply(&self, now: Instant, mutation: Mutation<'_>, keep: bool) -> Displaced {
        let mutation = match self.elsewhere.is_empty() {
            true => Some(mutation),
            false => mutation.part(self.elsewhere.complement()),
        };
        let Some(mutation) = mutation else {
            return Displaced::default();
        };
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.advance(now);
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

    /// When a row may have lived for long enough; `None` while rows live for ever.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.read(MemoryStore::next_expiry)
    }

    /// Drops the rows that have lived for long enough.
    pub(crate) fn advance(&self, now: Instant) {
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.advance(now);
    }

    /// A store failed to apply a change of the guild.
    pub(crate) fn mark_stale(&self, guild: GuildId) {
        let stale = Op::SetStatus(GuildStatus::Stale);
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.apply(Mutation::new(Some(guild)).with(stale));
    }

    /// Reads; what is given back cannot borrow from the store.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&MemoryStore) -> T) -> T {
        look(&self.store.read().unwrap_or_else(PoisonError::into_inner))
    }
}
