//! What the user receives.

mod bot;
mod failure;
mod gap;
mod subject;

use alloc::boxed::Box;

use crate::chunk::ChunkRequestFinished;
use crate::dispatch::Dispatch;
use crate::id::GuildId;
use crate::session::{Halt, Phase, Reason};
use crate::setup::{
    GuildLeave, GuildReady, GuildStale, GuildUnavailable, ShardFinishedChunking, ShardReady,
};
use crate::time::Instant;

pub use crate::misunderstood::{Fault, Misunderstood};
pub use bot::{BotReady, FinishedChunking, PresencesCounts};
pub use failure::{ConnectionFailure, StoreFailure};
pub use gap::{Gap, GapCause};
pub use subject::Subject;

/// Something that happened to a shard, to the whole bot, or to what a host runs around them.
///
/// A shard emits the events of one payload in this order: the dispatch, what of it was not
/// understood, requests that finished, the guild that became ready, events held for that guild, the
/// end of chunking, the shard's readiness. The fleet's events follow the shard's event that led to
/// them: the end of chunking first, then readiness. Variants that only a [`Fleet`] or only a driver
/// emits say so; a [`Shard`](crate::Shard) emits all others and none of those.
///
/// [`Fleet`]: crate::fleet::Fleet
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'i> {
    /// An event of the gateway. Every dispatch comes, in order of sequence and once per session.
    Dispatch(Dispatch<'i>),
    /// A payload was not understood, or not all of it. Comes right after the dispatch, if it is
    /// one that could be delivered, and once for each payload.
    Misunderstood(Box<Misunderstood>),
    /// The connection's state changed.
    StateChanged(StateChanged),
    /// A session goes on; `replayed` missed events have been delivered.
    Resumed {
        /// How many.
        replayed: u64,
    },
    /// Dispatches are missing: above all since the session is gone, and a new one begins with the
    /// next READY.
    Gap(Gap),
    /// The shard has ended for good. The last event.
    Halted(Halt),
    /// What became of a command that was queued with [`Shard::send`](crate::Shard::send).
    CommandFinished(CommandFinished),
    /// A guild of READY is ready.
    GuildReady(Box<GuildReady>),
    /// The bot was added to a guild, and that guild is ready.
    GuildJoin(Box<GuildReady>),
    /// A guild is back from an outage, and ready.
    GuildRestored(Box<GuildReady>),
    /// A guild is in an outage. What the cache has of it is kept, and stale.
    GuildUnavailable(GuildUnavailable),
    /// A store failed to keep a change of a guild that is set up.
    GuildStale(GuildStale),
    /// The bot is no longer in a guild.
    GuildLeave(GuildLeave),
    /// Events held for a guild in setup were more than the bounds allow. They follow.
    HeldOverflow(HeldOverflow),
    /// A member request has ended.
    ChunkRequestFinished(Box<ChunkRequestFinished>),
    /// Every guild of READY has its outcome; once per fresh identify.
    ShardFinishedChunking(Box<ShardFinishedChunking>),
    /// No guild of READY is pending; once per fresh identify.
    ShardReady(ShardReady),
    /// Every expected shard has finished chunking. From the fleet alone, once in its life.
    FinishedChunking(FinishedChunking),
    /// Every expected shard has been ready. From the fleet alone, once in its life.
    BotReady(BotReady),
    /// Few identifies are left for the day. From the fleet alone, once until the budget is full
    /// again.
    IdentifyBudgetLow {
        /// How many.
        remaining: u32,
        /// When the budget is full again.
        until: Instant,
    },
    /// Shards wait for an identify until the budget is full again. From the fleet alone, once until
    /// then.
    IdentifyBudgetSpent {
        /// When that is.
        until: Instant,
    },
    /// A store failed to apply what the event that follows changes. From the driver alone.
    StoreFailed(StoreFailure),
    /// A connection could not be opened, or broke: why, in the words of whoever noticed. From the
    /// driver alone.
    ConnectionFailed(ConnectionFailure),
}

/// The connection's state changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChanged {
    /// The state before.
    pub from: Phase,
    /// The state now.
    pub to: Phase,
    /// Why.
    pub reason: Reason,
}

/// A guild in setup had more events held than the bounds allow: they came before it is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HeldOverflow {
    /// The guild. Its events are delivered at once until it is ready.
    pub guild: GuildId,
    /// Events delivered early.
    pub events: usize,
    /// Their size, in bytes.
    pub bytes: usize,
}

/// Names a queued command; unique within a shard, ascending.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct Ticket(pub(crate) u64);

/// What became of a queued command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandFinished {
    /// Which one.
    pub ticket: Ticket,
    /// What became of it.
    pub outcome: CommandOutcome,
}

/// What became of a queued command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CommandOutcome {
    /// It was handed to the connection. The gateway does not confirm commands.
    Sent,
    /// A later presence took its place before it was sent.
    Replaced,
    /// The session ended before there was room to send it.
    SessionLost,
    /// The shard ended.
    Halted,
}

impl CommandOutcome {
    /// Its name in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Replaced => "replaced",
            Self::SessionLost => "session_lost",
            Self::Halted => "halted",
        }
    }
}

impl Event<'_> {
    /// The event of the gateway, if it is one.
    #[must_use]
    pub const fn dispatch(&self) -> Option<&Dispatch<'_>> {
        if let Self::Dispatch(dispatch) = self {
            return Some(dispatch);
        }
        None
    }

    /// The same event, owning its data, so that it can cross tasks.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Dispatch(dispatch) => Event::Dispatch(dispatch.into_owned()),
            Self::Misunderstood(it) => Event::Misunderstood(it),
            Self::StateChanged(it) => Event::StateChanged(it),
            Self::Resumed { replayed } => Event::Resumed { replayed },
            Self::Gap(it) => Event::Gap(it),
            Self::Halted(it) => Event::Halted(it),
            Self::CommandFinished(it) => Event::CommandFinished(it),
            Self::GuildReady(it) => Event::GuildReady(it),
            Self::GuildJoin(it) => Event::GuildJoin(it),
            Self::GuildRestored(it) => Event::GuildRestored(it),
            Self::GuildUnavailable(it) => Event::GuildUnavailable(it),
            Self::GuildStale(it) => Event::GuildStale(it),
            Self::GuildLeave(it) => Event::GuildLeave(it),
            Self::HeldOverflow(it) => Event::HeldOverflow(it),
            Self::ChunkRequestFinished(it) => Event::ChunkRequestFinished(it),
            Self::ShardFinishedChunking(it) => Event::ShardFinishedChunking(it),
            Self::ShardReady(it) => Event::ShardReady(it),
            Self::FinishedChunking(it) => Event::FinishedChunking(it),
            Self::BotReady(it) => Event::BotReady(it),
            Self::IdentifyBudgetLow { remaining, until } => {
                Event::IdentifyBudgetLow { remaining, until }
            }
            Self::IdentifyBudgetSpent { until } => Event::IdentifyBudgetSpent { until },
            Self::StoreFailed(it) => Event::StoreFailed(it),
            Self::ConnectionFailed(it) => Event::ConnectionFailed(it),
        }
    }
}
