//! What a bot tells its user.

use headcount_core::{Event, ShardId};

/// An event and the shard that it comes from.
#[derive(Clone, Debug)]
pub struct BotEvent {
    shard: ShardId,
    kind: Event<'static>,
}

impl BotEvent {
    pub(crate) fn new(shard: ShardId, event: Event<'_>) -> Self {
        Self {
            shard,
            kind: event.into_owned(),
        }
    }

    /// The shard that it comes from.
    #[must_use]
    pub fn shard(&self) -> ShardId {
        self.shard
    }

    /// What happened.
    #[must_use]
    pub fn kind(&self) -> &Event<'static> {
        &self.kind
    }

    /// What happened, by value.
    #[must_use]
    pub fn into_kind(self) -> Event<'static> {
        self.kind
    }
}
