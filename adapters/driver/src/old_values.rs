//! What mutations displaced in the cache, on its way to the events that displaced it.

use std::collections::BTreeMap;

use headcount_core::cache::Mutation;
use headcount_core::cache::memory::Displaced;
use headcount_core::{Event, Instant};

use crate::cache::Cache;
use crate::unjudged::Unjudged;

/// The most that waits for its event, in bytes: as much as the payloads of the events that are held
/// by default.
const LIMIT: usize = 64 << 20;

/// One shard's displaced rows by sequence. An event of a guild in setup may be held back, so its
/// rows wait here for it; where they are too many, the events that have waited the longest go
/// without them.
#[derive(Default)]
pub(crate) struct OldValues {
    kept: BTreeMap<u64, Displaced>,
    bytes: usize,
}

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
        let sequence = mutation.origin().map(|at| at.sequence);
        let (displaced, unjudged) = cache.apply(now, mutation, keep);
        if let (Some(sequence), false) = (sequence, displaced.is_empty()) {
            self.keep(sequence, displaced);
        }
        unjudged
    }

    fn keep(&mut self, sequence: u64, displaced: Displaced) {
        self.bytes += weight(&displaced);
        if let Some(earlier) = self.kept.insert(sequence, displaced) {
            self.bytes -= weight(&earlier);
        }
        while self.bytes > LIMIT && self.kept.len() > 1 {
            let Some((sequence, dropped)) = self.kept.pop_first() else {
                return;
            };
            self.bytes -= weight(&dropped);
            tracing::warn!(sequence, "an event that is held loses its old values");
        }
    }

    /// Forgets what waits for events that do not come: those before the oldest that is held, or all
    /// of them.
    pub(crate) fn forget_before(&mut self, held: impl FnOnce() -> Option<u64>) {
        if self.kept.is_empty() {
            return;
        }
        self.kept = match held() {
            Some(held) => self.kept.split_off(&held),
            None => BTreeMap::new(),
        };
        self.bytes = self.kept.values().map(weight).sum();
    }

    fn take(&mut self, sequence: u64) -> Option<Displaced> {
        let displaced = self.kept.remove(&sequence)?;
        self.bytes -= weight(&displaced);
        Some(displaced)
    }

    /// Gives an event what it displaced.
    pub(crate) fn attach(&mut self, event: &mut Event<'_>) {
        if let Event::Dispatch(dispatch) = event
            && let Some(sequence) = dispatch.sequence()
            && let Some(displaced) = self.take(sequence)
        {
            dispatch.set_displaced(displaced);
        }
    }
}

fn weight(displaced: &Displaced) -> usize {
    displaced.bytes() + size_of::<Displaced>()
}

#[cfg(test)]
mod tests {
    use headcount_core::wire::view::Emoji;

    use super::*;

    fn old(bytes: usize) -> Displaced {
        let mut displaced = Displaced::default();
        displaced.emojis = Vec::with_capacity(bytes / size_of::<Emoji<'_>>());
        displaced
    }

    #[test]
    fn what_no_event_will_come_for_is_forgotten() {
        let mut values = OldValues::default();
        for sequence in 1..=4 {
            values.keep(sequence, old(64));
        }
        values.forget_before(|| Some(3));
        assert!(values.take(2).is_none());
        assert!(values.take(3).is_some());
        assert_eq!(values.bytes, weight(&old(64)));
        values.forget_before(|| None);
        assert!(values.take(4).is_none());
        assert_eq!(values.bytes, 0);
        values.forget_before(|| unreachable!("nothing waits"));
    }

    #[test]
    fn what_waits_is_bounded_in_bytes_and_the_oldest_goes() {
        let mut values = OldValues::default();
        let each = weight(&old(1 << 20));
        let fit = u64::try_from(LIMIT / each).expect("small");
        for sequence in 0..fit + 10 {
            values.keep(sequence, old(1 << 20));
            assert!(values.bytes <= LIMIT);
        }
        assert!(values.take(9).is_none());
        assert!(values.take(10).is_some());
        values.keep(fit, old(1 << 20));
        for sequence in 0..fit + 10 {
            let _ = values.take(sequence);
        }
        assert_eq!((values.bytes, values.kept.len()), (0, 0));
        values.keep(7, old(LIMIT));
        assert!(
            values.take(7).is_some(),
            "one that is too large waits alone"
        );
    }
}
