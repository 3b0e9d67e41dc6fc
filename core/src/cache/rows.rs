//! Rows of one kind, as a mutation carries them.

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::{Deserialize, Serialize};

use super::Kind;
use crate::id::ChannelId;
use crate::wire::Part as _;
use crate::wire::view::{
    Channel, Emoji, Guild, Integration, Invite, Members, Message, Presences, Role, Rule,
    ScheduledEvent, Sound, StageInstance, Sticker, Thread, ThreadMember, User, VoiceState,
};

/// Rows of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Rows<'i> {
    /// The bot's own user, which is always kept.
    CurrentUser(Box<User<'i>>),
    /// The guild itself.
    Guild(Box<Guild<'i>>),
    /// Channels of the guild.
    Channels(Vec<Channel<'i>>),
    /// Channels outside guilds.
    PrivateChannels(Vec<Channel<'i>>),
    /// Roles of the guild.
    Roles(Vec<Role<'i>>),
    /// Members of the guild, and their users.
    Members(Members<'i>),
    /// Users without a new holder: of use in a patch alone.
    Users(Vec<User<'i>>),
    /// Presences in the guild; one that is offline removes the row.
    Presences(Presences<'i>),
    /// Threads of the guild.
    Threads(Vec<Thread<'i>>),
    /// Who is in threads of the guild.
    ThreadMembers(Vec<ThreadMember>),
    /// Emojis of the guild.
    Emojis(Vec<Emoji<'i>>),
    /// Stickers of the guild.
    Stickers(Vec<Sticker<'i>>),
    /// Soundboard sounds of the guild.
    Sounds(Vec<Sound<'i>>),
    /// Voice states in the guild; one without a channel removes the row.
    VoiceStates(Vec<VoiceState<'i>>),
    /// Stage instances of the guild.
    Stages(Vec<StageInstance<'i>>),
    /// Scheduled events of the guild.
    ScheduledEvents(Vec<ScheduledEvent<'i>>),
    /// Integrations of the guild.
    Integrations(Vec<Integration<'i>>),
    /// Invitations to the guild.
    Invites(Vec<Invite<'i>>),
    /// Auto-moderation rules of the guild.
    Rules(Vec<Rule<'i>>),
    /// Messages in the guild.
    Messages(Vec<Message<'i>>),
    /// Channels whose webhooks have changed since anybody asked for them.
    WebhookMarks(Vec<ChannelId>),
}

impl Rows<'_> {
    /// Which kind of rows they are; the bot's own user is a user.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::CurrentUser(_) | Self::Users(_) => Kind::User,
            Self::Guild(_) => Kind::Guild,
            Self::Channels(_) => Kind::Channel,
            Self::PrivateChannels(_) => Kind::PrivateChannel,
            Self::Roles(_) => Kind::Role,
            Self::Members(_) => Kind::Member,
            Self::Presences(_) => Kind::Presence,
            Self::Threads(_) => Kind::Thread,
            Self::ThreadMembers(_) => Kind::ThreadMember,
            Self::Emojis(_) => Kind::Emoji,
            Self::Stickers(_) => Kind::Sticker,
            Self::Sounds(_) => Kind::Sound,
            Self::VoiceStates(_) => Kind::VoiceState,
            Self::Stages(_) => Kind::Stage,
            Self::ScheduledEvents(_) => Kind::ScheduledEvent,
            Self::Integrations(_) => Kind::Integration,
            Self::Invites(_) => Kind::Invite,
            Self::Rules(_) => Kind::Rule,
            Self::Messages(_) => Kind::Message,
            Self::WebhookMarks(_) => Kind::WebhookMark,
        }
    }

    /// The same rows, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> Rows<'static> {
        match self {
            Self::CurrentUser(user) => Rows::CurrentUser(user.own()),
            Self::Guild(guild) => Rows::Guild(guild.own()),
            Self::Channels(channels) => Rows::Channels(channels.own()),
            Self::PrivateChannels(channels) => Rows::PrivateChannels(channels.own()),
            Self::Roles(roles) => Rows::Roles(roles.own()),
            Self::Members(members) => Rows::Members(members.into_owned()),
            Self::Users(users) => Rows::Users(users.own()),
            Self::Presences(presences) => Rows::Presences(presences.into_owned()),
            Self::Threads(rows) => Rows::Threads(rows.own()),
            Self::ThreadMembers(rows) => Rows::ThreadMembers(rows.own()),
            Self::Emojis(rows) => Rows::Emojis(rows.own()),
            Self::Stickers(rows) => Rows::Stickers(rows.own()),
            Self::Sounds(rows) => Rows::Sounds(rows.own()),
            Self::VoiceStates(rows) => Rows::VoiceStates(rows.own()),
            Self::Stages(rows) => Rows::Stages(rows.own()),
            Self::ScheduledEvents(rows) => Rows::ScheduledEvents(rows.own()),
            Self::Integrations(rows) => Rows::Integrations(rows.own()),
            Self::Invites(rows) => Rows::Invites(rows.own()),
            Self::Rules(rows) => Rows::Rules(rows.own()),
            Self::Messages(rows) => Rows::Messages(rows.own()),
            Self::WebhookMarks(channels) => Rows::WebhookMarks(channels),
        }
    }
}
