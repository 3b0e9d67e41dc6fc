//! How a room is set, and what the bot is there.

use core::time::Duration;

use super::{Chatter, number, text};
use crate::twitch::{IrcMessage, Room};

/// `ROOMSTATE`: all settings of a room upon joining it, later the one that has changed.
#[derive(Clone, Copy, Debug)]
pub struct RoomSettings<'a>(pub(super) IrcMessage<'a>);

/// For how long somebody must have followed the room to chat there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Followers {
    /// It does not matter.
    Off,
    /// So long.
    Since(Duration),
}

impl RoomSettings<'_> {
    /// The room; `None` if its name makes no sense.
    #[must_use]
    pub fn room(self) -> Option<Room> {
        self.0.room()
    }

    /// The room's number.
    #[must_use]
    pub fn room_id(self) -> Option<u64> {
        number(&self.0, "room-id")
    }

    /// Whether only emotes may be sent; `None` if it does not say.
    #[must_use]
    pub fn emote_only(self) -> Option<bool> {
        self.setting("emote-only")
    }

    /// Whether only followers may chat; `None` if it does not say.
    #[must_use]
    pub fn followers_only(self) -> Option<Followers> {
        match number::<i64>(&self.0, "followers-only")? {
            ..=-1 => Some(Followers::Off),
            minutes => {
                let seconds = minutes.unsigned_abs().saturating_mul(60);
                Some(Followers::Since(Duration::from_secs(seconds)))
            }
        }
    }

    /// Whether messages must be unique (`r9k`); `None` if it does not say.
    #[must_use]
    pub fn unique_only(self) -> Option<bool> {
        self.setting("r9k")
    }

    /// The time between two messages of a chatter, zero for none; `None` if it does not say.
    #[must_use]
    pub fn slow(self) -> Option<Duration> {
        number(&self.0, "slow").map(Duration::from_secs)
    }

    /// Whether only subscribers may chat; `None` if it does not say.
    #[must_use]
    pub fn subscribers_only(self) -> Option<bool> {
        self.setting("subs-only")
    }

    fn setting(self, key: &str) -> Option<bool> {
        match text(&self.0, key)? {
            "0" => Some(false),
            "1" => Some(true),
            _ => None,
        }
    }
}

/// `USERSTATE`: what the bot is in a room; upon joining it, and after each message that was taken.
#[derive(Clone, Copy, Debug)]
pub struct UserState<'a>(pub(super) IrcMessage<'a>);

impl<'a> UserState<'a> {
    /// The room; `None` if its name makes no sense.
    #[must_use]
    pub fn room(self) -> Option<Room> {
        self.0.room()
    }

    /// The bot. Its number does not come with this.
    #[must_use]
    pub const fn chatter(self) -> Chatter<'a> {
        Chatter(self.0)
    }

    /// The id of the message that was taken; `None` upon joining.
    #[must_use]
    pub fn message_id(self) -> Option<&'a str> {
        text(&self.0, "id")
    }
}
