//! What mutations displaced in the cache, on its way to the events that displaced it.

use std::collections::BTreeMap;

use headcount_core::cache::Mutation;
use headcount_core::cache::memory::Displaced;
use headcount_core::{Event, Instant};

use crate::cache::Cache;
use crate::unjudged::Unjudged;

/// One shard's displaced rows by sequence. An event of a guild in setup may be held back, so its
/// rows wait here for it.
#[derive(Default)]
pub(crate) struct OldValues(BTreeMap<u64, Displaced>);

impl OldValues {
    /// Applies a mutation; with `keep`, keeps what it displaced for its event. Says which rows a
    /// predicate panicked over.
    pub(crate) fn apply(
        &mut self,
        cache: &Cache,
        now: Instant,
        mutation: Mutation<'_>,
        keep: bool,
    ) -> Vec<Unjudged> {
        let sequence = mutation.origin().map(|(_, sequence)| sequence);
        let (displaced, unjudged) = cache.apply(now, mutation, keep);
        if let (Some(sequence), false) = (sequence, displaced.is_empty()) {
            self.0.insert(sequence, displaced);
        }
        unjudged
    }

    /// Gives an event what it displaced.
    pub(crate) fn attach(&mut self, event: &mut Event<'_>) {
        if let Event::Dispatch(dispatch) = event
            && let Some(sequence) = dispatch.sequence()
            && let Some(displaced) = self.0.remove(&sequence)
        {
            dispatch.set_displaced(displaced);
        }
    }
}
