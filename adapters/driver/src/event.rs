//! What a bot's user takes from it.

use headcount_core::{Event, ShardId};

/// One event of a running bot.
///
/// Events of one shard come in its order, except that those of a guild whose store is slow come
/// later than those of other guilds: an event never comes before its change is stored. Events of
/// the whole bot follow the shard's event that led to them. Shards keep no order among each other.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct BotEvent {
    /// The shard that it is about; `None` if it is about the whole bot.
    pub shard: Option<ShardId>,
    /// What happened.
    pub event: Event<'static>,
}

impl BotEvent {
    /// An event of one shard.
    pub(crate) const fn of_shard(shard: ShardId, event: Event<'static>) -> Self {
        Self {
            shard: Some(shard),
            event,
        }
    }

    /// An event of the whole bot.
    pub(crate) const fn of_bot(event: Event<'static>) -> Self {
        Self { shard: None, event }
    }

    /// The same for somebody else than the consumer.
    pub(crate) fn copy(&self) -> Self {
        self.clone()
    }
}
