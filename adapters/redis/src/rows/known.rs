//! What a store knows of guilds without asking.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use headcount_core::Position;
use headcount_core::id::GuildId;

use crate::rows::head::GuildHead;

/// Of so many guilds at most something is known.
const MOST: usize = 1 << 16;

/// What is known of a guild without asking.
#[derive(Clone, Debug)]
pub(crate) enum Known {
    /// How it was written here last.
    Head(GuildHead),
    /// Redis lost what it was given. The dispatch at which that was noticed fails, however often
    /// it is tried.
    Lost(Position),
}

/// What a store knows of guilds without asking.
#[derive(Debug, Default)]
pub(crate) struct KnownHeads(Mutex<BTreeMap<GuildId, Known>>);

impl KnownHeads {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<GuildId, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, guild: GuildId) -> Option<Known> {
        self.lock().get(&guild).cloned()
    }

    pub(crate) fn set(&self, guild: GuildId, known: Known) {
        let mut all = self.lock();
        all.insert(guild, known);
        if all.len() > MOST {
            let other = all.keys().copied().find(|other| *other != guild);
            other.map(|other| all.remove(&other));
        }
    }

    pub(crate) fn forget(&self, guild: GuildId) {
        self.lock().remove(&guild);
    }
}
