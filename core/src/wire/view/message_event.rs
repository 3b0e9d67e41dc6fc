//! Messages as they come, change and go.

use alloc::vec::Vec;

use super::embedded::read_member;
use super::in_guild::{guild_and, in_guild_or_outside};
use super::{Batch, EmbeddedMember, Message, ReactionEmoji};
use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::wire::packed::RecordPool;
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

/// A message, new or edited, with its place.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct MessageEvent<'i> {
    /// Where it is.
    pub head: MessageHead,
    /// The one message, as the payload has it; an update says nothing of whether it is read aloud.
    pub messages: Batch<Message<'i>>,
    /// Its author as a member, if the payload has that.
    pub member: Option<EmbeddedMember<'i>>,
}

impl<'i> MessageEvent<'i> {
    pub(super) fn read(reader: &mut Reader<'i>, pool: RecordPool) -> Result<Self, Malformed> {
        let mut member = None;
        let read = |reader: &mut Reader<'i>| {
            Batch::<Message<'_>>::read_one(reader, pool, |key, reader| {
                match key {
                    "member" => member = reader.tolerate(read_member)?.flatten(),
                    _ => reader.skip()?,
                }
                Ok(())
            })
        };
        let messages = in_guild_or_outside(reader, read, |messages| {
            let record = messages.records().next();
            record.map(|record| record.guild).unwrap_or_default()
        })?;
        let record = messages.records().next();
        let placed = record.and_then(|record| Some((record, record.channel?)));
        let (record, channel) = placed.ok_or_else(|| reader.fault("no channel"))?;
        let guild = record.guild.into_value();
        let head = MessageHead {
            guild,
            channel,
            message: record.id,
        };
        let member = member.map(|member| EmbeddedMember {
            guild,
            user: record.author.map(|(author, _)| author),
            member,
        });
        Ok(Self {
            head,
            messages,
            member,
        })
    }

    /// Reads an update, which always says that the message is not read aloud.
    pub(super) fn read_update(
        reader: &mut Reader<'i>,
        pool: RecordPool,
    ) -> Result<Self, Malformed> {
        let mut event = Self::read(reader, pool)?;
        event.messages.forget_tts();
        Ok(event)
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
                "id" => one = reader.tolerate(Reader::id)?,
                "ids" => many = reader.tolerate(Vec::read)?,
                "channel_id" => channel = reader.tolerate(Reader::id)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let messages = many.or(one.map(|one| Vec::from([one])));
        match (channel, messages) {
            (Some(channel), Some(messages)) => Ok(Self {
                guild,
                channel,
                messages,
            }),
            _ => Err(reader.fault("no channel or no message")),
        }
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
    /// Whether it is a burst; `None` if that cannot be read.
    pub burst: Option<bool>,
    /// The answer, if it is about one.
    pub answer: Option<u32>,
}

impl<'i> Read<'i> for MessageChange<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mut channel, mut message, mut user) = (None, None, None);
        let (mut emoji, mut burst, mut answer) = (None, Some(false), None);
        let guild = guild_and(reader, |key, reader| {
            match key {
                "channel_id" => channel = reader.tolerate(Reader::id)?,
                "message_id" => message = reader.tolerate(Reader::id)?,
                "user_id" => user = reader.tolerate(Reader::id)?,
                "emoji" => emoji = reader.tolerate(Read::read)?,
                "burst" => burst = reader.tolerate(Reader::flag)?,
                "answer_id" => answer = reader.tolerate(Read::read)?,
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
