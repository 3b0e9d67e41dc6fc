//! A cached message.

use core::fmt;

use super::message_row::{MessageRow, RowAuthor, user_record};
use super::ring_row::RingPlace;
use crate::cache::memory::people::user::{UserRef, Users};
use crate::id::{ChannelId, GuildId, MessageId};
use crate::wire::view::{Message, MessageRecord};
use crate::wire::{Field, Text, Timestamp};

/// A cached message, decoded part by part as it is asked.
#[derive(Clone, Copy)]
pub struct MessageRef<'a> {
    pub(super) place: RingPlace,
    pub(super) row: MessageRow<'a>,
    pub(super) users: &'a Users,
}

impl fmt::Debug for MessageRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.row().fmt(f)
    }
}

impl<'a> MessageRef<'a> {
    /// Its id.
    #[must_use]
    pub const fn id(self) -> MessageId {
        self.row.id
    }

    /// The channel or thread.
    #[must_use]
    pub const fn channel(self) -> ChannelId {
        self.place.channel
    }

    /// The guild, if it is in one.
    #[must_use]
    pub const fn guild(self) -> Option<GuildId> {
        self.place.guild
    }

    /// The user who wrote it, as that is known now; `None` if a webhook did, or if a policy took
    /// the user away.
    #[must_use]
    pub fn author(self) -> Option<UserRef<'a>> {
        self.users.get(self.row.user()?)
    }

    /// What is written; `None` if that is not known.
    #[must_use]
    pub fn content(self) -> Option<&'a str> {
        let row = Message::only("content", self.row.id, self.row.body);
        row.content.and_then(Text::into_plain)
    }

    /// When it was written, if that is known.
    #[must_use]
    pub fn timestamp(self) -> Option<Timestamp> {
        Message::only("timestamp", self.row.id, self.row.body).timestamp
    }

    /// All that is known of it. Allocates for lists, and for the author, who is as known now: with
    /// nothing but the id if a policy took the user away.
    #[must_use]
    pub fn row(self) -> Message<'a> {
        self.record().unpack()
    }

    pub(in crate::cache::memory) fn record(self) -> MessageRecord<'a> {
        let (record, behind) = self.row.records();
        MessageRecord {
            id: self.row.id,
            channel: Some(self.place.channel),
            guild: self.place.guild.map_or(Field::Absent, Field::Value),
            record,
            author: match self.row.author {
                RowAuthor::Nobody => None,
                RowAuthor::User(user) => Some((user, user_record(self.users.packed(user)))),
                RowAuthor::Webhook(user) => Some((user, user_record(behind))),
            },
        }
    }
}
