//! Failures of what a host runs around the core: its connections and its stores.

use alloc::sync::Arc;
use core::error::Error;

use crate::cache::Kinds;
use crate::id::GuildId;

/// A store failed to apply a change, as often as it was tried: it returned an error, took too long,
/// or panicked, which is not tried again.
///
/// The guild's rows are stale from here on, until the guild is delivered anew. The event whose
/// change it was follows all the same, and
/// [`is_unstored`](crate::Dispatch::is_unstored) holds for it. A guild that is not set up yet ends
/// as [`StoreFailed`](crate::setup::Outcome::StoreFailed); for one that is,
/// [`GuildStale`](crate::Event::GuildStale) is emitted.
///
/// The cache in memory fails so too, when a predicate of yours panics over one of its rows: the row
/// counts as one for which the predicate does not hold.
#[derive(Clone, Debug)]
pub struct StoreFailure {
    /// The guild that the change was about; `None` if it was about none.
    pub guild: Option<GuildId>,
    /// The event's sequence number; `None` if no event led to the change.
    pub sequence: Option<u64>,
    /// The kinds that the store keeps.
    pub kinds: Kinds,
    /// The store's error, of its own type, or the driver's for a panic or a store that took too
    /// long.
    pub error: Arc<dyn Error + Send + Sync>,
}

/// A connection could not be opened, or broke, and why.
///
/// The shard's [`StateChanged`](crate::Event::StateChanged) follows; it goes on by itself. A
/// connection that the gateway closed with a code is none of these.
#[derive(Clone, Debug)]
pub struct ConnectionFailure {
    /// Whether it had been open.
    pub opened: bool,
    /// What happened, as the driver's own error: `downcast_ref` gives its kind. Its
    /// [`source`](Error::source) is the whole chain of causes, and `{:#}` prints it in one line.
    pub error: Arc<dyn Error + Send + Sync>,
}
