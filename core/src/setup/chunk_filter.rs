//! A condition on the guilds that are asked for their members.

use alloc::sync::Arc;
use core::fmt;

use crate::id::GuildId;

/// A guild that has come, as a [`ChunkFilter`] sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ChunkCandidate {
    /// The guild.
    pub guild: GuildId,
    /// How many members it has; `None` if it does not say so in a form that can be read.
    pub members: Option<u64>,
    /// How many of them it lists.
    pub listed: u64,
    /// Whether the server calls it large.
    pub large: bool,
}

type Holds = dyn Fn(&ChunkCandidate) -> bool + Send + Sync;

/// A condition on a guild that has come. Two are equal if they are the same function.
#[derive(Clone)]
pub struct ChunkFilter(Arc<Holds>);

impl ChunkFilter {
    /// Holds of a guild if `holds` says so. The session waits for the answer, which should be
    /// quick; it must not panic.
    #[must_use]
    pub fn new(holds: impl Fn(&ChunkCandidate) -> bool + Send + Sync + 'static) -> Self {
        Self(Arc::new(holds))
    }

    pub(super) fn holds(&self, of: &ChunkCandidate) -> bool {
        (self.0)(of)
    }
}

impl fmt::Debug for ChunkFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChunkFilter").finish_non_exhaustive()
    }
}

impl PartialEq for ChunkFilter {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for ChunkFilter {}
