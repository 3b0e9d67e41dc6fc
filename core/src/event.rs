//! What the user is told.

use alloc::boxed::Box;

use crate::chunk::ChunkRequestFinished;
use crate::dispatch::Dispatch;
use crate::id::GuildId;
use crate::session::{Halt, Phase, Reason};
use crate::setup::{
    GuildLeave, GuildReady, GuildStale, GuildUnavailable, ShardFinishedChunking, ShardReady,
};

pub use crate::misunderstood::{Fault, Misunderstood};

/// News from one shard.
///
/// Of one payload they come in this order: the dispatch, what of it was not understood, requests
/// that finished, the guild that became ready, events held for that guild, the end of chunking,
/// the shard's readiness.
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
    /// The session is gone. A new one begins with the next READY; what happened meanwhile is
    /// not told.
    SessionLost(SessionLost),
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

/// Why a session is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SessionLost {
    /// The gateway will not resume it, or has begun another one in its place.
    Refused,
    /// As many resumes in a row failed as the configuration allows.
    ResumesFailed,
    /// Its id is longer than a payload may be, so that it cannot be sent back.
    IdTooLong,
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

impl Event<'_> {
    /// The same event, owning its data, so that it can cross tasks.
    #[must_use]
    pub fn into_owned(self) -> Event<'static> {
        match self {
            Self::Dispatch(dispatch) => Event::Dispatch(dispatch.into_owned()),
            Self::Misunderstood(news) => Event::Misunderstood(news),
            Self::StateChanged(news) => Event::StateChanged(news),
            Self::Resumed { replayed } => Event::Resumed { replayed },
            Self::SessionLost(news) => Event::SessionLost(news),
            Self::Halted(news) => Event::Halted(news),
            Self::CommandFinished(news) => Event::CommandFinished(news),
            Self::GuildReady(news) => Event::GuildReady(news),
            Self::GuildJoin(news) => Event::GuildJoin(news),
            Self::GuildRestored(news) => Event::GuildRestored(news),
            Self::GuildUnavailable(news) => Event::GuildUnavailable(news),
            Self::GuildStale(news) => Event::GuildStale(news),
            Self::GuildLeave(news) => Event::GuildLeave(news),
            Self::HeldOverflow(news) => Event::HeldOverflow(news),
            Self::ChunkRequestFinished(news) => Event::ChunkRequestFinished(news),
            Self::ShardFinishedChunking(news) => Event::ShardFinishedChunking(news),
            Self::ShardReady(news) => Event::ShardReady(news),
        }
    }
}
