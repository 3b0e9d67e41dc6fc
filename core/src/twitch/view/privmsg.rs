//! What somebody said.

use super::emote::emotes;
use super::{Chatter, Emote, flag, number, text};
use crate::twitch::{IrcMessage, Room, TagValue};

/// `PRIVMSG`: somebody said something in a room.
#[derive(Clone, Copy, Debug)]
pub struct PrivMsg<'a>(pub(super) IrcMessage<'a>);

impl<'a> PrivMsg<'a> {
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

    /// The room's number.
    #[must_use]
    pub fn room_id(self) -> Option<u64> {
        number(&self.0, "room-id")
    }

    /// What was said, without the wrapping of a `/me`; empty if nothing was.
    #[must_use]
    pub fn text(self) -> &'a str {
        self.0.text().unwrap_or_default()
    }

    /// Whether it was said as `/me`.
    #[must_use]
    pub fn is_action(self) -> bool {
        self.0.is_action()
    }

    /// The message's own id, by which it can be replied to.
    #[must_use]
    pub fn id(self) -> Option<&'a str> {
        text(&self.0, "id")
    }

    /// Who said it.
    #[must_use]
    pub const fn chatter(self) -> Chatter<'a> {
        Chatter(self.0)
    }

    /// The emotes in [`text`](Self::text), in the order of the wire, which is by emote.
    pub fn emotes(self) -> impl Iterator<Item = Emote<'a>> + Clone {
        emotes(text(&self.0, "emotes"))
    }

    /// How many bits came with it.
    #[must_use]
    pub fn bits(self) -> Option<u64> {
        number(&self.0, "bits")
    }

    /// When it was sent, in milliseconds since 1970.
    #[must_use]
    pub fn sent_at(self) -> Option<u64> {
        number(&self.0, "tmi-sent-ts")
    }

    /// Whether it is the chatter's first message in the room.
    #[must_use]
    pub fn is_first(self) -> bool {
        flag(&self.0, "first-msg")
    }

    /// The reward that it was sent with.
    #[must_use]
    pub fn reward(self) -> Option<&'a str> {
        text(&self.0, "custom-reward-id")
    }

    /// The id of the message that it replies to.
    #[must_use]
    pub fn reply_to(self) -> Option<&'a str> {
        text(&self.0, "reply-parent-msg-id")
    }

    /// The text of the message that it replies to.
    #[must_use]
    pub fn reply_to_text(self) -> Option<TagValue<'a>> {
        self.0.tag("reply-parent-msg-body")
    }

    /// The number of the room where it was said, in shared chat.
    #[must_use]
    pub fn source_room_id(self) -> Option<u64> {
        number(&self.0, "source-room-id")
    }

    /// Whether it was said in another room, and is mirrored here.
    #[must_use]
    pub fn is_mirror(self) -> bool {
        let source = self.source_room_id();
        source.is_some() && source != self.room_id()
    }
}
