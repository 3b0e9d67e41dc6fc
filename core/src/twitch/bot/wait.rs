//! What a pool waits for.

use crate::twitch::connection::ConnectionWait;

/// What the pool waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PoolWait {
    /// Nothing: there is something to do at once.
    Request,
    /// A connection's own wait.
    Connection(ConnectionWait),
    /// The back-off of a shard that dials.
    BackOff,
    /// A fresh token; it is asked for again.
    Token,
    /// The answer to a JOIN or a PART, or the next attempt.
    Room,
    /// The rooms of a socket that is being replaced.
    Handover,
    /// Budget to log in, to join or to say something, or a message's own end.
    Budget,
    /// The confirmation of a message.
    Confirmation,
    /// The original of a message that shared chat mirrors.
    Original,
    /// A manager's option: a shard that is down or empty for long.
    Manager,
}
