//! The shards of one manager: who they are, how they are, what they serve.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;

use crate::{Instant, ShardId};

/// A shard of one manager. Keys count up from zero and are never given to another shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ShardKey(pub(super) u32);

impl ShardKey {
    /// The key's number: 0 for the first shard that the manager ever opened.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl fmt::Display for ShardKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// How a shard's connection is, as the host reported it last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Health {
    /// Not started yet, or ended after a stop.
    Stopped,
    /// Opening, not connected so far.
    Opening,
    /// Connected and logged in.
    Up,
    /// Connection lost; the host is trying to get it back.
    Down,
    /// Ended for good: the host has given up on it. It can be started again.
    Dead,
    /// Closing, not ended so far.
    Closing,
}

impl Health {
    /// Every one.
    pub const ALL: &'static [Self] = &[
        Self::Stopped,
        Self::Opening,
        Self::Up,
        Self::Down,
        Self::Dead,
        Self::Closing,
    ];

    /// Its name in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Stopped => "stopped",
            Self::Opening => "opening",
            Self::Up => "up",
            Self::Down => "down",
            Self::Dead => "dead",
            Self::Closing => "closing",
        }
    }

    /// Whether the host is to keep a connection for the shard.
    #[must_use]
    pub const fn is_running(self) -> bool {
        match self {
            Self::Opening | Self::Up | Self::Down => true,
            Self::Stopped | Self::Dead | Self::Closing => false,
        }
    }
}

/// What a new shard shall be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewShard {
    name: Option<Arc<str>>,
    account: Option<Arc<str>>,
    seats: Option<usize>,
    id: Option<ShardId>,
}

impl NewShard {
    /// A shard without a limit, on the manager's own account, named `shard-` and its key.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives it a name, unique among the manager's shards.
    #[must_use]
    pub fn named(mut self, name: &str) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Limits how many channels it takes.
    #[must_use]
    pub fn with_seats(mut self, seats: usize) -> Self {
        self.seats = Some(seats);
        self
    }

    /// Logs it in with another account than the manager's own; the name means what the host says.
    #[must_use]
    pub fn with_account(mut self, account: &str) -> Self {
        self.account = Some(account.into());
        self
    }

    /// Ties it to a gateway shard.
    #[must_use]
    pub fn with_shard_id(mut self, id: ShardId) -> Self {
        self.id = Some(id);
        self
    }

    /// The name; set for every shard that is open.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or_default()
    }

    /// The account, `None` for the manager's own.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        self.account.as_deref()
    }

    /// How many channels it takes at most, `None` for any number.
    #[must_use]
    pub fn seats(&self) -> Option<usize> {
        self.seats
    }

    /// The gateway shard it stands for.
    #[must_use]
    pub fn shard_id(&self) -> Option<ShardId> {
        self.id
    }

    pub(super) fn with_default_name(mut self, key: ShardKey) -> Self {
        self.name
            .get_or_insert_with(|| alloc::format!("shard-{key}").into());
        self
    }
}

/// One shard: its spec, its health and the channels assigned to it.
#[derive(Clone, Debug)]
pub struct RosterShard<C> {
    pub(super) spec: NewShard,
    pub(super) health: Health,
    pub(super) channels: BTreeSet<C>,
    /// Since when it is down, while it is.
    pub(super) down_since: Option<Instant>,
    /// Since when it has no channel, while it has none.
    pub(super) empty_since: Option<Instant>,
    pub(super) given_up: bool,
    pub(super) idle: bool,
}

impl<C: Ord> RosterShard<C> {
    pub(super) fn new(spec: NewShard, health: Health, now: Instant) -> Self {
        Self {
            spec,
            health,
            channels: BTreeSet::new(),
            down_since: None,
            empty_since: Some(now),
            given_up: false,
            idle: false,
        }
    }

    /// The shard's name, unique among the manager's shards and stable over its life.
    #[must_use]
    pub fn name(&self) -> &str {
        self.spec.name()
    }

    /// What it was opened as.
    #[must_use]
    pub fn spec(&self) -> &NewShard {
        &self.spec
    }

    /// How its connection is.
    #[must_use]
    pub fn health(&self) -> Health {
        self.health
    }

    /// How many channels are assigned to it.
    #[must_use]
    pub fn load(&self) -> usize {
        self.channels.len()
    }

    /// How many more channels it can take; `usize::MAX` without a limit.
    #[must_use]
    pub fn free(&self) -> usize {
        self.spec
            .seats
            .map_or(usize::MAX, |seats| seats.saturating_sub(self.load()))
    }

    /// The channels assigned to it, in order.
    pub fn channels(&self) -> impl ExactSizeIterator<Item = &C> {
        self.channels.iter()
    }

    /// Whether its channels should be moved off: it is dead, or has been down for longer than
    /// [`move_off_after`](crate::manager::Options::move_off_after). Never without that option.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.given_up
    }

    /// Whether it has been empty for longer than
    /// [`close_empty_after`](crate::manager::Options::close_empty_after).
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.idle
    }
}

/// The shards of one manager and the channels assigned to them.
#[derive(Clone, Debug)]
pub struct Roster<C> {
    pub(super) shards: BTreeMap<ShardKey, RosterShard<C>>,
    pub(super) homes: BTreeMap<C, ShardKey>,
    names: BTreeMap<Arc<str>, ShardKey>,
    /// Removed shards whose connection has not ended yet.
    pub(super) closing: BTreeSet<ShardKey>,
    pub(super) next: u32,
    pub(super) running: bool,
}

impl<C: Clone + Ord> Roster<C> {
    pub(super) fn new() -> Self {
        Self {
            shards: BTreeMap::new(),
            homes: BTreeMap::new(),
            names: BTreeMap::new(),
            closing: BTreeSet::new(),
            next: 0,
            running: false,
        }
    }

    /// The shards in the order in which they were opened.
    pub fn shards(&self) -> impl ExactSizeIterator<Item = (ShardKey, &RosterShard<C>)> {
        self.shards.iter().map(|(key, shard)| (*key, shard))
    }

    /// The keys of all shards, in the order in which they were opened.
    #[must_use]
    pub fn keys(&self) -> Vec<ShardKey> {
        self.shards.keys().copied().collect()
    }

    /// The shard with this key.
    #[must_use]
    pub fn get(&self, shard: ShardKey) -> Option<&RosterShard<C>> {
        self.shards.get(&shard)
    }

    /// The key of the shard with this name.
    #[must_use]
    pub fn named(&self, name: &str) -> Option<ShardKey> {
        self.names.get(name).copied()
    }

    /// The shard that a channel is assigned to.
    #[must_use]
    pub fn shard_of(&self, channel: &C) -> Option<ShardKey> {
        self.homes.get(channel).copied()
    }

    /// Every assigned channel with its shard, in order of channel.
    pub fn channels(&self) -> impl ExactSizeIterator<Item = (&C, ShardKey)> {
        self.homes.iter().map(|(channel, shard)| (channel, *shard))
    }

    /// Whether the manager has been started and not stopped since.
    #[must_use]
    pub fn is_running(&self) -> bool {
        self.running
    }

    /// Whether every connection has ended: nothing runs and nothing is being closed.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        let ended = |shard: &RosterShard<C>| match shard.health {
            Health::Stopped | Health::Dead => true,
            Health::Opening | Health::Up | Health::Down | Health::Closing => false,
        };
        self.closing.is_empty() && self.shards.values().all(ended)
    }

    pub(super) fn insert(&mut self, key: ShardKey, shard: RosterShard<C>) {
        if let Some(name) = &shard.spec.name {
            self.names.insert(Arc::clone(name), key);
        }
        self.shards.insert(key, shard);
    }

    pub(super) fn remove(&mut self, key: ShardKey) -> Option<RosterShard<C>> {
        let shard = self.shards.remove(&key)?;
        self.names.remove(shard.name());
        Some(shard)
    }

    /// Puts a channel on a shard, or on none; returns where it was.
    pub(super) fn seat(
        &mut self,
        channel: &C,
        shard: Option<ShardKey>,
        now: Instant,
    ) -> Option<ShardKey> {
        let from = match shard {
            Some(to) => self.homes.insert(channel.clone(), to),
            None => self.homes.remove(channel),
        };
        if let Some(old) = from.and_then(|key| self.shards.get_mut(&key)) {
            old.channels.remove(channel);
            if old.channels.is_empty() {
                old.empty_since = Some(now);
            }
        }
        if let Some(new) = shard.and_then(|key| self.shards.get_mut(&key)) {
            new.channels.insert(channel.clone());
            new.empty_since = None;
            new.idle = false;
        }
        from
    }
}

impl<C: fmt::Debug> Roster<C> {
    pub(super) fn taken(&self, name: &str) -> Option<String> {
        self.names.contains_key(name).then(|| name.into())
    }
}
