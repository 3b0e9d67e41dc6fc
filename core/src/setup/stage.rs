//! Where a guild stands, where it came from, and how its setup ended.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::Instant;
use crate::cache::Lack;
use crate::chunk::RequestId;

/// How a guild came into setup; chooses the event at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Origin {
    /// Listed in READY: ends in `GuildReady`.
    Initial,
    /// Not known before, the bot was added: ends in `GuildJoin`.
    Join,
    /// Known, and back from an outage, too late for its READY, or handed over by an earlier process
    /// and asked for its members here: ends in `GuildRestored`.
    Returned,
}

/// How many members a guild has, and how many were listed to us.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub struct MemberCount {
    /// The guild's own count when it came.
    pub expected: u64,
    /// Members listed that could be read: by the guild itself, or by the chunks of the last
    /// attempt.
    pub received: u64,
}

/// How the setup of a guild ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub enum Outcome {
    /// All its members have come, and every one could be read.
    Complete,
    /// Some chunks have come, but these indexes have not; empty when the request was cut short
    /// before the number of chunks was known.
    Incomplete {
        /// Chunk indexes, ascending.
        missing: Vec<u32>,
    },
    /// All its members were listed, but some could not be read. It is not asked again by itself.
    Unread {
        /// How many.
        members: u64,
    },
    /// It lists fewer members than it has, and nobody asked for the others.
    NotAsked,
    /// The connection lacks the members intent: nobody may ask, and no event says who comes and
    /// goes.
    NoIntent,
    /// It came in an earlier process, which handed its session over without the rows, or without
    /// all that are kept here: what it listed there is not known, even if its members have come
    /// since. Known again when it is delivered anew.
    HandedOver,
    /// A store failed to keep some of what came, or was not known to have kept it when the shard
    /// ended: it is not whole, whatever has come. Whole again when it is delivered anew.
    StoreFailed,
    /// Nothing came: the guild itself did not, or not a single chunk of its members did.
    Missed,
    /// The guild is in an outage.
    Unavailable,
    /// The guild was left or deleted.
    Removed,
    /// The server refused to list the members (`RATE_LIMITED`).
    Refused,
}

impl Outcome {
    /// Its name in metrics and on the status page.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Incomplete { .. } => "incomplete",
            Self::Unread { .. } => "unread",
            Self::NotAsked => "not_asked",
            Self::NoIntent => "no_intent",
            Self::HandedOver => "handed_over",
            Self::StoreFailed => "store_failed",
            Self::Missed => "missed",
            Self::Unavailable => "unavailable",
            Self::Removed => "removed",
            Self::Refused => "refused",
        }
    }

    /// Why the guild's member list is not whole; `None` if it is.
    #[must_use]
    pub const fn lack(&self) -> Option<Lack> {
        match self {
            Self::Complete => None,
            Self::Incomplete { .. } | Self::Missed | Self::Refused => Some(Lack::Unanswered),
            Self::Unread { members } => Some(Lack::Unread(*members)),
            Self::NotAsked => Some(Lack::NotAsked),
            Self::NoIntent => Some(Lack::NoIntent),
            Self::HandedOver => Some(Lack::HandedOver),
            Self::StoreFailed => Some(Lack::StoreFailed),
            Self::Unavailable | Self::Removed => Some(Lack::Stale),
        }
    }
}

/// Where a guild stands in setup. Every guild known to a shard is in exactly one stage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Listed in READY, and nothing has come yet.
    Expected,
    /// Client accounts only: the guild has come, and its sync is wanted.
    Syncing {
        /// How it came into setup.
        origin: Origin,
        /// Its members as listed by the guild itself.
        members: MemberCount,
    },
    /// Its members are asked for; no chunk of the last attempt has come.
    Requested {
        /// How it came into setup.
        origin: Origin,
        /// The request.
        request: RequestId,
        /// None received yet.
        members: MemberCount,
    },
    /// Part of its members has come.
    Receiving {
        /// How it came into setup.
        origin: Origin,
        /// The request.
        request: RequestId,
        /// How far the last attempt is.
        members: MemberCount,
    },
    /// All that it waited for has come, or will not; the host has not said yet whether its changes
    /// are stored. Only where the host does so
    /// ([`SetupConfig::confirm`](super::SetupConfig::confirm)).
    Storing {
        /// How it came into setup.
        origin: Origin,
        /// The member request behind it; `None` when none was made.
        request: Option<RequestId>,
        /// How it will end if all is stored.
        outcome: Outcome,
        /// Its members as listed.
        members: MemberCount,
    },
    /// Set up.
    Ready {
        /// How it came into setup.
        origin: Origin,
        /// Whether its members are complete.
        outcome: Outcome,
        /// Its members as listed.
        members: MemberCount,
    },
    /// Listed in READY, but it did not come in time; it may still.
    Missed,
    /// In an outage.
    Unavailable,
}

impl Stage {
    /// Its name in metrics and on the status page.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Expected => "expected",
            Self::Syncing { .. } => "syncing",
            Self::Requested { .. } => "requested",
            Self::Receiving { .. } => "receiving",
            Self::Storing { .. } => "storing",
            Self::Ready { .. } => "ready",
            Self::Missed => "missed",
            Self::Unavailable => "unavailable",
        }
    }
}

/// A stage with the time at which it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TimedStage {
    pub(crate) since: Instant,
    pub(crate) stage: Stage,
}
