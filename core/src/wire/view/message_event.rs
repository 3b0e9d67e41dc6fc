//! Messages as they come, change and go.

use alloc::vec::Vec;

use super::in_guild::guild_and;
use super::{Message, ReactionEmoji};
use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::wire::{Malformed, field::Read, json::Reader};

/// Where a message is, which is all that is read if messages are not cached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageHead {
    /// The guild, if it is in one.
    pub guild: Option<GuildId>,
    /// The channel or thread.
    pub channel: ChannelId,
    /// The message.
    pub message: MessageId,
}

/// Reads where a message is; `None` if the payload does not say, as there is nothing to keep then.
pub(super) fn read_head(reader: &mut Reader<'_>) -> Result<Option<MessageHead>, Malformed> {
    let (mut message, mut channel) = (None, None);
    let guild = guild_and(reader, |key, reader| {
        match key {
            "id" => message = Some(reader.id()?),
            "channel_id" => channel = Some(reader.id()?),
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    Ok(channel.zip(message).map(|(channel, message)| MessageHead {
        guild,
        channel,
        message,
    }))
}

/// A message, new or edited, with its place.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageEvent<'i> {
    /// Where it is.
    pub head: MessageHead,
    /// What the payload says of it.
    pub message: Message<'i>,
}

impl<'i> Read<'i> for MessageEvent<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let message = Message::read(reader)?;
        let channel = message.channel.ok_or_else(|| reader.fault("no channel"))?;
        let head = MessageHead {
            guild: message.guild,
            channel,
            message: message.id,
        };
        Ok(Self { head, message })
    }
}

/// Messages are gone.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageDelete {
    /// The guild, if they were in one.
    pub guild: Option<GuildId>,
    /// The channel or thread.
    pub channel: ChannelId,
    /// The messages.
    pub messages: Vec<MessageId>,
}

impl Read<'_> for MessageDelete {
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (mut channel, mut one, mut many) = (None, None, None);
        let guild = guild_and(reader, |key, reader| {
            match key {
                "id" => one = Some(reader.id()?),
                "ids" => many = Some(Vec::read(reader)?),
                "channel_id" => channel = Some(reader.id()?),
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let channel = channel.ok_or_else(|| reader.fault("no channel"))?;
        Ok(Self {
            guild,
            channel,
            messages: many.unwrap_or_else(|| one.into_iter().collect()),
        })
    }
}

/// What happens to the reactions or the poll of a message.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageChange<'i> {
    /// The guild, if the message is in one.
    pub guild: Option<GuildId>,
    /// The channel or thread.
    pub channel: ChannelId,
    /// The message.
    pub message: MessageId,
    /// Who did it; `None` when all are taken away.
    pub user: Option<UserId>,
    /// The emoji, if it is about one.
    pub emoji: Option<ReactionEmoji<'i>>,
    /// Whether it is a burst.
    pub burst: bool,
    /// The answer, if it is about one.
    pub answer: Option<u32>,
}

impl<'i> Read<'i> for MessageChange<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mut channel, mut message, mut user) = (None, None, None);
        let (mut emoji, mut burst, mut answer) = (None, false, None);
        let guild = guild_and(reader, |key, reader| {
            match key {
                "channel_id" => channel = Some(reader.id()?),
                "message_id" => message = Some(reader.id()?),
                "user_id" => user = Some(reader.id()?),
                "emoji" => emoji = Option::read(reader)?,
                "burst" => burst = reader.bool()?,
                "answer_id" => answer = Option::read(reader)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let (Some(channel), Some(message)) = (channel, message) else {
            return Err(reader.fault("no channel or no message"));
        };
        Ok(Self {
            guild,
            channel,
            message,
            user,
            emoji,
            burst,
            answer,
        })
    }
}
