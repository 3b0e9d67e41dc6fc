//! What happens to the reactions and the poll of a message.

use serde::{Deserialize, Serialize};

use crate::id::{ChannelId, MessageId};
use crate::wire::view::ReactionEmoji;

/// A change of the reactions to a message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct React<'i> {
    /// The channel or thread.
    pub channel: ChannelId,
    /// The message.
    pub message: MessageId,
    /// What changes.
    pub change: ReactChange<'i>,
}

/// What changes about reactions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ReactChange<'i> {
    /// One more.
    Add(OneReaction<'i>),
    /// One less; an emoji without a reaction is gone.
    Remove(OneReaction<'i>),
    /// All those with one emoji are gone.
    RemoveEmoji(ReactionEmoji<'i>),
    /// All are gone.
    RemoveAll,
}

/// One reaction of one user.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OneReaction<'i> {
    /// The emoji.
    pub emoji: ReactionEmoji<'i>,
    /// Whether it is a burst; these are counted apart.
    pub burst: bool,
    /// Whether it is the bot's.
    pub me: bool,
}

/// A vote of one user for one answer of a poll.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// The channel or thread.
    pub channel: ChannelId,
    /// The message with the poll.
    pub message: MessageId,
    /// The answer.
    pub answer: u32,
    /// Whether it is given; otherwise it is taken back.
    pub given: bool,
    /// Whether it is the bot's.
    pub me: bool,
}

impl React<'_> {
    /// The same change, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> React<'static> {
        let change = match self.change {
            ReactChange::Add(one) => ReactChange::Add(one.into_owned()),
            ReactChange::Remove(one) => ReactChange::Remove(one.into_owned()),
            ReactChange::RemoveEmoji(emoji) => ReactChange::RemoveEmoji(emoji.into_owned()),
            ReactChange::RemoveAll => ReactChange::RemoveAll,
        };
        React {
            channel: self.channel,
            message: self.message,
            change,
        }
    }
}

impl OneReaction<'_> {
    /// The same reaction, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> OneReaction<'static> {
        OneReaction {
            emoji: self.emoji.into_owned(),
            burst: self.burst,
            me: self.me,
        }
    }
}
