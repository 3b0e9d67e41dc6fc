//! Changes that failed: whoever reads finds the rows of their guilds stale.

use futures_util::future::join_all;
use headcount_core::Position;
use headcount_core::cache::memory::Applied;
use headcount_core::id::GuildId;

use crate::error::CoordinatorError;
use crate::rows::RowStore;
use crate::rows::error::RowsError;
use crate::rows::head::change_name;
use crate::rows::known::WrittenGuilds;

/// So many guilds at most are marked after a change, at the same time.
const AT_A_TIME: usize = 16;

/// What of a guild may not be there, as whoever reads is to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailedChange {
    /// This one: whoever goes on with it ends it.
    Change(Option<Position>),
    /// More than one: only a delivery anew ends it.
    Lost,
}

impl FailedChange {
    /// Its name in the head of its guild.
    fn name(self) -> String {
        match self {
            Self::Change(origin) => change_name(origin),
            Self::Lost => "lost".to_owned(),
        }
    }
}

/// A guild that is being marked, or else is to be.
struct MarkUnderWay<'a> {
    known: &'a WrittenGuilds,
    guild: GuildId,
    change: FailedChange,
    is_marked: bool,
}

impl Drop for MarkUnderWay<'_> {
    fn drop(&mut self) {
        if !self.is_marked {
            self.known.distrust(self.guild, self.change);
        }
    }
}

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
        let marks = self.known.take_distrusted(AT_A_TIME).into_iter();
        // Each is put back if this ends early, also one that has not begun.
        let marks = marks.map(|(guild, change)| MarkUnderWay {
            known: &self.known,
            guild,
            change,
            is_marked: false,
        });
        join_all(marks.map(|under_way| self.settle(under_way))).await;
    }

    async fn settle(&self, mut under_way: MarkUnderWay<'_>) {
        let marked = self.mark(under_way.guild, under_way.change).await;
        // Anything but no answer will be no other one the next time.
        under_way.is_marked = !matches!(marked, Ok(false) | Err(RowsError::NoAnswer(_)));
    }

    /// Has readers see that a change is missing, unless it is there or the rows are not for it.
    /// `false` if the rows were written meanwhile.
    async fn mark(&self, guild: GuildId, change: FailedChange) -> Result<bool, RowsError> {
        let keys = self.keys(guild);
        let Some(head) = self.link.head(&keys).await? else {
            return Ok(true);
        };
        if let FailedChange::Change(origin) = change
            && (head.includes(origin) || self.is_superseded(guild, &head, origin))
        {
            return Ok(true);
        }
        let is_lost = change == FailedChange::Lost;
        let call = (head.revision, &*change.name(), is_lost);
        self.link.mark_failed(&keys, call).await
    }
}
