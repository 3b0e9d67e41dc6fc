//! What is missing from the stream of events.

use serde::{Deserialize, Serialize};

use crate::positions::Position;

/// Dispatches of a session that are not emitted, now or later: the service does not send them, or
/// their consumer left them undone for too long.
///
/// A session that is lost leaves the time from `from` to the next READY. What happened meanwhile is
/// in no dispatch: the guilds that READY lists, and their members once they are asked for, are as
/// they are then (<https://discord.com/developers/docs/events/gateway#resuming>).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// All that came up to here is emitted, or was acknowledged in an earlier process.
    pub from: Position,
    /// The last sequence of the same session that may be missing; `None` if the session ended, and
    /// all that came later in it is.
    pub to: Option<u64>,
    /// Why.
    pub why: GapCause,
}

/// Why dispatches are missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum GapCause {
    /// The gateway will not resume the session, or has begun another one in its place.
    Refused,
    /// As many resumes in a row failed as the configuration allows.
    ResumesFailed,
    /// The session's id is longer than a payload may be, so that it cannot be sent back.
    IdTooLong,
    /// The host ended the session to begin another ([`Shard::restart`](crate::Shard::restart)).
    Ended,
    /// The session was lost, and the process ended before the consumer had dealt with all that had
    /// come of it.
    NotAcknowledged,
    /// More was not acknowledged than is remembered: the oldest no longer comes again.
    Overdue,
}

impl GapCause {
    /// Its name in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::ResumesFailed => "resumes_failed",
            Self::IdTooLong => "id_too_long",
            Self::Ended => "ended",
            Self::NotAcknowledged => "not_acknowledged",
            Self::Overdue => "overdue",
        }
    }
}
