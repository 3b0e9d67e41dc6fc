//! Messages to be said.

use alloc::string::String;
use core::fmt;

use super::action::SayId;
use crate::twitch::{EncodeError, IrcCommand, Room};

/// Which message goes first when budget is short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Before all others.
    High,
    /// In between.
    #[default]
    Normal,
    /// After all others.
    Low,
}

/// Something to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// Where.
    pub room: Room,
    /// What; Twitch cuts it at 500 characters.
    pub text: String,
    /// The `id` of the message that this replies to.
    pub reply_to: Option<String>,
    /// How much hurry it has.
    pub priority: Priority,
}

impl Say {
    /// A message of normal priority.
    #[must_use]
    pub fn new(room: Room, text: impl Into<String>) -> Self {
        Self {
            room,
            text: text.into(),
            reply_to: None,
            priority: Priority::Normal,
        }
    }

    /// Makes it a reply to the message with this `id`.
    #[must_use]
    pub fn reply_to(mut self, id: impl Into<String>) -> Self {
        self.reply_to = Some(id.into());
        self
    }

    /// Sets its priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }
}

/// Why something cannot be said. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SayError {
    /// The text is empty.
    Empty,
    /// The text or the reply's id cannot be sent.
    Encode(EncodeError),
    /// Too many messages wait already; see [`PoolConfig::say_queue`](super::PoolConfig).
    QueueFull,
    /// There is no such manager, or it does not run.
    NotRunning,
}

impl fmt::Display for SayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is nothing to say"),
            Self::Encode(error) => fmt::Display::fmt(error, f),
            Self::QueueFull => f.write_str("too many messages wait already"),
            Self::NotRunning => f.write_str("the manager does not run"),
        }
    }
}

impl core::error::Error for SayError {}

impl Say {
    /// The line that says it; the server's confirmation names `id`.
    pub(super) fn command(&self, id: SayId) -> IrcCommand {
        IrcCommand::Say {
            room: self.room,
            text: self.text.clone(),
            reply_to: self.reply_to.clone(),
            nonce: alloc::format!("{}", id.get()),
        }
    }
}
