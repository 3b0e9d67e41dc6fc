//! Changes that failed: whoever reads finds the rows of their guilds stale.

use headcount_core::Position;
use headcount_core::cache::memory::Applied;
use headcount_core::id::GuildId;

use crate::error::CoordinatorError;
use crate::rows::RowStore;
use crate::rows::error::RowsError;
use crate::rows::head::change_name;

/// So many guilds at most are marked after a change.
const AT_A_TIME: usize = 16;

impl RowStore {
    /// Marks guilds of which a change failed, the last one or one before, some after each change.
    /// Where Redis does not take it they are left to the next one.
    pub(crate) async fn mark_failed(&self, last: &Result<Applied, RowsError>) {
        if let Err(RowsError::NoAnswer(
            CoordinatorError::Unreachable(_) | CoordinatorError::TimedOut,
        )) = last
        {
            return;
        }
        for (guild, change) in self.known.unmarked(AT_A_TIME) {
            if let Err(RowsError::NoAnswer(_)) = self.mark(guild, change).await {
                return;
            }
            self.known.marked(guild);
        }
    }

    /// Has readers see that a change is missing, unless it is there or the rows are not for it.
    async fn mark(&self, guild: GuildId, change: Option<Position>) -> Result<(), RowsError> {
        let keys = self.keys(guild);
        let Some(head) = self.link.head(&keys).await? else {
            return Ok(());
        };
        if head.includes(change) || self.is_superseded(guild, &head, change) {
            return Ok(());
        }
        let name = change_name(change);
        self.link.mark_failed(&keys, head.revision, &name).await
    }
}
