//! The rules that a client can break.
use crate::edge::{ConnectionId, Millis};
use std::fmt;

/// A rule of Twitch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TwitchRule {
    /// Too many JOINs of an account within the span.
    JoinRate,
    /// Too many logins of an account within the span.
    LoginRate,
    /// Too many messages of an account within the span.
    MessageRate,
    /// Two messages of an account in one room too close together.
    RoomRate,
    /// A JOIN with as many rooms as the account may be in.
    RoomLimit,
    /// An anonymous connection said something.
    AnonymousSpeech,
    /// A PING of the server was not answered in time.
    NoPong,
    /// A line over the limit.
    LongLine,
    /// A line that is no message, or bytes that are not UTF-8.
    Nonsense,
    /// A command before the login.
    TooEarly,
}

impl TwitchRule {
    /// Whether the rule is one of an account's budgets.
    #[must_use]
    pub fn is_budget(self) -> bool {
        match self {
            Self::JoinRate
            | Self::LoginRate
            | Self::MessageRate
            | Self::RoomRate
            | Self::RoomLimit => true,
            Self::AnonymousSpeech
            | Self::NoPong
            | Self::LongLine
            | Self::Nonsense
            | Self::TooEarly => false,
        }
    }
}

/// One breach of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TwitchViolation {
    /// When, in milliseconds on the model's clock.
    pub at: Millis,
    /// On which connection.
    pub connection: ConnectionId,
    /// The account, once it is known.
    pub login: Option<String>,
    /// The rule.
    pub rule: TwitchRule,
}

impl fmt::Display for TwitchViolation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (at, number) = (self.at, self.connection.get());
        let login = self.login.as_deref().unwrap_or("nobody");
        write!(
            f,
            "at {at} ms, connection {number}, {login}: {:?}",
            self.rule
        )
    }
}
