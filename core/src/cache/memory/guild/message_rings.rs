//! The messages of many channels, with their authors as users.

use alloc::vec::Vec;

use crate::cache::memory::guild::message_ring::{Ring, author, edit, react, vote};
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
        let Some(channel) = row.channel.filter(|_| limit > 0) else {
            return;
        };
        if self.message(channel, row.id).is_some() {
            return self.patch(row);
        }
        let author = row
            .author
            .as_deref()
            .filter(|_| row.webhook.value().is_none());
        if let Some(author) = author {
            shared.users.hold_author(author);
        }
        self.rings.upsert(self.mixer, Ring::of(channel, row));
        self.messages = self.messages.saturating_add(1);
        let dropped = self.rings.update(channel.get(), |ring| ring.trim(limit));
        self.gone(dropped.unwrap_or_default(), shared);
    }

    pub(in crate::cache::memory) fn patch(&mut self, row: Message<'static>) {
        if let Some(channel) = row.channel {
            self.update(channel, row.id, |old| edit(old, row));
        }
    }

    pub(in crate::cache::memory) fn react(&mut self, change: React<'static>) {
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
        let gone = self.rings.update(channel.get(), |ring| ring.take_out(ids));
        self.gone(gone.unwrap_or_default(), shared);
    }

    /// The oldest messages go that are too many for their channel.
    pub(in crate::cache::memory) fn trim(&mut self, shared: &mut SharedRows) {
        let limit = shared.messages_per_channel;
        let full = self.rings.iter().filter(|ring| ring.len() > limit);
        let full: Vec<ChannelId> = full.map(Ring::channel).collect();
        for channel in full {
            let gone = self.rings.update(channel.get(), |ring| ring.trim(limit));
            self.gone(gone.unwrap_or_default(), shared);
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

    fn gone(&mut self, messages: Vec<Message<'static>>, shared: &mut SharedRows) {
        self.messages = self.messages.saturating_sub(messages.len());
        for author in messages.iter().filter_map(author) {
            shared.users.release_author(author);
        }
    }
}
