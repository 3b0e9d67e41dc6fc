//! What a bot's user takes from it.

use std::time::SystemTime;

use headcount_core::{Event, Position, ShardId};

use crate::acknowledgements::Mark;

/// One event of a running bot.
///
/// Events of one shard come in its order, except that those of a guild whose store is slow come
/// later than those of other guilds: an event never comes before its change is stored. Events of
/// the whole bot follow the shard's event that led to them. Shards keep no order among each other.
#[derive(Debug)]
#[non_exhaustive]
pub struct BotEvent {
    /// The shard that it is about; `None` if it is about the whole bot.
    pub shard: Option<ShardId>,
    /// What happened.
    pub event: Event<'static>,
    /// The dispatch that it is, or follows from; `None` before the shard's first session. The key
    /// that distinguishes a dispatch that is replayed after a restart from a new one.
    pub position: Option<Position>,
    /// What says that it is dealt with, under
    /// [`Acknowledgement::Explicit`](crate::Acknowledgement::Explicit) alone.
    pub mark: Option<Mark>,
}

impl BotEvent {
    /// An event of one shard.
    pub(crate) fn of_shard(shard: ShardId, event: Event<'static>, mark: Option<Mark>) -> Self {
        Self {
            shard: Some(shard),
            event,
            position: mark.as_ref().map(Mark::position),
            mark,
        }
    }

    /// An event of the whole bot, which follows from one of a shard.
    pub(crate) fn of_bot(event: Event<'static>, mark: Option<Mark>) -> Self {
        Self {
            shard: None,
            event,
            position: mark.as_ref().map(Mark::position),
            mark,
        }
    }

    /// Whether this is an interaction that came in a replay, more than three seconds after it was
    /// made: the service takes no answer to it any more.
    #[must_use]
    pub fn is_late(&self) -> bool {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let dispatch = self.event.dispatch();
        dispatch.is_some_and(|dispatch| dispatch.is_late(now.unwrap_or_default()))
    }

    /// The same for somebody else than the consumer, with whom alone it counts as dealt with.
    pub(crate) fn copy(&self) -> Self {
        Self {
            shard: self.shard,
            event: self.event.clone(),
            position: self.position,
            mark: None,
        }
    }
}
