//! A message as it lies in the table.

use crate::id::{MessageId, UserId};
use crate::wire::packed::Cursor;
use crate::wire::view::{Message, User};

/// Bytes before the record: the ids of the message, of its neighbours and of its author, and
/// where the author is found.
pub(super) const HEAD: usize = 33;

/// Where the older neighbour's id is.
pub(super) const OLDER: usize = 8;

/// Where the newer neighbour's id is.
pub(super) const NEWER: usize = 16;

/// Who wrote a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RowAuthor {
    Nobody,
    /// One of the users.
    User(UserId),
    /// No user, but a webhook: the record stands behind the message's.
    Webhook(UserId),
}

impl RowAuthor {
    pub(super) const fn of(author: Option<UserId>, is_webhook: bool) -> Self {
        match author {
            None => Self::Nobody,
            Some(author) if is_webhook => Self::Webhook(author),
            Some(author) => Self::User(author),
        }
    }
}

/// A row of the table: the head, the record of a [`Message`], and perhaps that of a [`User`].
#[derive(Clone, Copy, Debug)]
pub(in crate::cache::memory) struct MessageRow<'a> {
    pub(in crate::cache::memory) id: MessageId,
    pub(super) older: Option<MessageId>,
    pub(super) newer: Option<MessageId>,
    pub(super) author: RowAuthor,
    /// The records; zeros may follow.
    pub(super) body: &'a [u8],
}

impl<'a> MessageRow<'a> {
    pub(super) fn of(row: &'a [u8]) -> Option<Self> {
        let mut from = Cursor::new(row);
        let mut id = || from.array().map(u64::from_le_bytes);
        let (message, older, newer, author) = (id()?, id()?, id()?, id()?);
        let is_webhook = from.byte()? != 0;
        Some(Self {
            id: MessageId::new(message)?,
            older: MessageId::new(older),
            newer: MessageId::new(newer),
            author: RowAuthor::of(UserId::new(author), is_webhook),
            body: from.rest(),
        })
    }

    pub(super) fn head(&self) -> [u8; HEAD] {
        let ids = [
            self.id.get(),
            self.older.map_or(0, MessageId::get),
            self.newer.map_or(0, MessageId::get),
            self.author_id().map_or(0, UserId::get),
        ];
        let mut head = [u8::from(self.is_by_webhook()); HEAD];
        for (to, id) in head.chunks_exact_mut(8).zip(ids) {
            to.copy_from_slice(&id.to_le_bytes());
        }
        head
    }

    /// The user who wrote it, if one did.
    pub(super) const fn user(&self) -> Option<UserId> {
        match self.author {
            RowAuthor::User(author) => Some(author),
            RowAuthor::Nobody | RowAuthor::Webhook(_) => None,
        }
    }

    pub(super) const fn author_id(&self) -> Option<UserId> {
        match self.author {
            RowAuthor::Nobody => None,
            RowAuthor::User(author) | RowAuthor::Webhook(author) => Some(author),
        }
    }

    pub(super) const fn is_by_webhook(&self) -> bool {
        matches!(self.author, RowAuthor::Webhook(_))
    }

    /// The record of the message, and what stands behind it.
    pub(super) fn records(&self) -> (&'a [u8], &'a [u8]) {
        let mut from = Cursor::new(self.body);
        (from.passed(Message::pass), from.rest())
    }
}

/// The record of a [`User`] that stands here; zeros may follow.
pub(super) fn user_record(bytes: &[u8]) -> &[u8] {
    Cursor::new(bytes).passed(User::pass)
}
