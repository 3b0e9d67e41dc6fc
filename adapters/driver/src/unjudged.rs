//! Conditions of the user's that panicked, in place of an answer about a row.

use std::collections::BTreeMap;
use std::error::Error;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use headcount_core::ShardId;
use headcount_core::cache::{Candidate, Guard, Kind, Kinds};
use headcount_core::id::GuildId;

use crate::panics::{Panicked, caught};

/// A condition panicked over a row of this guild and kind, and counted as one that does not hold.
pub(crate) struct Unjudged {
    pub(crate) guild: Option<GuildId>,
    pub(crate) kind: Kind,
    pub(crate) panicked: Arc<Panicked>,
}

impl Unjudged {
    /// The kinds and the error, as of any other store.
    pub(crate) fn into_failure(self) -> (Kinds, Arc<dyn Error + Send + Sync>) {
        (self.kind.only(), self.panicked)
    }

    /// The shard that the row belongs to.
    pub(crate) fn shard(&self, total: NonZeroU32) -> ShardId {
        match self.guild {
            Some(guild) => ShardId::of_guild(guild, total),
            None => ShardId::of_direct_messages(total),
        }
    }
}

/// By guild and kind.
type ByPlace = BTreeMap<(Option<GuildId>, u32), Unjudged>;

/// Those that are not reported yet: one for each guild and kind.
#[derive(Clone, Default)]
pub(crate) struct UnjudgedRows(Arc<Mutex<ByPlace>>);

impl UnjudgedRows {
    /// Catches panics, and remembers them here.
    pub(crate) fn guard(&self) -> Guard {
        let rows = self.clone();
        Arc::new(move |row, ask| caught(ask).unwrap_or_else(|panicked| rows.add(row, panicked)))
    }

    fn add(&self, row: &Candidate<'_>, panicked: Panicked) -> bool {
        let (guild, kind) = (row.guild, row.row.kind());
        let place = (guild, kind.only().bits());
        self.lock().entry(place).or_insert_with(|| Unjudged {
            guild,
            kind,
            panicked: Arc::new(panicked),
        });
        false
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }

    /// All of them, which are then forgotten.
    pub(crate) fn take(&self) -> Vec<Unjudged> {
        std::mem::take(&mut *self.lock()).into_values().collect()
    }

    fn lock(&self) -> MutexGuard<'_, ByPlace> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
