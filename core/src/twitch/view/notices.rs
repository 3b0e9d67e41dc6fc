//! What the server says.

use core::time::Duration;

use super::emote::emotes;
use super::{Chatter, Emote, number, text};
use crate::twitch::{IrcMessage, Room, TagValue};

/// `USERNOTICE`: a subscription, a raid, an announcement and the like.
#[derive(Clone, Copy, Debug)]
pub struct UserNotice<'a>(pub(super) IrcMessage<'a>);

impl<'a> UserNotice<'a> {
    /// The message as it came.
    #[must_use]
    pub const fn message(self) -> IrcMessage<'a> {
        self.0
    }

    /// The room; `None` if its name makes no sense.
    #[must_use]
    pub fn room(self) -> Option<Room> {
        self.0.room()
    }

    /// What it is, such as `resub` or `raid`. The list grows.
    #[must_use]
    pub fn kind(self) -> Option<&'a str> {
        text(&self.0, "msg-id")
    }

    /// What the server says about it.
    #[must_use]
    pub fn system_message(self) -> Option<TagValue<'a>> {
        self.0.tag("system-msg")
    }

    /// What the chatter says to it.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        self.0.text()
    }

    /// The emotes in [`text`](Self::text).
    pub fn emotes(self) -> impl Iterator<Item = Emote<'a>> + Clone {
        emotes(text(&self.0, "emotes"))
    }

    /// Whom it is about.
    #[must_use]
    pub const fn chatter(self) -> Chatter<'a> {
        Chatter(self.0)
    }

    /// A detail of its kind by the name behind `msg-param-`, such as `cumulative-months`.
    #[must_use]
    pub fn detail(self, name: &str) -> Option<TagValue<'a>> {
        let mut tags = self.0.tags().iter();
        let found = tags.find(|(key, _)| key.strip_prefix("msg-param-") == Some(name));
        found.map(|(_, value)| value)
    }
}

/// `CLEARCHAT`: messages are to be taken away.
#[derive(Clone, Copy, Debug)]
pub struct ClearChat<'a>(pub(super) IrcMessage<'a>);

/// Whose messages are to be taken away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cleared<'a> {
    /// Everybody's.
    Room,
    /// Those of who may not chat here any more, by login.
    Banned(&'a str),
    /// Those of who may not chat for a while, by login.
    TimedOut(&'a str, Duration),
}

impl<'a> ClearChat<'a> {
    /// The room; `None` if its name makes no sense.
    #[must_use]
    pub fn room(self) -> Option<Room> {
        self.0.room()
    }

    /// Whose messages. A duration that cannot be read counts as none.
    #[must_use]
    pub fn target(self) -> Cleared<'a> {
        match (self.0.param(1), number(&self.0, "ban-duration")) {
            (None, _) => Cleared::Room,
            (Some(login), None) => Cleared::Banned(login),
            (Some(login), Some(seconds)) => Cleared::TimedOut(login, Duration::from_secs(seconds)),
        }
    }

    /// The number of who is banned or timed out.
    #[must_use]
    pub fn user_id(self) -> Option<u64> {
        number(&self.0, "target-user-id")
    }
}

/// `NOTICE`: the server says something to the bot.
#[derive(Clone, Copy, Debug)]
pub struct RoomNotice<'a>(pub(super) IrcMessage<'a>);

impl<'a> RoomNotice<'a> {
    /// The room; `None` for what is about the connection.
    #[must_use]
    pub fn room(self) -> Option<Room> {
        self.0.room()
    }

    /// What it is, such as `msg_slowmode`; `None` for what is about the login. The list grows.
    #[must_use]
    pub fn kind(self) -> Option<&'a str> {
        text(&self.0, "msg-id")
    }

    /// What it says, for people.
    #[must_use]
    pub fn text(self) -> Option<&'a str> {
        self.0.param(1)
    }
}
