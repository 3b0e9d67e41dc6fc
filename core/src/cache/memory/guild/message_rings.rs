//! The messages of many channels, with their authors as users.

use alloc::vec::Vec;

use crate::cache::memory::guild::message_ring::{Ring, author, edit, react, vote};
use crate::cache::memory::people::user::Users;
use crate::cache::memory::shared::SharedRows;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::lazy_table::LazyTable;
use crate::cache::memory::usage::Weight;
use crate::cache::{React, Vote};
use crate::id::{ChannelId, MessageId};
use crate::wire::view::Message;

/// A ring for each channel that has messages.
#[derive(Debug)]
pub(in crate::cache::memory) struct Rings {
    mixer: Mixer,
    rings: LazyTable<Ring>,
    messages: usize,
}

impl Rings {
    pub(in crate::cache::memory) const fn new(mixer: Mixer) -> Self {
        Self {
            mixer,
            rings: LazyTable::new(),
            messages: 0,
        }
    }

    /// The messages are the rows.
    pub(in crate::cache::memory) fn weight(&self) -> Weight {
        Weight {
            rows: self.messages,
            ..self.rings.weight()
        }
    }

    pub(in crate::cache::memory) fn iter(&self) -> impl Iterator<Item = &Ring> {
        self.rings.iter()
    }

    pub(in crate::cache::memory) fn ring(&self, channel: ChannelId) -> Option<&Ring> {
        self.rings.get(channel.get())
    }

    pub(in crate::cache::memory) fn message(
        &self,
        channel: ChannelId,
        id: MessageId,
    ) -> Option<&Message<'static>> {
        self.ring(channel)?.get(id)
    }

    pub(in crate::cache::memory) fn upsert(
        &mut self,
        row: Message<'static>,
        shared: &mut SharedRows,
    ) {
        let limit = shared.messages_per_channel;
        let (users, messages) = (&mut shared.users, &mut self.messages);
        let Some(channel) = row.channel.filter(|_| limit > 0) else {
            return learn(&row, users);
        };
        let mut row = Some(row);
        self.rings.update(channel.get(), |ring| {
            let Some(row) = row.take() else {
                return;
            };
            if ring.get(row.id).is_some() {
                learn(&row, users);
                return amend(ring, row, users);
            }
            hold(&row, users);
            ring.insert(row);
            *messages = messages.saturating_add(1);
            trim(ring, limit, users, messages);
        });
        if let Some(row) = row {
            hold(&row, users);
            *messages = messages.saturating_add(1);
            self.rings.upsert(self.mixer, Ring::of(channel, row));
        }
    }

    pub(in crate::cache::memory) fn patch(
        &mut self,
        row: Message<'static>,
        shared: &mut SharedRows,
    ) {
        let users = &mut shared.users;
        learn(&row, users);
        if let Some(channel) = row.channel {
            self.rings
                .update(channel.get(), |ring| amend(ring, row, users));
        }
    }

    pub(in crate::cache::memory) fn react(&mut self, change: React<'_>) {
        let (channel, message) = (change.channel, change.message);
        self.update(channel, message, |row| react(row, change.change));
    }

    pub(in crate::cache::memory) fn vote(&mut self, one: Vote) {
        self.update(one.channel, one.message, |row| vote(row, one));
    }

    fn update(
        &mut self,
        channel: ChannelId,
        message: MessageId,
        change: impl FnOnce(&mut Message<'static>),
    ) {
        self.rings
            .update(channel.get(), |ring| ring.update(message, change));
    }

    pub(in crate::cache::memory) fn take_out(
        &mut self,
        channel: ChannelId,
        ids: &[MessageId],
        shared: &mut SharedRows,
    ) {
        let (users, messages) = (&mut shared.users, &mut self.messages);
        self.rings.update(channel.get(), |ring| {
            let gone = ids.iter().filter_map(|&id| ring.remove(id));
            gone.for_each(|message| release(&message, users, messages));
        });
    }

    /// The oldest messages go that are too many for their channel.
    pub(in crate::cache::memory) fn trim(&mut self, shared: &mut SharedRows) {
        let limit = shared.messages_per_channel;
        let full = self.rings.iter().filter(|ring| ring.len() > limit);
        let full: Vec<ChannelId> = full.map(Ring::channel).collect();
        let (users, messages) = (&mut shared.users, &mut self.messages);
        for channel in full {
            self.rings
                .update(channel.get(), |ring| trim(ring, limit, users, messages));
        }
    }

    /// All messages of a channel go.
    pub(in crate::cache::memory) fn remove(&mut self, channel: ChannelId, shared: &mut SharedRows) {
        if let Some(ring) = self.rings.remove(channel.get()) {
            self.messages = self.messages.saturating_sub(ring.len());
            ring.authors()
                .for_each(|author| shared.users.release_author(author));
        }
    }

    /// All messages go.
    pub(in crate::cache::memory) fn clear(&mut self, shared: &mut SharedRows) {
        let channels: Vec<ChannelId> = self.rings.iter().map(Ring::channel).collect();
        for channel in channels {
            self.remove(channel, shared);
        }
    }
}

/// The author of a message that comes is held.
fn hold(message: &Message<'_>, users: &mut Users) {
    author(message)
        .into_iter()
        .for_each(|user| users.hold_author(user));
}

/// What a message says of its author is the newest of a user who is held, kept or not.
fn learn(message: &Message<'_>, users: &mut Users) {
    author(message)
        .into_iter()
        .for_each(|user| users.patch_user(user));
}

/// A message has been edited; whoever wrote it by now is held in the place of who did before.
fn amend(ring: &mut Ring, newer: Message<'static>, users: &mut Users) {
    let id = newer.id;
    let before = ring.get(id).and_then(author).map(|user| user.id);
    ring.update(id, |old| edit(old, newer));
    let after = ring.get(id).and_then(author);
    if after.map(|user| user.id) != before {
        after.into_iter().for_each(|user| users.hold_author(user));
        before
            .into_iter()
            .for_each(|user| users.release_author(user));
    }
}

/// A message has gone; `messages` are those that are left.
fn release(message: &Message<'_>, users: &mut Users, messages: &mut usize) {
    *messages = messages.saturating_sub(1);
    author(message)
        .into_iter()
        .for_each(|user| users.release_author(user.id));
}

/// The oldest messages go until there are no more than `limit`.
fn trim(ring: &mut Ring, limit: usize, users: &mut Users, messages: &mut usize) {
    while let Some(gone) = ring.pop_beyond(limit) {
        release(&gone, users, messages);
    }
}
