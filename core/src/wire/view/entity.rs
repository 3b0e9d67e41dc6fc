//! The dispatches about kinds that neither setup nor member requests look at.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::embedded::read_seen;
use super::in_guild::List;
use super::{
    Ban, EmbeddedMember, Emoji, InGuild, Invite, MessageChange, MessageDelete, MessageEvent,
    MessageSeen, PlainEvent, Sound, Sticker, ThreadEvent, ThreadListSync, ThreadMembersUpdate,
    ThreadMembership, VoiceChannelInfo, VoiceStateUpdate, voice_event,
};
use crate::id::{ChannelId, GuildId, ScheduledEventId};
use crate::kind::Kinds;
use crate::wire::packed::RecordPools;
use crate::wire::{Listing, Malformed, Name, Text, field::Read, json::Reader};

/// A dispatch about threads, expressions, voice, events, integrations, invitations, rules,
/// webhooks or messages. Where creation and update are alike, they are one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EntityEvent<'i> {
    /// A row of a plain kind is created, updated or deleted.
    Plain(PlainEvent<'i>),
    /// `THREAD_CREATE`.
    ThreadCreate(Box<ThreadEvent<'i>>),
    /// `THREAD_UPDATE`.
    ThreadUpdate(Box<ThreadEvent<'i>>),
    /// `THREAD_DELETE`.
    ThreadDelete(InGuild<ChannelId>),
    /// `THREAD_LIST_SYNC`.
    ThreadListSync(Box<ThreadListSync<'i>>),
    /// `THREAD_MEMBER_UPDATE`: the bot's own.
    ThreadMember(Box<InGuild<ThreadMembership<'i>>>),
    /// `THREAD_MEMBERS_UPDATE`.
    ThreadMembers(Box<ThreadMembersUpdate<'i>>),
    /// `GUILD_EMOJIS_UPDATE`.
    Emojis(InGuild<Listing<Emoji<'i>>>),
    /// `GUILD_STICKERS_UPDATE`.
    Stickers(InGuild<Listing<Sticker<'i>>>),
    /// `GUILD_SOUNDBOARD_SOUNDS_UPDATE`: some sounds changed.
    SoundsUpdate(InGuild<Vec<Sound<'i>>>),
    /// `SOUNDBOARD_SOUNDS`: all sounds.
    Sounds(InGuild<Listing<Sound<'i>>>),
    /// `VOICE_STATE_UPDATE`.
    VoiceState(VoiceStateUpdate<'i>),
    /// `VOICE_CHANNEL_STATUS_UPDATE`, `VOICE_CHANNEL_START_TIME_UPDATE` and `CHANNEL_INFO`.
    VoiceChannels(InGuild<Vec<VoiceChannelInfo<'i>>>),
    /// `GUILD_SCHEDULED_EVENT_USER_ADD`.
    InterestedAdd(InGuild<ScheduledEventId>),
    /// `GUILD_SCHEDULED_EVENT_USER_REMOVE`.
    InterestedRemove(InGuild<ScheduledEventId>),
    /// `INVITE_CREATE`.
    Invite(Box<InGuild<Invite<'i>>>),
    /// `INVITE_DELETE`.
    InviteDelete(InGuild<Text<'i>>),
    /// `WEBHOOKS_UPDATE`.
    Webhooks(InGuild<ChannelId>),
    /// `MESSAGE_CREATE`, where messages are not cached.
    MessageSeen(MessageSeen<'i>),
    /// `MESSAGE_CREATE`.
    MessageCreate(MessageEvent<'i>),
    /// `MESSAGE_UPDATE`.
    MessageUpdate(MessageEvent<'i>),
    /// `MESSAGE_DELETE` and `MESSAGE_DELETE_BULK`.
    MessageDelete(MessageDelete),
    /// `MESSAGE_REACTION_ADD`.
    ReactionAdd(MessageChange<'i>),
    /// `MESSAGE_REACTION_REMOVE`.
    ReactionRemove(MessageChange<'i>),
    /// `MESSAGE_REACTION_REMOVE_ALL`.
    ReactionsClear(MessageChange<'i>),
    /// `MESSAGE_REACTION_REMOVE_EMOJI`.
    EmojiClear(MessageChange<'i>),
    /// `MESSAGE_POLL_VOTE_ADD`.
    VoteAdd(MessageChange<'i>),
    /// `MESSAGE_POLL_VOTE_REMOVE`.
    VoteRemove(MessageChange<'i>),
    /// `GUILD_BAN_ADD` and `GUILD_BAN_REMOVE`.
    Ban(Box<Ban<'i>>),
    /// `TYPING_START` and `INTERACTION_CREATE`.
    InPassing(EmbeddedMember<'i>),
}

impl<'i> EntityEvent<'i> {
    /// Decodes a dispatch; `None` if it is none of these.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the others are elsewhere")]
    pub(super) fn read(
        name: Name,
        reader: &mut Reader<'i>,
        kinds: Kinds,
        pools: &mut RecordPools,
    ) -> Result<Option<Self>, Malformed> {
        Ok(Some(match name {
            Name::ThreadCreate => Self::ThreadCreate(Read::read(reader)?),
            Name::ThreadUpdate => Self::ThreadUpdate(Read::read(reader)?),
            Name::ThreadDelete => Self::ThreadDelete(InGuild::at(reader, "id")?),
            Name::ThreadListSync => Self::ThreadListSync(Read::read(reader)?),
            Name::ThreadMemberUpdate => Self::ThreadMember(Box::new(InGuild::row(reader)?)),
            Name::ThreadMembersUpdate => {
                Self::ThreadMembers(Box::new(ThreadMembersUpdate::read(reader, kinds)?))
            }
            Name::GuildEmojisUpdate => Self::Emojis(InGuild::at(reader, "emojis")?),
            Name::GuildStickersUpdate => Self::Stickers(InGuild::at(reader, "stickers")?),
            Name::GuildSoundboardSoundsUpdate => {
                Self::SoundsUpdate(List::at(reader, "soundboard_sounds")?)
            }
            Name::SoundboardSounds => Self::Sounds(InGuild::at(reader, "soundboard_sounds")?),
            Name::VoiceStateUpdate => {
                Self::VoiceState(VoiceStateUpdate::read(reader, kinds, pools)?)
            }
            Name::ChannelInfo => Self::VoiceChannels(List::at(reader, "channels")?),
            Name::VoiceChannelStatusUpdate | Name::VoiceChannelStartTimeUpdate => {
                Self::voice_channel(reader)?
            }
            _ => return Self::read_more(name, reader, kinds, pools),
        }))
    }

    fn voice_channel(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (guild, info) = voice_event::info(reader)?;
        let guild = guild.ok_or_else(|| reader.fault("no guild"))?;
        let item = Vec::from([info]);
        Ok(Self::VoiceChannels(InGuild { guild, item }))
    }

    #[allow(clippy::wildcard_enum_match_arm, reason = "the others are elsewhere")]
    fn read_more(
        name: Name,
        reader: &mut Reader<'i>,
        kinds: Kinds,
        pools: &mut RecordPools,
    ) -> Result<Option<Self>, Malformed> {
        Ok(Some(match name {
            Name::GuildScheduledEventUserAdd => {
                Self::InterestedAdd(InGuild::at(reader, "guild_scheduled_event_id")?)
            }
            Name::GuildScheduledEventUserRemove => {
                Self::InterestedRemove(InGuild::at(reader, "guild_scheduled_event_id")?)
            }
            // Invitations to group channels have no guild.
            Name::InviteCreate => {
                let invite = InGuild::row_if_any(reader)?;
                return Ok(invite.map(|invite| Self::Invite(Box::new(invite))));
            }
            Name::InviteDelete => {
                return Ok(InGuild::at_if_any(reader, "code")?.map(Self::InviteDelete));
            }
            Name::WebhooksUpdate => Self::Webhooks(InGuild::at(reader, "channel_id")?),
            Name::MessageCreate if kinds.contains(Kinds::MESSAGES) => {
                Self::MessageCreate(MessageEvent::read(reader, pools.alone.reuse())?)
            }
            Name::MessageCreate => Self::MessageSeen(read_seen(reader)?),
            Name::MessageUpdate => {
                Self::MessageUpdate(MessageEvent::read_update(reader, pools.alone.reuse())?)
            }
            Name::MessageDelete | Name::MessageDeleteBulk => {
                Self::MessageDelete(Read::read(reader)?)
            }
            Name::MessageReactionAdd => Self::ReactionAdd(Read::read(reader)?),
            Name::MessageReactionRemove => Self::ReactionRemove(Read::read(reader)?),
            Name::MessageReactionRemoveAll => Self::ReactionsClear(Read::read(reader)?),
            Name::MessageReactionRemoveEmoji => Self::EmojiClear(Read::read(reader)?),
            Name::MessagePollVoteAdd => Self::VoteAdd(Read::read(reader)?),
            Name::MessagePollVoteRemove => Self::VoteRemove(Read::read(reader)?),
            Name::GuildBanAdd | Name::GuildBanRemove => Self::Ban(Read::read(reader)?),
            _ => return Ok(PlainEvent::read(name, reader)?.map(Self::Plain)),
        }))
    }

    /// The guild that it is about, if it is about one.
    #[must_use]
    pub fn guild(&self) -> Option<GuildId> {
        match self {
            Self::Plain(event) => Some(event.guild()),
            Self::ThreadCreate(event) | Self::ThreadUpdate(event) => Some(event.guild),
            Self::ThreadListSync(sync) => Some(sync.guild),
            Self::ThreadMember(event) => Some(event.guild),
            Self::ThreadMembers(event) => Some(event.guild),
            Self::Emojis(event) => Some(event.guild),
            Self::Stickers(event) => Some(event.guild),
            Self::SoundsUpdate(event) => Some(event.guild),
            Self::Sounds(event) => Some(event.guild),
            Self::VoiceState(event) => event.guild,
            Self::VoiceChannels(event) => Some(event.guild),
            Self::InterestedAdd(event) | Self::InterestedRemove(event) => Some(event.guild),
            Self::Invite(event) => Some(event.guild),
            Self::InviteDelete(event) => Some(event.guild),
            Self::Webhooks(event) | Self::ThreadDelete(event) => Some(event.guild),
            Self::MessageSeen(seen) => seen.head.guild,
            Self::Ban(ban) => Some(ban.guild),
            Self::InPassing(member) => member.guild,
            Self::MessageCreate(event) | Self::MessageUpdate(event) => event.head.guild,
            Self::MessageDelete(delete) => delete.guild,
            Self::ReactionAdd(change)
            | Self::ReactionRemove(change)
            | Self::ReactionsClear(change)
            | Self::EmojiClear(change)
            | Self::VoteAdd(change)
            | Self::VoteRemove(change) => change.guild,
        }
    }
}
