//! What every manager can be told.

use core::time::Duration;

/// Options that the [`Supervisor`](crate::manager::Supervisor) keeps for any manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// After how long a lost connection counts as [given up](crate::manager::Shard::is_given_up),
    /// so that its channels are moved elsewhere. `None` (the default): never, it keeps its
    /// channels and comes back with them. A shard reported dead counts at once when this is set.
    pub move_off_after: Option<Duration>,
    /// After how long without channels a shard counts as [idle](crate::manager::Shard::is_idle)
    /// and may be closed. `None` (the default): never.
    pub close_empty_after: Option<Duration>,
}
