//! The kinds of gateway payload, by number.

/// A payload's kind. The protocol's other numbers belong to clients that are not bots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Opcode {
    /// 0, from the server: an event.
    Dispatch,
    /// 1, both ways: a beat, or the wish for one at once.
    Heartbeat,
    /// 7, from the server: reconnect and resume.
    Reconnect,
    /// 9, from the server: the session is not valid.
    InvalidSession,
    /// 10, from the server: the first message, with the heartbeat interval.
    Hello,
    /// 11, from the server: a beat was received.
    HeartbeatAck,
}

impl Opcode {
    /// The kind of this number, among those that a server sends; `None` for any other.
    #[must_use]
    pub const fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Dispatch,
            1 => Self::Heartbeat,
            7 => Self::Reconnect,
            9 => Self::InvalidSession,
            10 => Self::Hello,
            11 => Self::HeartbeatAck,
            _ => return None,
        })
    }
}
