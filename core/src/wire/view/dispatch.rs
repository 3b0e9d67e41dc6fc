//! Which view a dispatch has.

use alloc::boxed::Box;

use super::in_guild::in_guild_or_outside;
use super::wanted::wanted;
use super::{
    Channel, ChannelPins, EmbeddedMember, EntityEvent, GuildCreate, GuildDelete, GuildSync,
    GuildUpdate, MemberEvent, MemberRemove, MembersChunk, PresenceUpdate, RateLimited, Ready,
    RoleDelete, RoleEvent, User,
};
use crate::id::GuildId;
use crate::kind::Kinds;
use crate::wire::packed::RecordPools;
use crate::wire::{Malformed, Misreads, Name, field::Read, json::Reader};

/// A decoded dispatch: what setup, member requests and the cache need of it.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum View<'i> {
    /// `READY`.
    Ready(Box<Ready<'i>>),
    /// `USER_UPDATE`: the bot's own user.
    UserUpdate(Box<User<'i>>),
    /// `GUILD_CREATE`.
    GuildCreate(Box<GuildCreate<'i>>),
    /// `GUILD_UPDATE`.
    GuildUpdate(Box<GuildUpdate<'i>>),
    /// `GUILD_DELETE`.
    GuildDelete(GuildDelete),
    /// `GUILD_SYNC`, which only old servers send.
    GuildSync(Box<GuildSync<'i>>),
    /// `GUILD_MEMBERS_CHUNK`.
    MembersChunk(Box<MembersChunk<'i>>),
    /// `RATE_LIMITED`.
    RateLimited(RateLimited<'i>),
    /// `GUILD_MEMBER_ADD`.
    MemberAdd(MemberEvent<'i>),
    /// `GUILD_MEMBER_UPDATE`.
    MemberUpdate(MemberEvent<'i>),
    /// `GUILD_MEMBER_REMOVE`.
    MemberRemove(MemberRemove),
    /// `PRESENCE_UPDATE`.
    PresenceUpdate(PresenceUpdate<'i>),
    /// `CHANNEL_CREATE`.
    ChannelCreate(Box<Channel<'i>>),
    /// `CHANNEL_UPDATE`.
    ChannelUpdate(Box<Channel<'i>>),
    /// `CHANNEL_DELETE`.
    ChannelDelete(Box<Channel<'i>>),
    /// `CHANNEL_PINS_UPDATE`.
    ChannelPins(ChannelPins<'i>),
    /// `GUILD_ROLE_CREATE`.
    RoleCreate(Box<RoleEvent<'i>>),
    /// `GUILD_ROLE_UPDATE`.
    RoleUpdate(Box<RoleEvent<'i>>),
    /// `GUILD_ROLE_DELETE`.
    RoleDelete(RoleDelete),
    /// A dispatch that only the cache looks at, about one of the other kinds.
    Entity(EntityEvent<'i>),
}

impl<'i> View<'i> {
    /// Decodes the `d` of a dispatch, passing over values that it does not understand; see
    /// [`View::parse_noting`].
    ///
    /// # Errors
    /// As [`View::parse_noting`].
    pub fn parse(name: Name, data: &'i str, kinds: Kinds) -> Result<Option<Self>, Malformed> {
        Self::parse_noting(name, data, kinds).0
    }

    /// Decodes the `d` of a dispatch, and says what of it was not understood.
    ///
    /// A value in an unforeseen form costs itself: it is as good as absent. A row without its key
    /// costs that row.
    ///
    /// `None`, without looking at `data`, if nothing of this dispatch is wanted: because there is
    /// no view for it, or because it is only about kinds that are not cached.
    ///
    /// # Errors
    /// [`Malformed`] if it is no JSON, or if what it is about cannot be read: a guild without an
    /// id, a member without a user.
    pub fn parse_noting(
        name: Name,
        data: &'i str,
        kinds: Kinds,
    ) -> (Result<Option<Self>, Malformed>, Misreads) {
        if !wanted(name, kinds) {
            return (Ok(None), Misreads::default());
        }
        let mut reader = Reader::new(data);
        let view = Self::read_whole(name, &mut reader, kinds);
        let log = reader.take_misreads();
        let misreads = log.map(|log| log.locate(data)).unwrap_or_default();
        (view, misreads)
    }

    fn read_whole(
        name: Name,
        reader: &mut Reader<'i>,
        kinds: Kinds,
    ) -> Result<Option<Self>, Malformed> {
        let view = Self::read(name, reader, kinds, &mut RecordPools::default())?;
        if view.is_some() {
            reader.end()?;
        }
        Ok(view)
    }

    /// Decodes a value in the midst of a frame; `None` if nothing of it is wanted, or if what it
    /// is about cannot be read. A row that comes alone is written into the pool.
    pub(in crate::wire) fn read_in(
        name: Name,
        reader: &mut Reader<'i>,
        kinds: Kinds,
        pools: &mut RecordPools,
    ) -> Option<Self> {
        if !wanted(name, kinds) {
            return None;
        }
        Self::read(name, reader, kinds, pools).ok().flatten()
    }

    /// Leaves a handle of where its rows lie that came one by one, to be used again when they have
    /// been dropped.
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the others have no such rows"
    )]
    pub(in crate::wire) fn spare(&self, pools: &mut RecordPools) {
        let alone = match self {
            Self::MemberAdd(event) | Self::MemberUpdate(event) => event.members.pool(),
            Self::PresenceUpdate(event) => event.presences.pool(),
            Self::Entity(EntityEvent::VoiceState(event)) => {
                pools.voice = event.states.pool().spare();
                event.members.pool()
            }
            Self::Entity(EntityEvent::MessageCreate(event) | EntityEvent::MessageUpdate(event)) => {
                event.messages.pool()
            }
            _ => return,
        };
        pools.alone = alone.spare();
    }

    /// Decodes what a dispatch that is about something else says of a member: `TYPING_START` and
    /// `INTERACTION_CREATE`, which [`View::parse`] passes over. Says what was not understood, the
    /// member left out: that is read where it is of use.
    ///
    /// # Errors
    /// [`Malformed`] if it is no JSON.
    pub fn in_passing(name: Name, data: &'i str) -> (Result<Option<Self>, Malformed>, Misreads) {
        if !matches!(name, Name::TypingStart | Name::InteractionCreate) {
            return (Ok(None), Misreads::default());
        }
        let mut reader = Reader::new(data);
        let member = EmbeddedMember::read(&mut reader);
        let member = member.and_then(|member| reader.end().map(|()| member));
        let log = reader.take_misreads();
        let misreads = log.map(|log| log.locate(data)).unwrap_or_default();
        let view = |member: Option<_>| member.map(EntityEvent::InPassing).map(Self::Entity);
        (member.map(view), misreads)
    }

    /// A member that it carries beside what it is about.
    #[allow(clippy::wildcard_enum_match_arm, reason = "the others carry none")]
    pub(crate) const fn embedded(&self) -> Option<&EmbeddedMember<'i>> {
        match self {
            Self::Entity(EntityEvent::InPassing(member)) => Some(member),
            Self::Entity(EntityEvent::MessageSeen(seen)) => seen.member.as_ref(),
            Self::Entity(EntityEvent::MessageCreate(event)) => event.member.as_ref(),
            _ => None,
        }
    }

    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the others are entities' or have no view"
    )]
    pub(in crate::wire) fn read(
        name: Name,
        reader: &mut Reader<'i>,
        kinds: Kinds,
        pools: &mut RecordPools,
    ) -> Result<Option<Self>, Malformed> {
        Ok(Some(match name {
            Name::Ready => Self::Ready(boxed(reader)?),
            Name::UserUpdate => Self::UserUpdate(boxed(reader)?),
            Name::GuildCreate => Self::GuildCreate(Box::new(GuildCreate::read(reader, kinds)?)),
            Name::GuildUpdate => Self::GuildUpdate(Box::new(GuildUpdate::read(reader, kinds)?)),
            Name::GuildDelete => Self::GuildDelete(GuildDelete::read(reader)?),
            Name::GuildSync => Self::GuildSync(Box::new(GuildSync::read(reader, kinds)?)),
            Name::GuildMembersChunk => {
                Self::MembersChunk(Box::new(MembersChunk::read(reader, kinds)?))
            }
            Name::RateLimited => Self::RateLimited(RateLimited::read(reader)?),
            Name::GuildMemberAdd => {
                Self::MemberAdd(MemberEvent::read(reader, pools.alone.reuse())?)
            }
            Name::GuildMemberUpdate => {
                Self::MemberUpdate(MemberEvent::read(reader, pools.alone.reuse())?)
            }
            Name::GuildMemberRemove => Self::MemberRemove(MemberRemove::read(reader)?),
            Name::PresenceUpdate => {
                Self::PresenceUpdate(PresenceUpdate::read(reader, pools.alone.reuse())?)
            }
            Name::ChannelCreate => Self::ChannelCreate(channel(reader)?),
            Name::ChannelUpdate => Self::ChannelUpdate(channel(reader)?),
            Name::ChannelDelete => Self::ChannelDelete(channel(reader)?),
            Name::ChannelPinsUpdate => Self::ChannelPins(ChannelPins::read(reader)?),
            Name::GuildRoleCreate => Self::RoleCreate(boxed(reader)?),
            Name::GuildRoleUpdate => Self::RoleUpdate(boxed(reader)?),
            Name::GuildRoleDelete => Self::RoleDelete(RoleDelete::read(reader)?),
            _ => return Ok(EntityEvent::read(name, reader, kinds, pools)?.map(Self::Entity)),
        }))
    }

    /// The guild that it is about, if it is about one.
    #[must_use]
    pub fn guild(&self) -> Option<GuildId> {
        match self {
            Self::Ready(_) | Self::UserUpdate(_) => None,
            Self::GuildCreate(create) => Some(create.guild.id),
            Self::GuildUpdate(update) => Some(update.guild.id),
            Self::GuildDelete(delete) => Some(delete.guild),
            Self::GuildSync(sync) => Some(sync.guild),
            Self::MembersChunk(chunk) => Some(chunk.guild),
            Self::RateLimited(limited) => limited.guild,
            Self::MemberAdd(event) | Self::MemberUpdate(event) => Some(event.guild),
            Self::MemberRemove(event) => Some(event.guild),
            Self::PresenceUpdate(event) => event.guild,
            Self::ChannelCreate(channel)
            | Self::ChannelUpdate(channel)
            | Self::ChannelDelete(channel) => channel.guild.value().copied(),
            Self::ChannelPins(pins) => pins.guild.value().copied(),
            Self::RoleCreate(event) | Self::RoleUpdate(event) => Some(event.guild),
            Self::RoleDelete(event) => Some(event.guild),
            Self::Entity(event) => event.guild(),
        }
    }
}

fn channel<'i>(reader: &mut Reader<'i>) -> Result<Box<Channel<'i>>, Malformed> {
    in_guild_or_outside(reader, boxed::<Channel<'i>>, |channel| channel.guild)
}

fn boxed<'i, T: Read<'i>>(reader: &mut Reader<'i>) -> Result<Box<T>, Malformed> {
    T::read(reader).map(Box::new)
}
