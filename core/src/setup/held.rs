//! Events of guilds in setup, kept until the guild is ready.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::bounds::{ConfigError, within};
use crate::id::GuildId;

/// How many events may be held, over all guilds of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct HoldConfig {
    /// How many events. Default 65,536.
    pub events: usize,
    /// How many bytes of payload. Default 64 MiB: about a kilobyte for each event.
    pub bytes: usize,
}

impl Default for HoldConfig {
    fn default() -> Self {
        Self {
            events: 65_536,
            bytes: 64 * 1024 * 1024,
        }
    }
}

impl HoldConfig {
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let Self { events, bytes } = self;
        within("events", *events, &(1..=1 << 24))?;
        within("bytes", *bytes, &(1..=1 << 31))
    }
}

#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
struct GuildEvents<T> {
    events: Vec<T>,
    bytes: usize,
}

/// Held events by guild. Nothing is ever dropped: a guild whose events do not fit gets them
/// early, and holds no more until its setup ends.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct HeldEvents<T> {
    config: HoldConfig,
    kept: BTreeMap<GuildId, GuildEvents<T>>,
    /// Guilds that overflowed and are still in setup.
    spilled: BTreeSet<GuildId>,
    events: usize,
    bytes: usize,
}

/// What a guild held, delivered before it is ready.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Overflow<T> {
    /// All of the guild's events, in order, the one that did not fit last.
    pub(crate) events: Vec<T>,
    /// Their size in bytes.
    pub(crate) bytes: usize,
}

/// What became of an event that was to be held.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Holding<T> {
    Held,
    /// The guild overflowed before: deliver the event at once.
    Deliver(T),
    /// The guild overflows now.
    Overflow(Overflow<T>),
}

impl<T> HeldEvents<T> {
    /// Every event that is held.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn all(&mut self) -> impl Iterator<Item = &mut T> {
        self.kept.values_mut().flat_map(|kept| &mut kept.events)
    }

    /// The oldest event of each guild.
    pub(crate) fn oldest(&self) -> impl Iterator<Item = &T> {
        self.kept.values().filter_map(|kept| kept.events.first())
    }

    pub(crate) const fn new(config: HoldConfig) -> Self {
        Self {
            config,
            kept: BTreeMap::new(),
            spilled: BTreeSet::new(),
            events: 0,
            bytes: 0,
        }
    }

    /// Holds an event of `bytes` bytes, if it fits.
    pub(crate) fn hold(&mut self, guild: GuildId, event: T, bytes: usize) -> Holding<T> {
        if self.spilled.contains(&guild) {
            return Holding::Deliver(event);
        }
        let full = self.events >= self.config.events
            || self.bytes.saturating_add(bytes) > self.config.bytes;
        if full {
            let held = self.bytes_of(guild);
            let mut events = self.release(guild);
            events.push(event);
            self.spilled.insert(guild);
            let bytes = held.saturating_add(bytes);
            return Holding::Overflow(Overflow { events, bytes });
        }
        let kept = self.kept.entry(guild).or_insert_with(|| GuildEvents {
            events: Vec::new(),
            bytes: 0,
        });
        kept.events.push(event);
        kept.bytes = kept.bytes.saturating_add(bytes);
        self.events = self.events.saturating_add(1);
        self.bytes = self.bytes.saturating_add(bytes);
        Holding::Held
    }

    fn bytes_of(&self, guild: GuildId) -> usize {
        self.kept.get(&guild).map_or(0, |kept| kept.bytes)
    }

    /// The guild's setup has ended: its events, in order.
    pub(crate) fn release(&mut self, guild: GuildId) -> Vec<T> {
        self.spilled.remove(&guild);
        let Some(kept) = self.kept.remove(&guild) else {
            return Vec::new();
        };
        self.events = self.events.saturating_sub(kept.events.len());
        self.bytes = self.bytes.saturating_sub(kept.bytes);
        kept.events
    }

    /// The guilds for which anything is held or was spilled, ascending.
    pub(crate) fn guilds(&self) -> BTreeSet<GuildId> {
        let spilled = self.spilled.iter().copied();
        self.kept.keys().copied().chain(spilled).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guild(number: u64) -> GuildId {
        GuildId::new(number).unwrap()
    }

    #[test]
    fn events_come_back_in_order() {
        let mut held = HeldEvents::new(HoldConfig::default());
        for (id, event) in [(2, 'a'), (1, 'b'), (2, 'c'), (3, 'd')] {
            assert_eq!(held.hold(guild(id), event, 10), Holding::Held);
        }
        assert_eq!(held.release(guild(2)), ['a', 'c']);
        assert_eq!(held.release(guild(2)), []);
        assert_eq!(held.guilds(), [guild(1), guild(3)].into());
        assert_eq!(held.release(guild(1)), ['b']);
        assert_eq!(held.release(guild(3)), ['d']);
        assert_eq!((held.events, held.bytes), (0, 0));
    }

    #[test]
    fn overflow_loses_nothing() {
        for config in [
            HoldConfig {
                events: 2,
                bytes: 1000,
            },
            HoldConfig {
                events: 9,
                bytes: 20,
            },
        ] {
            let mut held = HeldEvents::new(config);
            assert_eq!(held.hold(guild(1), 'a', 10), Holding::Held);
            assert_eq!(held.hold(guild(2), 'b', 10), Holding::Held);
            let spilt = Overflow {
                events: ['a', 'c'].into(),
                bytes: 20,
            };
            assert_eq!(held.hold(guild(1), 'c', 10), Holding::Overflow(spilt));
            assert_eq!(held.hold(guild(1), 'd', 10), Holding::Deliver('d'));
            assert_eq!(held.hold(guild(2), 'e', 10), Holding::Held);
            assert_eq!(held.release(guild(1)), []);
            assert_eq!(held.release(guild(2)), ['b', 'e']);
            assert_eq!(held.hold(guild(1), 'f', 10), Holding::Held);
        }
    }
}
