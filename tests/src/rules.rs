//! Which rule a client broke.
use crate::edge::{ConnectionId, Millis};
use std::fmt;

/// A rule of the protocol that a client can break.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// At most 120 payloads per 60 s and connection.
    SendBudget,
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::SendBudget => f.write_str("more than 120 payloads in 60 s (close 4008)"),
        }
    }
}

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// When it was noticed.
    pub at: Millis,
    /// On which connection.
    pub connection: ConnectionId,
    /// The shard as `[id, count]`, once the connection has identified.
    pub shard: Option<[u32; 2]>,
    /// Which rule.
    pub rule: Rule,
    /// What the client did, in words.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} ms, connection {}: {}: {}",
            self.at,
            self.connection.get(),
            self.rule,
            self.detail
        )
    }
}
