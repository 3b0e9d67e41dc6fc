//! Messages of a batch.

#[cfg(test)]
mod tests;

use alloc::boxed::Box;
use alloc::vec::Vec;

use serde::de::{Deserialize, Deserializer};

use super::batch::{Batch, BatchRow, Sealed, take_off};
use super::{Message, User};
use crate::id::{ChannelId, GuildId, MessageId, UserId};
use crate::wire::packed::{Cursor, RecordPool, Sink};
use crate::wire::{Field, Malformed, field::Read as _, json::Reader};

/// Bytes before the records, of which the author's is the first: the ids of the message, its
/// channel, its guild and its author, zeros for those that there are not; whether the guild is
/// null; and how long the records are, the message's first.
const HEAD: usize = 41;

const CHANNEL: usize = 8;
const GUILD: usize = 16;
const AUTHOR: usize = 24;
const NO_GUILD: usize = 32;
const LENGTH: usize = 33;
const AUTHOR_LENGTH: usize = 37;

/// One message of a batch as it lies there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MessageRecord<'a> {
    pub(crate) id: MessageId,
    pub(crate) channel: Option<ChannelId>,
    pub(crate) guild: Field<GuildId>,
    /// The record of a [`Message`].
    pub(crate) record: &'a [u8],
    /// Who wrote it, with the record of a [`User`].
    pub(crate) author: Option<(UserId, &'a [u8])>,
}

impl<'a> MessageRecord<'a> {
    fn read(from: &mut Cursor<'a>) -> Option<Self> {
        let mut id = || from.array().map(u64::from_le_bytes);
        let (message, channel, guild, author) = (id()?, id()?, id()?, id()?);
        let has_no_guild = from.byte()? != 0;
        let (record, user) = (from.length()?, from.length()?);
        let (user, record) = (from.bytes(user)?, from.bytes(record)?);
        Some(Self {
            id: MessageId::new(message)?,
            channel: ChannelId::new(channel),
            guild: match GuildId::new(guild) {
                Some(guild) => Field::Value(guild),
                None if has_no_guild => Field::Null,
                None => Field::Absent,
            },
            record,
            author: UserId::new(author).map(|author| (author, user)),
        })
    }

    /// Who wrote it, if a user did.
    pub(crate) fn user(self) -> Option<(UserId, &'a [u8])> {
        self.author.filter(|_| !is_by_webhook(self.record))
    }

    pub(crate) fn unpack(self) -> Message<'a> {
        let mut message = Message::unpack(self.id, &mut Cursor::new(self.record));
        (message.channel, message.guild) = (self.channel, self.guild);
        message.author = self.author.map(|(id, record)| {
            let user = User::unpack(id, &mut Cursor::new(record));
            Box::new(user)
        });
        message
    }
}

/// Whether a webhook wrote the message of a record.
fn is_by_webhook(record: &[u8]) -> bool {
    let mask = Cursor::new(record).mask(Message::MASK);
    Message::state_of("webhook", mask) > 1
}

impl Sealed for Message<'_> {}

impl BatchRow for Message<'_> {
    type Row<'a> = Message<'a>;
    type Id = MessageId;

    fn take<'a>(records: &mut &'a [u8]) -> Option<Message<'a>> {
        take_off(records, MessageRecord::read).map(MessageRecord::unpack)
    }

    fn skip(records: &mut &[u8]) -> Option<MessageId> {
        take_off(records, MessageRecord::read).map(|record| record.id)
    }
}

/// What of a message is no part of the record, as it is read.
#[derive(Default)]
struct RecordHead {
    id: Option<MessageId>,
    channel: Option<ChannelId>,
    guild: Field<GuildId>,
}

impl RecordHead {
    fn write(&self, to: &mut Sink, start: usize) {
        let set = |to: &mut Sink, place: usize, id: Option<u64>| {
            let id = id.unwrap_or(0).to_le_bytes();
            to.set(start.wrapping_add(place), &id);
        };
        set(to, 0, self.id.map(MessageId::get));
        set(to, CHANNEL, self.channel.map(ChannelId::get));
        set(to, GUILD, self.guild.value().map(|guild| guild.get()));
        let is_null = self.guild == Field::Null;
        to.set(start.wrapping_add(NO_GUILD), &[u8::from(is_null)]);
    }
}

impl<'i> Batch<Message<'i>> {
    pub(crate) fn records(&self) -> impl Iterator<Item = MessageRecord<'_>> {
        self.each(MessageRecord::read)
    }

    /// Reads one message into a pool; `other` gets the keys that are not its own, perhaps twice.
    pub(crate) fn read_one<F>(
        reader: &mut Reader<'i>,
        pool: RecordPool,
        mut other: F,
    ) -> Result<Self, Malformed>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let (mut messages, before) = (Self::within(pool), reader.mark());
        if messages.push_usual(reader, &mut other).is_some() {
            messages.count = 1;
            return Ok(messages);
        }
        reader.return_to(before);
        messages.pool.writer().clear();
        let message = Message::read_with(reader, other)?;
        messages.add(&message);
        Ok(messages)
    }

    /// Writes a message while it is read, if nothing is odd; see [`Message::transcode_with`].
    fn push_usual<F>(&mut self, reader: &mut Reader<'i>, mut other: F) -> Option<()>
    where
        F: FnMut(&str, &mut Reader<'i>) -> Result<(), Malformed>,
    {
        let to = self.pool.writer();
        let start = to.len();
        to.put(&[0; HEAD]);
        let (mut head, mut author) = (RecordHead::default(), None);
        let record = Message::transcode_with(reader, to, |key, reader, to| {
            match key {
                "id" if head.id.is_none() => head.id = Some(reader.id()?),
                "channel_id" if head.channel.is_none() => head.channel = Some(reader.id()?),
                "guild_id" if head.guild.is_absent() => head.guild = Field::read(reader)?,
                "author" if author.is_none() => author = Some(User::transcode(reader, to)?),
                "id" | "channel_id" | "guild_id" | "author" => {
                    return Err(reader.fault("comes twice"));
                }
                _ => other(key, reader)?,
            }
            Ok(())
        })?;
        head.id?;
        head.write(to, start);
        to.set_length(start.wrapping_add(LENGTH), record.place);
        if let Some(author) = author {
            let id = author.get().to_le_bytes();
            to.set(start.wrapping_add(AUTHOR), &id);
            let length = record.place.wrapping_sub(start).wrapping_sub(HEAD);
            let length = u32::try_from(length).ok()?.to_le_bytes();
            to.set(start.wrapping_add(AUTHOR_LENGTH), &length);
        }
        Some(())
    }

    fn add(&mut self, message: &Message<'_>) {
        let head = RecordHead {
            id: Some(message.id),
            channel: message.channel,
            guild: message.guild,
        };
        let author = message.author.as_deref();
        let author = author.map(|author| (author.id, |to: &mut Sink| author.pack(to)));
        self.write(&head, |to| message.pack(to), author);
    }

    /// Adds a message of which the records are there.
    pub(crate) fn add_packed(&mut self, message: MessageRecord<'_>) {
        let head = RecordHead {
            id: Some(message.id),
            channel: message.channel,
            guild: message.guild,
        };
        let author = message.author;
        let author = author.map(|(author, record)| (author, |to: &mut Sink| to.put(record)));
        self.write(&head, |to| to.put(message.record), author);
    }

    /// Adds a message whose records, the author's first, are written behind the head.
    fn write(
        &mut self,
        head: &RecordHead,
        record: impl FnOnce(&mut Sink),
        author: Option<(UserId, impl FnOnce(&mut Sink))>,
    ) {
        let to = self.pool.writer();
        let start = to.len();
        to.put(&[0; HEAD]);
        head.write(to, start);
        if let Some((author, record)) = author {
            let id = author.get().to_le_bytes();
            to.set(start.wrapping_add(AUTHOR), &id);
            to.measured(start.wrapping_add(AUTHOR_LENGTH), record);
        }
        to.measured(start.wrapping_add(LENGTH), record);
        self.count = self.count.saturating_add(1);
    }

    /// Says nothing any more of whether the first message is read aloud.
    pub(super) fn forget_tts(&mut self) {
        let part = Message::place_of("tts").wrapping_mul(2);
        let Some(message) = self.records().next() else {
            return;
        };
        let place = HEAD.wrapping_add(message.author.map_or(0, |(_, user)| user.len()));
        let mask = Cursor::new(message.record).mask(Message::MASK);
        // The state is all that there is of a boolean.
        let mask = mask & !(3 << part);
        self.pool.writer().set_mask(place, mask, Message::MASK);
    }
}

impl<'i> FromIterator<Message<'i>> for Batch<Message<'i>> {
    fn from_iter<T: IntoIterator<Item = Message<'i>>>(messages: T) -> Self {
        let mut batch = Self::default();
        let messages = messages.into_iter();
        messages.for_each(|message| batch.add(&message));
        batch
    }
}

impl<'de> Deserialize<'de> for Batch<Message<'_>> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let messages = Vec::<Message<'static>>::deserialize(from)?;
        let mut batch = Self::default();
        messages.iter().for_each(|message| batch.add(message));
        Ok(batch)
    }
}
