//! The bot's cache in memory, shared by all shards: all kinds that no other store keeps.

use std::sync::{PoisonError, RwLock, RwLockReadGuard};

use headcount_core::cache::memory::{Displaced, Exported, GuildState, Indexes};
use headcount_core::cache::{
    GuildStatus, Kind, Kinds, MemoryStore, Mutation, NewSession, Op, Policies, Policy, Unsuitable,
};
use headcount_core::id::GuildId;
use headcount_core::{Instant, Position, ShardId};

use crate::reentry::Inside;
use crate::unjudged::{Unjudged, UnjudgedRows};

/// What the cache's lock is called in a message to who would wait for it for ever.
const NAME: &str = "the cache";

/// The store behind a short lock, held for one mutation or one read.
pub(crate) struct Cache {
    store: RwLock<MemoryStore>,
    /// Rows that a predicate panicked over since the last change.
    unjudged: UnjudgedRows,
    /// Kinds that other stores keep.
    elsewhere: Kinds,
    /// Held while a payload is taken in and applied, against policies that change in between.
    policies: RwLock<()>,
}

/// What the cache is made of.
pub(crate) struct CachePlan {
    seed: u64,
    policies: Policies,
    indexes: Indexes,
    /// Kinds that other stores keep.
    elsewhere: Kinds,
    /// Rows that a predicate panics over.
    unjudged: UnjudgedRows,
}

impl CachePlan {
    pub(crate) fn new(seed: u64, policies: Policies, indexes: Indexes) -> Self {
        let unjudged = UnjudgedRows::default();
        Self {
            seed,
            policies: policies.guarded(&unjudged.guard()),
            indexes,
            elsewhere: Kinds::empty(),
            unjudged,
        }
    }

    /// The same where other stores keep these kinds.
    pub(crate) const fn kept_elsewhere(mut self, kinds: Kinds) -> Self {
        self.elsewhere = kinds;
        self
    }

    /// The kinds that are cached, here or in other stores.
    pub(crate) fn kinds(&self) -> Kinds {
        self.policies.kinds()
    }

    /// A store without rows.
    pub(crate) fn empty(&self) -> MemoryStore {
        let mut store = MemoryStore::with_policies(self.seed, self.policies.clone());
        store.set_indexes(self.indexes);
        store.kept_elsewhere(self.elsewhere)
    }
}

impl Cache {
    /// A cache with these rows, or with none.
    pub(crate) fn new(plan: CachePlan, rows: Option<MemoryStore>) -> Self {
        let store = rows.unwrap_or_else(|| plan.empty());
        Self {
            store: RwLock::new(store),
            unjudged: plan.unjudged,
            elsewhere: plan.elsewhere,
            policies: RwLock::new(()),
        }
    }

    /// The kinds that it keeps.
    pub(crate) fn kinds(&self) -> Kinds {
        let kept = |store: &MemoryStore| store.policies().map_or(Kinds::all(), Policies::kinds);
        self.read(kept).difference(self.elsewhere)
    }

    /// Each shard's dispatches up to here are applied, if these rows are of the same session.
    pub(crate) fn reach(&self, positions: &[Position]) {
        self.write(|store| positions.iter().for_each(|at| store.reach(*at)));
    }

    /// Policies stay as they are until the guard goes: what the core derives by them is applied
    /// under them.
    pub(crate) fn hold_policies(&self) -> RwLockReadGuard<'_, ()> {
        self.policies.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes the policy for a kind, first where its rows are derived; says how many rows went.
    #[track_caller]
    pub(crate) fn set_policy(
        &self,
        kind: Kind,
        policy: Policy,
        derive: impl FnOnce(&Policy),
    ) -> Result<usize, Unsuitable> {
        Policies::default().set(kind, policy.clone())?;
        let _inside = Inside::enter(self, NAME);
        let _alone = self
            .policies
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        derive(&policy);
        let policy = policy.guarded(&self.unjudged.guard());
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.set_policy(kind, policy)
    }

    /// Applies one mutation whole at `now`; with `keep`, returns what it displaced. And which rows
    /// a predicate panicked over.
    #[track_caller]
    pub(crate) fn apply(
        &self,
        now: Instant,
        mutation: Mutation<'_>,
        keep: bool,
    ) -> (Displaced, Vec<Unjudged>) {
        let mutation = match self.elsewhere.is_empty() {
            true => Some(mutation),
            false => mutation.part(self.elsewhere.complement()),
        };
        let Some(mutation) = mutation else {
            return (Displaced::default(), Vec::new());
        };
        let inside = Inside::enter(self, NAME);
        let mut store = self.store.write().unwrap_or_else(PoisonError::into_inner);
        store.advance(now);
        let (applied, displaced) = match keep {
            true => store.replace(mutation),
            false => (store.apply(mutation), Displaced::default()),
        };
        let unjudged = self.unjudged.take();
        drop((store, inside));
        for guild in applied.vanished {
            tracing::debug!(%guild, "a guild is gone since the last session");
        }
        (displaced, unjudged)
    }

    /// When a row may have lived for long enough; `None` while rows live for ever.
    pub(crate) fn next_expiry(&self) -> Option<Instant> {
        self.read(MemoryStore::next_expiry)
    }

    /// Drops the rows that have lived for long enough. Says which rows a predicate panicked over,
    /// here or in a change of policy before.
    pub(crate) fn advance(&self, now: Instant) -> Vec<Unjudged> {
        self.write(|store| {
            store.advance(now);
            self.unjudged.take()
        })
    }

    /// Whether a predicate has panicked that is not reported yet.
    pub(crate) fn has_unjudged(&self) -> bool {
        !self.unjudged.is_empty()
    }

    /// A store failed to apply a change of the guild: whoever sees the event finds it stale here.
    /// The shard marks it as well, for all stores, once it knows.
    pub(crate) fn mark_stale(&self, guild: GuildId) {
        self.set_status(guild, GuildStatus::Stale);
    }

    /// The guild has this status from here on.
    pub(crate) fn set_status(&self, guild: GuildId, status: GuildStatus) {
        let status = Mutation::new(Some(guild)).with(Op::SetStatus(status));
        self.write(|store| drop(store.apply(status)));
    }

    /// Another process may have the guilds of a shard from here on: none of their rows are kept.
    pub(crate) fn forget_shard(&self, shard: ShardId) {
        self.write(|store| drop(store.apply(of_nobody(shard))));
    }

    /// A store without rows, with the policies of this one.
    pub(crate) fn empty(&self, seed: u64) -> MemoryStore {
        let policies = self.read(|store| store.policies().cloned());
        let store = MemoryStore::with_policies(seed, policies.unwrap_or_default());
        store.kept_elsewhere(self.elsewhere)
    }

    /// Puts a guild of another store in without its rows, and with this status until these are
    /// there.
    pub(crate) fn import_guild(&self, state: GuildState, until: GuildStatus) {
        let status = Mutation::new(Some(state.id())).with(Op::SetStatus(until));
        self.write(|store| {
            store.import(Exported::Guild(state));
            store.apply(status);
        });
    }

    /// Puts another piece of another store in.
    pub(crate) fn import(&self, piece: Exported<'_>) {
        self.write(|store| store.import(piece));
    }

    fn write<T>(&self, change: impl FnOnce(&mut MemoryStore) -> T) -> T {
        let _inside = Inside::enter(self, NAME);
        change(&mut self.store.write().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads; what is given back cannot borrow from the store.
    ///
    /// # Panics
    /// If this thread is inside of the cache already.
    #[track_caller]
    pub(crate) fn read<T>(&self, look: impl FnOnce(&MemoryStore) -> T) -> T {
        let _inside = Inside::enter(self, NAME);
        look(&self.store.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What takes all rows of a shard's guilds out of a store.
pub(crate) fn of_nobody(shard: ShardId) -> Mutation<'static> {
    let none = NewSession {
        shard,
        guilds: Vec::new(),
        is_whole: true,
    };
    Mutation::new(None).with(Op::NewSession(Box::new(none)))
}
