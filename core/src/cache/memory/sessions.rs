//! Which guilds a new session leaves behind.

use alloc::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::ShardId;
use crate::cache::NewSession;
use crate::id::GuildId;

/// The sessions of the bot's shards, as far as they decide which guilds are gone.
///
/// While the bot changes its number of shards, a guild may have moved to a shard that has not
/// spoken yet; nothing goes until every shard of the new number has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Sessions {
    total: Option<u32>,
    /// Shards of the new number that have spoken, and what they named; `None` outside a change.
    change: Option<Change>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Change {
    heard: BTreeSet<u32>,
    named: BTreeSet<GuildId>,
}

/// Which guilds stay.
pub(super) enum Staying {
    /// All, for now.
    All,
    /// Those of other shards, and these.
    OthersAnd(ShardId, BTreeSet<GuildId>),
    /// These alone.
    These(BTreeSet<GuildId>),
}

impl Staying {
    pub(super) fn keeps(&self, guild: GuildId) -> bool {
        match self {
            Self::All => true,
            Self::OthersAnd(shard, named) => !shard.serves(guild) || named.contains(&guild),
            Self::These(named) => named.contains(&guild),
        }
    }
}

impl Sessions {
    /// The bot's number of shards, as far as a session has said it.
    pub(super) const fn total(&self) -> Option<u32> {
        self.total
    }

    /// A shard has a new session.
    pub(super) fn judge(&mut self, session: &NewSession) -> Staying {
        let total = session.shard.total();
        if self.total.is_some_and(|old| old != total) {
            self.change = Some(Change::default());
        }
        self.total = Some(total);
        let named = session.guilds.iter().copied();
        let Some(change) = &mut self.change else {
            return match session.is_whole {
                true => Staying::OthersAnd(session.shard, named.collect()),
                false => Staying::All,
            };
        };
        if !session.is_whole {
            change.named.extend(named);
            return Staying::All;
        }
        change.heard.insert(session.shard.number());
        change.named.extend(named);
        if change.heard.len() < total as usize {
            return Staying::All;
        }
        let named = core::mem::take(&mut change.named);
        self.change = None;
        Staying::These(named)
    }

    /// A guild has been delivered: it is there, even if no session named it.
    pub(super) fn delivered(&mut self, guild: GuildId) {
        if let Some(change) = &mut self.change {
            change.named.insert(guild);
        }
    }
}
