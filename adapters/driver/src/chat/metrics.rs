//! The chat as numbers.

use headcount_core::manager::Health;

use super::ChatHandle;
use crate::metrics::ChatMetrics;

impl ChatHandle {
    /// What the chat has done so far and how it stands, as plain numbers; the
    /// [`metrics`](crate::metrics) page lists them. The work grows with the number of rooms.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # fn ask(handle: &ChatHandle) {
    /// let metrics = handle.metrics();
    /// println!("{} of the rooms are joined", metrics.rooms.joined);
    /// println!("{} messages were dropped", metrics.missed);
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn metrics(&self) -> ChatMetrics {
        let waiting = self.shared().waiting();
        let pool = self.shared().pool();
        let managers = self.managers().iter();
        let rosters = managers.filter_map(|manager| pool.manager(*manager));
        let shards = rosters.flat_map(|manager| {
            let shards = manager.roster().shards();
            shards
                .map(|(_, shard)| shard.health())
                .collect::<Vec<Health>>()
        });
        ChatMetrics {
            counts: pool.counts().clone(),
            shards: shards.collect(),
            rooms: pool.room_counts(),
            missed: self.shared().missed(),
            waiting_events: waiting.events,
            waiting_bytes: waiting.bytes,
        }
    }
}
