//! Channels outside guilds, and their messages.

use alloc::vec::Vec;

use super::MemoryStore;
use super::hash::Mixer;
use super::lot::{Lot, Plain};
use super::messages::Ring;
use super::rings::Rings;
use super::shared::Shared;
use super::spot::Spot;
use super::usage::Weight;
use crate::cache::{Key, Kind, Op, Rows, Scope};
use crate::id::{ChannelId, MessageId};
use crate::wire::Field;
use crate::wire::Part as _;
use crate::wire::view::{Channel, Message, User};

impl Plain for Channel<'static> {
    fn take(&mut self, newer: Self) {
        self.merge(newer);
    }
}

/// Private channels. Who is in one is held as a user; the row itself keeps the ids alone.
#[derive(Debug)]
pub(super) struct Private {
    mixer: Mixer,
    channels: Lot<Channel<'static>>,
    rings: Rings,
}

impl Private {
    pub(super) const fn new(mixer: Mixer) -> Self {
        Self {
            mixer,
            channels: Lot::new(),
            rings: Rings::new(mixer),
        }
    }

    /// The weights of channels and messages.
    pub(super) fn weight(&self) -> (Weight, Weight) {
        (self.channels.weight(), self.rings.weight())
    }

    pub(super) fn message(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Option<&Message<'static>> {
        self.rings.message(channel, message)
    }

    /// Where the messages lie.
    pub(super) fn spots(&self) -> impl Iterator<Item = Spot> {
        let of = |ring: &Ring| {
            let channel = ring.channel();
            let ids: Vec<MessageId> = ring.iter().map(|row| row.id).collect();
            ids.into_iter().map(move |id| Spot::private(channel, id))
        };
        self.rings.iter().flat_map(of)
    }

    /// Takes out the messages that are too many for their channel.
    pub(super) fn trim(&mut self, shared: &mut Shared) {
        self.rings.trim(shared);
    }

    /// A step that names no guild.
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the other rows lie in guilds"
    )]
    pub(super) fn step(&mut self, op: Op<'_>, shared: &mut Shared) {
        match op {
            Op::Upsert(Rows::Channels(rows)) => rows
                .own()
                .into_iter()
                .for_each(|row| self.upsert(row, shared)),
            Op::Patch(Rows::Channels(rows)) => {
                for row in rows.own() {
                    self.channels.update(row.id.get(), |old| old.take(row));
                }
            }
            Op::Cascade(Scope::Channel(channel)) | Op::Remove(Key::Channel(channel)) => {
                self.remove(channel, shared);
            }
            Op::LastMessage(channel, message) => self.last_message(channel, message),
            Op::Upsert(Rows::Messages(rows)) => rows
                .own()
                .into_iter()
                .for_each(|row| self.rings.upsert(row, shared)),
            Op::Patch(Rows::Messages(rows)) => {
                rows.own().into_iter().for_each(|row| self.rings.patch(row));
            }
            Op::Remove(Key::Messages(channel, ids)) => self.rings.take_out(channel, &ids, shared),
            Op::React(change) => self.rings.react(change.into_owned()),
            Op::Vote(vote) => self.rings.vote(vote),
            _ => {}
        }
    }

    fn upsert(&mut self, mut row: Channel<'static>, shared: &mut Shared) {
        let id = row.id;
        if let Field::Value(recipients) = &mut row.recipients {
            for user in recipients.iter() {
                shared.users.hold_author(user);
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

    fn last_message(&mut self, channel: ChannelId, message: MessageId) {
        self.channels.update(channel.get(), |row| {
            if row.last_message.value().is_none_or(|old| *old < message) {
                row.last_message = Field::Value(message);
            }
        });
    }

    fn remove(&mut self, channel: ChannelId, shared: &mut Shared) {
        if let Some(row) = self.channels.remove(channel.get()) {
            release(&row, shared);
        }
        self.rings.remove(channel, shared);
    }

    /// A new session: nothing here can be refilled.
    pub(super) fn clear(&mut self, shared: &mut Shared) {
        let rows = self.channels.iter();
        rows.for_each(|row| release(row, shared));
        self.channels = Lot::new();
        self.rings.clear(shared);
    }
}

/// Lets go of those who were in a channel.
fn release(channel: &Channel<'_>, shared: &mut Shared) {
    for user in channel.recipients.value().into_iter().flatten() {
        shared.users.release_author(user.id);
    }
}

impl MemoryStore {
    /// A channel outside guilds. The recipients have nothing but their ids here; the rest is at
    /// [`MemoryStore::user`].
    #[must_use]
    pub fn private_channel(&self, channel: ChannelId) -> Option<&Channel<'static>> {
        self.private.channels.get(channel.get())
    }

    /// The channels outside guilds, in no order that means anything.
    pub fn private_channels(&self) -> impl Iterator<Item = &Channel<'static>> {
        self.private.channels.iter()
    }

    /// A message outside guilds.
    #[must_use]
    pub fn private_message(
        &self,
        channel: ChannelId,
        message: MessageId,
    ) -> Option<&Message<'static>> {
        self.used(Kind::Message, Spot::private(channel, message));
        self.private.message(channel, message)
    }

    /// The messages of a channel outside guilds that are kept, from the oldest to the newest.
    pub fn private_messages(
        &self,
        channel: ChannelId,
    ) -> impl DoubleEndedIterator<Item = &Message<'static>> {
        let ring = self.private.rings.ring(channel);
        ring.into_iter().flat_map(Ring::iter)
    }
}
