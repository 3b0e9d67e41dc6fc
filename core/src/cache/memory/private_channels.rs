//! Channels outside guilds, and the messages in them.

use alloc::vec::Vec;

use crate::cache::memory::MemoryStore;
use crate::cache::memory::guild::merge_mode::MergeMode;
use crate::cache::memory::indexes::Indexes;
use crate::cache::memory::limits::row_id::RowId;
use crate::cache::memory::messages::MessageTable;
use crate::cache::memory::messages::message_ref::MessageRef;
use crate::cache::memory::messages::ring_row::Rings;
use crate::cache::memory::people::user::Users;
use crate::cache::memory::shared::SharedRows;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::lazy_table::{LazyTable, MergeRow};
use crate::cache::memory::usage::Weight;
use crate::cache::{Key, Kind, Op, Rows};
use crate::id::{ChannelId, MessageId, UserId};
use crate::wire::Field;
use crate::wire::Part as _;
use crate::wire::view::{Batch, Channel, Message, User};

/// The kind of channel in which the bot talks to one user.
const DM: u16 = 1;

impl MergeRow for Channel<'static> {
    fn take(&mut self, newer: Self) {
        self.merge(newer);
    }

    /// Of a conversation of two, the other one.
    fn group(&self) -> Option<u64> {
        match self.recipients.value().map(Vec::as_slice) {
            Some([other]) if self.kind == Some(DM) => Some(other.id.get()),
            Some(_) | None => None,
        }
    }
}

/// Private channels. Who is in one is held as a user; the row itself keeps the ids alone.
///
/// A channel has a place here if its row is here, or messages of a channel of which nothing else
/// is known.
#[derive(Debug)]
pub(super) struct PrivateChannels {
    mixer: Mixer,
    channels: LazyTable<Channel<'static>>,
    messages: MessageTable,
    rings: Rings,
    /// Channels with messages and without a row.
    rowless: usize,
}

impl PrivateChannels {
    pub(super) const fn new(mixer: Mixer) -> Self {
        Self {
            mixer,
            channels: LazyTable::new(),
            messages: MessageTable::new(mixer),
            rings: Rings::new(None),
            rowless: 0,
        }
    }

    pub(super) fn channel(&self, channel: ChannelId) -> Option<&Channel<'static>> {
        self.channels.get(channel.get())
    }

    /// Switches the index of channels by user on or off.
    pub(super) fn set_indexes(&mut self, indexes: Indexes) {
        let by_user = indexes.contains(Indexes::PRIVATE_CHANNELS_BY_USER);
        self.channels.set_index(self.mixer, by_user);
    }

    /// The messages.
    pub(super) fn messages<'a>(&'a self, users: &'a Users) -> impl Iterator<Item = MessageRef<'a>> {
        self.messages.in_channels(&self.rings, users)
    }

    fn has_messages(&self, channel: ChannelId) -> bool {
        self.messages.ring(self.rings.place(channel)).is_some()
    }

    /// The channels with this user alone.
    pub(super) fn channels_with(&self, user: UserId) -> impl Iterator<Item = &Channel<'static>> {
        self.channels.in_group(user.get())
    }

    /// Whether a channel has a place.
    pub(super) fn has_place(&self, channel: ChannelId) -> bool {
        self.channel(channel).is_some() || self.has_messages(channel)
    }

    /// How many channels have a place. Constant time.
    pub(super) fn place_count(&self) -> usize {
        self.channels.len().saturating_add(self.rowless)
    }

    fn is_rowless(&self, channel: ChannelId) -> bool {
        self.channel(channel).is_none() && self.has_messages(channel)
    }

    /// Changes a channel, and keeps count of those without a row.
    fn counting(&mut self, channel: ChannelId, change: impl FnOnce(&mut Self)) {
        let was = usize::from(self.is_rowless(channel));
        change(self);
        let is = usize::from(self.is_rowless(channel));
        self.rowless = self.rowless.saturating_add(is).saturating_sub(was);
    }

    /// The channels that have a place.
    pub(super) fn places(&self) -> impl Iterator<Item = ChannelId> {
        let rows = self.channels.iter().map(|row| row.id);
        let ringed = self.messages.channels(&self.rings);
        let ringed = ringed.map(|place| place.channel);
        rows.chain(ringed.filter(|channel| self.is_rowless(*channel)))
    }

    /// The weights of channels and messages.
    pub(super) fn weight(&self) -> (Weight, Weight) {
        (self.channels.weight(), self.messages.weight())
    }

    pub(super) fn message<'a>(
        &'a self,
        channel: ChannelId,
        message: MessageId,
        users: &'a Users,
    ) -> Option<MessageRef<'a>> {
        let place = self.rings.place(channel);
        self.messages.message(place, message, users)
    }

    /// Takes out the messages that are too many for their channel.
    pub(super) fn trim(&mut self, shared: &mut SharedRows) {
        let (limit, users) = (shared.messages_per_channel, &mut shared.users);
        self.messages.trim_all(&mut self.rings, limit, users);
    }

    /// A step that names no guild.
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the other rows lie in guilds"
    )]
    pub(super) fn step(&mut self, op: Op<'_>, shared: &mut SharedRows) {
        match op {
            Op::Upsert(Rows::PrivateChannels(rows)) => {
                for row in rows.own() {
                    self.counting(row.id, |this| this.upsert(row, shared));
                }
            }
            Op::Patch(Rows::PrivateChannels(rows)) => {
                for row in rows.own() {
                    self.channels.update(row.id.get(), |old| old.take(row));
                }
            }
            Op::Remove(Key::PrivateChannel(channel)) => {
                self.counting(channel, |this| this.remove(channel, shared));
            }
            Op::LastMessage(channel, message) => self.last_message(channel, message),
            Op::Upsert(Rows::Messages(rows)) => self.put_messages(&rows, MergeMode::Upsert, shared),
            Op::Patch(Rows::Messages(rows)) => self.put_messages(&rows, MergeMode::Patch, shared),
            Op::Remove(Key::Messages(channel, ids)) => {
                let users = &mut shared.users;
                self.messages
                    .take_out(&mut self.rings, channel, &ids, users);
            }
            Op::React(change) => self.messages.react(&self.rings, *change),
            Op::Vote(vote) => self.messages.vote(&self.rings, vote),
            _ => {}
        }
    }

    fn upsert(&mut self, mut row: Channel<'static>, shared: &mut SharedRows) {
        let id = row.id;
        if let Field::Value(recipients) = &mut row.recipients {
            for user in recipients.iter() {
                shared.users.hold_recipient(user);
            }
            for user in recipients {
                *user = User::bare(user.id);
            }
            let before = self.channels.get(id.get());
            before.into_iter().for_each(|old| release(old, shared));
        }
        let newest = |row: &Channel<'_>| row.last_message.value().copied();
        if self.channels.get(id.get()).and_then(newest) > newest(&row) {
            row.last_message = Field::Absent;
        }
        self.channels.upsert(self.mixer, row);
    }

    fn put_messages(&mut self, rows: &Batch<Message<'_>>, how: MergeMode, shared: &mut SharedRows) {
        let (limit, users) = (shared.messages_per_channel, &mut shared.users);
        for message in rows.records() {
            if let Some(channel) = message.channel {
                self.counting(channel, |this| {
                    let rings = &mut this.rings;
                    this.messages.put(rings, (message, how), limit, users);
                });
            }
        }
    }

    fn last_message(&mut self, channel: ChannelId, message: MessageId) {
        self.channels.update(channel.get(), |row| {
            if row.last_message.value().is_none_or(|old| *old < message) {
                row.last_message = Field::Value(message);
            }
        });
    }

    fn remove(&mut self, channel: ChannelId, shared: &mut SharedRows) {
        if let Some(row) = self.channels.remove(channel.get()) {
            release(&row, shared);
        }
        let users = &mut shared.users;
        self.messages
            .remove_channel(&mut self.rings, channel, users);
    }

    /// A new session: nothing here can be refilled.
    pub(super) fn clear(&mut self, shared: &mut SharedRows) {
        let rows = self.channels.iter();
        rows.for_each(|row| release(row, shared));
        self.channels.clear();
        self.messages.clear(&mut self.rings, &mut shared.users);
        self.rowless = 0;
    }
}

/// Lets go of those who were in a channel.
fn release(channel: &Channel<'_>, shared: &mut SharedRows) {
    for user in channel.recipients.value().into_iter().flatten() {
        shared.users.release_author(user.id);
    }
}

impl MemoryStore {
    /// A channel outside guilds. The recipients have nothing but their ids here; the rest is at
    /// [`MemoryStore::user`].
    #[must_use]
    pub fn private_channel(&self, channel: ChannelId) -> Option<&Channel<'static>> {
        self.used(Kind::PrivateChannel, RowId::private_channel(channel));
        self.private_channels.channel(channel)
    }

    /// The channels outside guilds, in no order that means anything.
    pub fn private_channels(&self) -> impl Iterator<Item = &Channel<'static>> {
        self.private_channels.channels.iter()
    }

    /// A message outside guilds.
    #[must_use]
    pub fn private_message(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Option<MessageRef<'_>> {
        self.used(Kind::Message, RowId::private(channel, message));
        let users = &self.shared.users;
        self.private_channels.message(channel, message, users)
    }

    /// The messages of a channel outside guilds that are kept, from the oldest to the newest.
    pub fn private_messages(
        &self,
        channel: ChannelId,
    ) -> impl DoubleEndedIterator<Item = MessageRef<'_>> {
        let (private, users) = (&self.private_channels, &self.shared.users);
        let place = private.rings.place(channel);
        private.messages.in_channel(place, users)
    }
}
