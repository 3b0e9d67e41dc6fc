//! What a bot tells its user.

use headcount_core::fleet::FleetEvent;
use headcount_core::{Event, ShardId};

use crate::{ConnectionFailure, StoreFailure};

/// News from a running bot.
///
/// Those of one shard come in its order, except that events of a guild whose store is slow come
/// later than those of other guilds. News of the fleet come after the shard's event that led to
/// them.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum BotEvent {
    /// News from one shard.
    Shard(ShardId, Event<'static>),
    /// News of the whole bot.
    Fleet(FleetEvent),
    /// A store failed to apply what the event that follows changes.
    StoreFailed(StoreFailure),
    /// A connection could not be opened, or broke: why, in the words of whoever noticed.
    ConnectionFailed(ConnectionFailure),
}
