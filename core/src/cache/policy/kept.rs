//! Rows of your own, kept as the gateway's are.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::hash::Hash;
use core::num::NonZeroU64;

use hashbrown::HashMap;

use super::seeded::Seeded;
use super::{Lifetimes, Policy, Unsuitable};
use crate::Instant;
use crate::cache::memory::Mixer;
use crate::cache::{Key, Mutation, Op, Scope};

/// A kind of row of your own: settings of a guild, fetched webhooks, a score per member.
///
/// Every row lies in a group, a guild or a channel, and goes with it if you hand every mutation to
/// [`Kept::follow`]. Its policy is that of a [`Policy`] for the gateway's rows: how many per group
/// and over all, the least recently used of which goes, and for how long. Rows are yours: nothing
/// else adds, changes or removes one.
///
/// ```
/// use headcount_core::Instant;
/// use headcount_core::cache::{Kept, Mutation, Op, Policy, Scope};
/// use headcount_core::id::GuildId;
/// use core::time::Duration;
///
/// let (here, there) = (GuildId::new(1).unwrap(), GuildId::new(2).unwrap());
/// let policy = Policy::lru(1_000).per_guild(2).time_to_live(Duration::from_secs(3600));
/// let mut prefixes = Kept::new(42, policy)?; // a random seed, as for a store
///
/// prefixes.insert(here, "general", '!');
/// prefixes.insert(here, "random", '?');
/// prefixes.insert(there, "welcome", '$');
/// assert_eq!(prefixes.get(&"general"), Some(&'!'));
/// prefixes.insert(here, "memes", '%');
/// assert_eq!(prefixes.get(&"random"), None, "the least recently used of the guild went");
///
/// // A guild is gone: each `Action::Mutate` of a shard is followed.
/// prefixes.follow(&Mutation::new(Some(here)).with(Op::Cascade(Scope::Guild)));
/// assert_eq!(prefixes.len(), 1);
///
/// prefixes.advance(Instant::from_millis(3_600_000)); // an hour has passed
/// assert!(prefixes.is_empty());
/// # Ok::<(), headcount_core::cache::Unsuitable>(())
/// ```
///
/// A new session may find guilds gone without an event: remove the groups that
/// [`Applied::vanished`](crate::cache::memory::Applied::vanished) lists as well.
#[derive(Debug)]
pub struct Kept<K, V> {
    mixer: Mixer,
    rows: HashMap<K, KeptRow<V>, Seeded>,
    groups: BTreeMap<u64, BTreeSet<K>>,
    /// `None` if every row stays.
    lifetimes: Option<Box<Lifetimes<K>>>,
    now: Instant,
}

#[derive(Debug)]
struct KeptRow<V> {
    group: u64,
    value: V,
}

impl<K: Hash + Ord + Clone, V> Kept<K, V> {
    /// Nothing yet. The seed decides where rows lie, and nothing that can be observed; take a
    /// random one, so that a peer cannot guess it.
    ///
    /// # Errors
    /// [`Unsuitable::OwnRows`] for a policy with predicates or newest messages.
    pub fn new(seed: u64, policy: Policy) -> Result<Self, Unsuitable> {
        let mixer = Mixer::new(seed);
        let mut kept = Self {
            mixer,
            rows: HashMap::with_hasher(Seeded(mixer)),
            groups: BTreeMap::new(),
            lifetimes: None,
            now: Instant::ZERO,
        };
        kept.set_policy(policy)?;
        Ok(kept)
    }

    /// Changes the policy, and says how many rows went.
    ///
    /// Rows whose use and age were not watched until now count from now.
    ///
    /// # Errors
    /// [`Unsuitable::OwnRows`] as for [`Kept::new`]; nothing has changed then.
    pub fn set_policy(&mut self, policy: Policy) -> Result<usize, Unsuitable> {
        if policy.predicates().next().is_some() || policy.newest.is_some() {
            return Err(Unsuitable::OwnRows);
        }
        let rows = &self.rows;
        let group = |key: &K| rows.get(key).map_or(0, |row| row.group);
        match &mut self.lifetimes {
            lifetimes if policy.is_all() => *lifetimes = None,
            Some(lifetimes) => lifetimes.set_limits(policy.limits, group),
            None => {
                let mut lifetimes = Lifetimes::new(policy.limits, self.mixer);
                for key in self.groups.values().flatten() {
                    lifetimes.touch(key, group(key), self.now, false);
                }
                self.lifetimes = Some(Box::new(lifetimes));
            }
        }
        let groups: Vec<u64> = self.groups.keys().copied().collect();
        Ok(self.settle(&groups))
    }

    /// Adds a row, or takes the place of the one with this key, which is given back. Others may
    /// have to go for it.
    pub fn insert(&mut self, group: impl Into<NonZeroU64>, key: K, value: V) -> Option<V> {
        let group = group.into().get();
        let moves = self.rows.get(&key).is_some_and(|row| row.group != group);
        let left = if moves { self.remove(&key) } else { None };
        if let Some(lifetimes) = &mut self.lifetimes {
            lifetimes.touch(&key, group, self.now, false);
        }
        self.groups.entry(group).or_default().insert(key.clone());
        let old = self.rows.insert(key, KeptRow { group, value });
        self.settle(&[group]);
        left.or(old.map(|row| row.value))
    }

    /// A row. Counts as a use.
    #[must_use]
    pub fn get(&self, key: &K) -> Option<&V> {
        let row = self.rows.get(key)?;
        if let Some(lifetimes) = &self.lifetimes {
            lifetimes.used(key);
        }
        Some(&row.value)
    }

    /// A row, to be changed. Counts as a use, and as a change now.
    pub fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        let row = self.rows.get_mut(key)?;
        if let Some(lifetimes) = &mut self.lifetimes {
            lifetimes.touch(key, row.group, self.now, false);
        }
        Some(&mut row.value)
    }

    /// Whether there is such a row. Counts as no use.
    #[must_use]
    pub fn contains(&self, key: &K) -> bool {
        self.rows.contains_key(key)
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The keys of a group, ascending.
    pub fn keys(&self, group: impl Into<NonZeroU64>) -> impl Iterator<Item = &K> {
        self.groups.get(&group.into().get()).into_iter().flatten()
    }

    /// Removes a row.
    pub fn remove(&mut self, key: &K) -> Option<V> {
        if let Some(lifetimes) = &mut self.lifetimes {
            lifetimes.remove(key);
        }
        self.drop_row(key)
    }

    fn drop_row(&mut self, key: &K) -> Option<V> {
        let row = self.rows.remove(key)?;
        if let Some(keys) = self.groups.get_mut(&row.group) {
            keys.remove(key);
            if keys.is_empty() {
                self.groups.remove(&row.group);
            }
        }
        Some(row.value)
    }

    /// Removes all rows of a group, and says how many.
    pub fn remove_group(&mut self, group: impl Into<NonZeroU64>) -> usize {
        let keys = self.groups.remove(&group.into().get()).unwrap_or_default();
        for key in &keys {
            self.rows.remove(key);
            if let Some(lifetimes) = &mut self.lifetimes {
                lifetimes.remove(key);
            }
        }
        keys.len()
    }

    /// Drops the groups that a mutation takes away: a guild, a channel, a thread.
    pub fn follow(&mut self, mutation: &Mutation<'_>) {
        for op in mutation.ops() {
            if let (Op::Cascade(Scope::Guild), Some(guild)) = (op, mutation.guild()) {
                self.remove_group(guild);
            }
            if let Op::Cascade(Scope::Channel(channel))
            | Op::Remove(Key::Channel(channel) | Key::Thread(channel)) = op
            {
                self.remove_group(*channel);
            }
        }
    }

    /// Sets the time, evicts the rows that have expired by it, and returns how many these are.
    /// Cheap when none has. An earlier time than one before counts as unchanged.
    pub fn advance(&mut self, now: Instant) -> usize {
        self.now = self.now.max(now);
        self.settle(&[])
    }

    /// Evicts what does not fit, looking at these groups.
    fn settle(&mut self, groups: &[u64]) -> usize {
        let Some(mut lifetimes) = self.lifetimes.take() else {
            return 0;
        };
        let before = self.rows.len();
        while let Some(key) = lifetimes.expired(self.now) {
            self.drop_row(&key);
        }
        for &group in groups {
            while let Some(key) = lifetimes.overflow(group) {
                self.drop_row(&key);
            }
        }
        while let Some(key) = lifetimes.overflow_all() {
            self.drop_row(&key);
        }
        self.lifetimes = Some(lifetimes);
        before.saturating_sub(self.rows.len())
    }
}
