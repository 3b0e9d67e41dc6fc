//! Which row a mutation removes.

use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use crate::id::{
    ChannelId, EmojiId, IntegrationId, MessageId, RoleId, RuleId, ScheduledEventId, SoundId,
    StageId, StickerId, UserId,
};
use crate::wire::Text;

/// Which row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Key<'i> {
    /// A channel.
    Channel(ChannelId),
    /// A channel outside guilds, with its messages.
    PrivateChannel(ChannelId),
    /// A thread, with its members and messages.
    Thread(ChannelId),
    /// Users' memberships of a thread.
    ThreadMembers(ChannelId, Vec<UserId>),
    /// A user's memberships of all threads of the guild.
    ThreadMembersOf(UserId),
    /// A role.
    Role(RoleId),
    /// An emoji.
    Emoji(EmojiId),
    /// A sticker.
    Sticker(StickerId),
    /// A soundboard sound.
    Sound(SoundId),
    /// A member, whose user stays only if somebody else holds it.
    Member(UserId),
    /// A presence.
    Presence(UserId),
    /// A voice state.
    VoiceState(UserId),
    /// A stage instance.
    Stage(StageId),
    /// A scheduled event.
    ScheduledEvent(ScheduledEventId),
    /// An integration.
    Integration(IntegrationId),
    /// Messages of a channel.
    Messages(ChannelId, Vec<MessageId>),
    /// An auto-moderation rule.
    Rule(RuleId),
    /// An invitation.
    Invite(Text<'i>),
    /// The mark of a channel's webhooks.
    WebhookMark(ChannelId),
}

impl Key<'_> {
    /// The same key, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Key<'static> {
        match self {
            Self::Channel(id) => Key::Channel(id),
            Self::PrivateChannel(id) => Key::PrivateChannel(id),
            Self::Thread(id) => Key::Thread(id),
            Self::ThreadMembers(thread, users) => Key::ThreadMembers(thread, users),
            Self::ThreadMembersOf(user) => Key::ThreadMembersOf(user),
            Self::Role(id) => Key::Role(id),
            Self::Emoji(id) => Key::Emoji(id),
            Self::Sticker(id) => Key::Sticker(id),
            Self::Sound(id) => Key::Sound(id),
            Self::Member(user) => Key::Member(user),
            Self::Presence(user) => Key::Presence(user),
            Self::VoiceState(user) => Key::VoiceState(user),
            Self::Stage(id) => Key::Stage(id),
            Self::ScheduledEvent(id) => Key::ScheduledEvent(id),
            Self::Integration(id) => Key::Integration(id),
            Self::Messages(channel, ids) => Key::Messages(channel, ids),
            Self::Rule(id) => Key::Rule(id),
            Self::Invite(code) => Key::Invite(code.into_owned()),
            Self::WebhookMark(channel) => Key::WebhookMark(channel),
        }
    }
}
