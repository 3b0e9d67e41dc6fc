//! What a store does as time goes on.

use crate::Instant;
use crate::cache::memory::MemoryStore;
use crate::cache::memory::limits::Touched;

impl MemoryStore {
    /// Sets the time, evicts the rows that have expired by it, and returns how many these are.
    /// Cheap when none has. Frees some rows of a large guild that has gone.
    ///
    /// A host calls it before each mutation; where mutations are rare, with a timer too. An
    /// earlier time than one before counts as unchanged.
    pub fn advance(&mut self, now: Instant) -> usize {
        self.free_some();
        let noted = self.shared.users.has_noted();
        let Some(limits) = &mut self.limits else {
            return 0;
        };
        limits.set_now(now);
        if !noted && !limits.may_expire() {
            return 0;
        }
        self.settle(Touched::default())
    }

    /// When [`MemoryStore::advance`] may have something to do next: at once while a guild that has
    /// gone is not freed yet; `None` if no policy has an age. Rows that come meanwhile do not live
    /// for less.
    ///
    /// It may be too early, never too late. It changes with each mutation and each call of
    /// `advance`.
    #[must_use]
    pub fn next_expiry(&self) -> Option<Instant> {
        match self.leaving.is_empty() {
            true => self.limits.as_ref()?.next_expiry(),
            false => Some(Instant::ZERO),
        }
    }
}
