//! What a bot tells its user.

use headcount_core::fleet::FleetEvent;
use headcount_core::{Event, ShardId};

/// News from a running bot.
///
/// Those of one shard come in its order. News of the fleet come after the shard's event that led
/// to them.
#[derive(Clone, Debug)]
pub enum BotEvent {
    /// News from one shard.
    Shard(ShardId, Event<'static>),
    /// News of the whole bot.
    Fleet(FleetEvent),
}
