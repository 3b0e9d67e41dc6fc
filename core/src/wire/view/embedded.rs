//! Dispatches that say something of a member or user by the way.

use super::{MessageHead, User, in_guild::guild_and, in_guild::guild_and_in};
use crate::id::{GuildId, UserId};
use crate::wire::json::{KeyOrder, OrderedKey, Reader};
use crate::wire::{Field, Malformed, OnlyId, field::Read};

/// A member that a payload about something else carries, checked for structure alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmbeddedMember<'i> {
    /// The guild, if there is one.
    pub guild: Option<GuildId>,
    /// Whose it is, if the member itself does not say.
    pub user: Option<UserId>,
    /// The member as JSON.
    pub member: &'i str,
}

impl<'i> EmbeddedMember<'i> {
    /// Reads a payload that names the user in the member, if it has one.
    pub(super) fn read(reader: &mut Reader<'i>) -> Result<Option<Self>, Malformed> {
        let mut member = None;
        let guild = guild_and(reader, |key, reader| {
            match key {
                "member" => member = reader.tolerate(read_member)?.flatten(),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        Ok(member.map(|member| Self {
            guild,
            user: None,
            member,
        }))
    }
}

/// A member's JSON; none if it is null.
pub(super) fn read_member<'i>(reader: &mut Reader<'i>) -> Result<Option<&'i str>, Malformed> {
    match reader.peek() {
        Some(b'{') => reader.raw().map(Some),
        Some(b'n') => reader.null().map(|_| None),
        _ => Err(reader.fault("not a member")),
    }
}

/// A message of which only the place is read, and its author as a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageSeen<'i> {
    /// Where it is.
    pub head: MessageHead,
    /// Its author as a member, if the payload has that.
    pub member: Option<EmbeddedMember<'i>>,
}

/// The keys of a message and of its creation.
const MESSAGE: &KeyOrder<()> = &KeyOrder::of(KEYS);

const KEYS: &[OrderedKey<()>] = &OrderedKey::names([
    "type",
    "tts",
    "timestamp",
    "pinned",
    "nonce",
    "mentions",
    "mention_roles",
    "mention_everyone",
    "member",
    "id",
    "guild_id",
    "flags",
    "embeds",
    "edited_timestamp",
    "content",
    "components",
    "channel_type",
    "channel_id",
    "author",
    "attachments",
]);

/// Reads where a message is.
pub(super) fn read_seen<'i>(reader: &mut Reader<'i>) -> Result<MessageSeen<'i>, Malformed> {
    let (mut message, mut channel) = (None, None);
    let (mut user, mut member) = (None, None);
    let guild = guild_and_in(MESSAGE, reader, |key, reader| {
        match key {
            "id" => message = reader.tolerate(Reader::id)?,
            "channel_id" => channel = reader.tolerate(Reader::id)?,
            "author" => {
                let author = reader.tolerate(Field::<OnlyId<UserId>>::read)?;
                user = author.and_then(Field::into_value);
            }
            "member" => member = reader.tolerate(read_member)?.flatten(),
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    let (Some(channel), Some(message)) = (channel, message) else {
        return Err(reader.fault("no channel or no message"));
    };
    let head = MessageHead {
        guild,
        channel,
        message,
    };
    let member = member.map(|member| EmbeddedMember {
        guild,
        user: user.map(|user| user.0),
        member,
    });
    Ok(MessageSeen { head, member })
}

/// A user was banned, or may come back.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Ban<'i> {
    /// The guild.
    pub guild: GuildId,
    /// The user.
    pub user: User<'i>,
}

impl<'i> Read<'i> for Ban<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let mut user = None;
        let guild = guild_and(reader, |key, reader| {
            match key {
                "user" => user = reader.tolerate(User::read)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        match (guild, user) {
            (Some(guild), Some(user)) => Ok(Self { guild, user }),
            _ => Err(reader.fault("no guild or no user")),
        }
    }
}
