//! The settings that every manager has.

use core::time::Duration;

use crate::bounds::pause;
use crate::manager::Refusal;

/// Options that the [`Supervisor`](crate::manager::Supervisor) keeps for any manager.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// After how long a lost connection counts as [given
    /// up](crate::manager::RosterShard::is_given_up), so that its channels are moved elsewhere.
    /// `None` (the default): never, it keeps its channels and comes back with them. A shard
    /// reported dead counts at once when this is set.
    pub move_off_after: Option<Duration>,
    /// After how long without channels a shard counts as
    /// [idle](crate::manager::RosterShard::is_idle) and may be closed. `None` (the default): never.
    pub close_empty_after: Option<Duration>,
}

impl Options {
    pub(super) fn check<C>(&self) -> Result<(), Refusal<C>> {
        let Self {
            move_off_after,
            close_empty_after,
        } = self;
        let refused = |_| Refusal::Options("a wait must not be longer than a day");
        pause("move_off_after", move_off_after.unwrap_or_default()).map_err(refused)?;
        pause("close_empty_after", close_empty_after.unwrap_or_default()).map_err(refused)
    }
}
