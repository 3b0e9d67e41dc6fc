//! The gate of full requests: one per guild within a time.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use crate::Instant;
use crate::id::GuildId;

/// The guilds that may not be asked for everyone yet. Grows by sends alone, and shrinks by time.
#[derive(Clone, Debug, Default)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Gates {
    shut: BTreeMap<GuildId, Instant>,
    order: BTreeSet<(Instant, GuildId)>,
}

impl Gates {
    /// Shuts a guild's gate until a time, whatever it was before.
    pub(crate) fn shut(&mut self, guild: GuildId, until: Instant) {
        if let Some(before) = self.shut.insert(guild, until) {
            self.order.remove(&(before, guild));
        }
        self.order.insert((until, guild));
    }

    /// Keeps a guild's gate shut until a time at least.
    pub(crate) fn keep_shut(&mut self, guild: GuildId, until: Instant) {
        if until > self.opens(guild) {
            self.shut(guild, until);
        }
    }

    /// When the gate opens; the epoch when it is not shut.
    pub(crate) fn opens(&self, guild: GuildId) -> Instant {
        self.shut.get(&guild).copied().unwrap_or(Instant::ZERO)
    }

    /// The gates that are shut, and for how much longer, in milliseconds.
    pub(crate) fn export(&self, now: Instant) -> Vec<(GuildId, u64)> {
        let shut = self.shut.iter().filter(|(_, until)| **until > now);
        let left = |until: Instant| until.as_millis().saturating_sub(now.as_millis());
        shut.map(|(guild, until)| (*guild, left(*until))).collect()
    }

    /// Forgets the gates that are open again.
    pub(crate) fn prune(&mut self, now: Instant) {
        while let Some(&(until, guild)) = self.order.first() {
            if until > now {
                break;
            }
            self.order.pop_first();
            self.shut.remove(&guild);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn opens_in_time_and_forgets() {
        let at = Instant::from_millis;
        let (one, two) = (GuildId::new(1).unwrap(), GuildId::new(2).unwrap());
        let mut gates = Gates::default();
        gates.shut(one, at(30));
        gates.shut(one, at(50));
        gates.shut(two, at(40));
        gates.prune(at(39));
        assert_eq!((gates.opens(one), gates.opens(two)), (at(50), at(40)));
        gates.prune(at(40));
        assert_eq!((gates.opens(one), gates.opens(two)), (at(50), at(0)));
        gates.prune(at(50));
        assert!(gates.shut.is_empty() && gates.order.is_empty());
    }
}
