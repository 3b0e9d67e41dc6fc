//! Messages, packed: those of all channels in one table.
//!
//! The messages of a channel are linked from the oldest to the newest, and the channels of a guild
//! in no order. Nothing lies in the guilds but where the first channel is. A row is found by a
//! mix of the ids of guild, channel and message.

pub(in crate::cache::memory) mod message_ref;
pub(in crate::cache::memory) mod message_row;
mod reactions;
pub(in crate::cache::memory) mod ring_row;
#[cfg(test)]
mod tests;
mod walk;

use crate::cache::memory::guild::merge_mode::MergeMode;
use crate::cache::memory::messages::message_row::{
    MessageRow, NEWER, OLDER, RowAuthor, user_record,
};
use crate::cache::memory::messages::ring_row::{RingPlace, RingRow, Rings};
use crate::cache::memory::people::user::Users;
use crate::cache::memory::table::hash::Mixer;
use crate::cache::memory::table::packed_table::{Found, PackedTable};
use crate::cache::memory::usage::Weight;
use crate::cache::{React, Vote};
use crate::id::{ChannelId, GuildId, MessageId};
use crate::wire::packed::{RecordParts, Sink};
use crate::wire::view::{Message, MessageRecord};

/// The state of a part that has a value, whatever its form.
const VALUE: u64 = 2;

/// A longer message is not kept: some bytes less than the longest row has.
const LONGEST: usize = 15 << 20;

/// All messages that are kept.
#[derive(Debug)]
pub(in crate::cache::memory) struct MessageTable {
    rows: PackedTable,
    rings: PackedTable,
    mixer: Mixer,
    /// Where a row is written.
    row: Sink,
    /// Where a part of one is written.
    part: Sink,
}

impl MessageTable {
    pub(in crate::cache::memory) const fn new(mixer: Mixer) -> Self {
        Self {
            rows: PackedTable::new(mixer),
            rings: PackedTable::new(mixer),
            mixer,
            row: Sink::new(),
            part: Sink::new(),
        }
    }

    pub(in crate::cache::memory) fn weight(&self) -> Weight {
        Weight {
            rows: self.rows.len(),
            bytes: self.rows.bytes().saturating_add(self.rings.bytes()),
        }
    }

    fn ring_key(&self, place: RingPlace) -> u64 {
        let guild = place.guild.map_or(0, GuildId::get);
        self.mixer
            .hash_all([guild, place.channel.get()].into_iter())
    }

    fn find_ring(&self, place: RingPlace) -> Option<(Found, RingRow)> {
        let found = self.rings.find(self.ring_key(place))?;
        let ring = RingRow::of(self.rings.at(found))?;
        (ring.channel == place.channel).then_some((found, ring))
    }

    /// What is known of a channel; `None` if it has no messages.
    pub(in crate::cache::memory) fn ring(&self, place: RingPlace) -> Option<RingRow> {
        self.find_ring(place).map(|(_, ring)| ring)
    }

    fn key(&self, place: RingPlace, id: MessageId) -> u64 {
        let guild = place.guild.map_or(0, GuildId::get);
        let ids = [guild, place.channel.get(), id.get()];
        self.mixer.hash_all(ids.into_iter())
    }

    fn find(&self, place: RingPlace, id: MessageId) -> Option<(Found, MessageRow<'_>)> {
        let found = self.rows.find(self.key(place, id))?;
        let row = MessageRow::of(self.rows.at(found))?;
        (row.id == id).then_some((found, row))
    }

    fn get(&self, place: RingPlace, id: MessageId) -> Option<MessageRow<'_>> {
        self.find(place, id).map(|(_, row)| row)
    }

    fn change_ring(&mut self, place: RingPlace, change: impl FnOnce(&mut RingRow)) {
        if let Some((found, mut ring)) = self.find_ring(place) {
            change(&mut ring);
            self.set_ring(found, ring);
        }
    }

    fn set_ring(&mut self, found: Found, ring: RingRow) {
        let bytes = ring.to_bytes();
        let row = self.rings.at_mut(found).get_mut(..bytes.len());
        row.into_iter().for_each(|row| row.copy_from_slice(&bytes));
    }

    /// Adds a message, unless it is a patch, or merges it into the one that is there. The oldest
    /// of the channel go that are more than `limit`.
    pub(in crate::cache::memory) fn put(
        &mut self,
        rings: &mut Rings,
        (message, how): (MessageRecord<'_>, MergeMode),
        limit: usize,
        users: &mut Users,
    ) {
        let Some(channel) = message.channel.filter(|_| limit > 0) else {
            return learn(&message, users);
        };
        let place = rings.place(channel);
        if self.rows.contains(self.key(place, message.id)) {
            learn(&message, users);
            return self.amend(place, message, users);
        }
        if how == MergeMode::Patch {
            return learn(&message, users);
        }
        if is_too_long(&message) {
            return;
        }
        let ring = self.find_ring(place).or_else(|| self.open(rings, place));
        // None only if another channel has the same key.
        if let Some(ring) = ring
            && self.insert(place, ring, message, users) > limit
        {
            self.trim(rings, place, limit, users);
        }
    }

    /// A channel has its first message; `None` if another one has the same key.
    fn open(&mut self, rings: &mut Rings, place: RingPlace) -> Option<(Found, RingRow)> {
        let key = self.ring_key(place);
        if self.rings.contains(key) {
            return None;
        }
        let behind = rings.first.replace(place.channel);
        let ring = RingRow {
            behind,
            ..RingRow::new(place.channel)
        };
        if let Some(behind) = behind {
            let before = Some(place.channel);
            self.change_ring(rings.place(behind), |ring| ring.before = before);
        }
        self.rings.insert(key, &ring.to_bytes(), &[]);
        self.find_ring(place)
    }

    /// Adds a message that is not there; how many there are now.
    fn insert(
        &mut self,
        place: RingPlace,
        (found, mut ring): (Found, RingRow),
        message: MessageRecord<'_>,
        users: &mut Users,
    ) -> usize {
        let id = message.id;
        let (mut older, mut newer) = (ring.newest, None);
        while let Some(other) = older.filter(|&other| other > id) {
            newer = older;
            older = self.get(place, other).and_then(|row| row.older);
        }
        let mut row = MessageRow {
            id,
            older,
            newer,
            author: RowAuthor::Nobody,
            body: &[],
        };
        self.row.clear();
        self.row.put(message.record);
        if let Some((user, record)) = message.user() {
            users.hold_author(user, record);
            row.author = RowAuthor::User(user);
        } else if let Some((user, record)) = message.author {
            row.author = RowAuthor::Webhook(user);
            self.row.put(record);
        }
        let key = self.key(place, id);
        self.rows.insert(key, &row.head(), self.row.as_slice());
        self.link(place, older, NEWER, Some(id));
        self.link(place, newer, OLDER, Some(id));
        ring.count = ring.count.saturating_add(1);
        ring.oldest = older.and(ring.oldest).or(Some(id));
        ring.newest = newer.and(ring.newest).or(Some(id));
        self.set_ring(found, ring);
        ring.count as usize
    }

    /// Lets a message know another neighbour.
    fn link(
        &mut self,
        place: RingPlace,
        message: Option<MessageId>,
        at: usize,
        neighbour: Option<MessageId>,
    ) {
        let found = message.and_then(|id| self.find(place, id));
        if let Some(found) = found.map(|(found, _)| found)
            && let Some(link) = self.rows.at_mut(found).get_mut(at..at.wrapping_add(8))
        {
            let neighbour = neighbour.map_or(0, MessageId::get);
            link.copy_from_slice(&neighbour.to_le_bytes());
        }
    }

    /// A message has been edited; whoever wrote it by now is held in the place of who did before.
    fn amend(&mut self, place: RingPlace, message: MessageRecord<'_>, users: &mut Users) {
        let found = self.find(place, message.id).map(|(found, _)| found);
        let Some((found, mut row)) = found.and_then(|found| at(&self.rows, found)) else {
            return;
        };
        if is_too_long(&message) {
            return;
        }
        let (mut parts, newer) = (Message::parts(row.body), Message::parts(message.record));
        let poll = Message::place_of("poll");
        let polls = (parts.get(poll), newer.get(poll));
        parts.merge(&newer);
        self.part.clear();
        if let ((VALUE.., old), (VALUE.., new)) = polls
            && reactions::keep_votes(old, new, &mut self.part)
        {
            parts.put(poll, VALUE, self.part.as_slice());
        }
        let said = message.author.map(|(_, record)| record);
        let kept = row.is_by_webhook().then(|| parts.behind());
        let (before, is_webhook) = (row.user(), is_by_webhook(&parts));
        let author = message.author.map(|(user, _)| user);
        row.author = RowAuthor::of(author.or(row.author_id()), is_webhook);
        self.row.clear();
        self.row.put(&row.head());
        parts.write(&mut self.row, Message::MASK);
        if let RowAuthor::Webhook(user) = row.author {
            let record = said.or(kept).unwrap_or_else(|| users.packed(user));
            self.row.put(user_record(record));
        }
        if row.user() != before {
            let record = said.or(kept).unwrap_or_default();
            let after = row.user().into_iter();
            after.for_each(|user| users.hold_author(user, record));
            before
                .into_iter()
                .for_each(|user| users.release_author(user));
        }
        self.rows.rewrite_often(found, self.row.as_slice());
    }

    pub(in crate::cache::memory) fn react(&mut self, rings: &Rings, change: React<'_>) {
        let (place, part) = (rings.place(change.channel), Message::place_of("reactions"));
        self.rewrite(place, change.message, part, |(_, old), to| {
            reactions::react(old, change.change, to);
            true
        });
    }

    /// Counts a vote, if the message has a poll.
    pub(in crate::cache::memory) fn vote(&mut self, rings: &Rings, vote: Vote) {
        let (place, part) = (rings.place(vote.channel), Message::place_of("poll"));
        self.rewrite(place, vote.message, part, |(state, old), to| {
            let is_poll = state >= VALUE;
            if is_poll {
                reactions::vote(old, vote, to);
            }
            is_poll
        });
    }

    /// Lets `write` write one part of a message anew, if it says so; it gets the state and the
    /// bytes that are there.
    fn rewrite(
        &mut self,
        place: RingPlace,
        message: MessageId,
        part: usize,
        write: impl FnOnce((u64, &[u8]), &mut Sink) -> bool,
    ) {
        let found = self.find(place, message).map(|(found, _)| found);
        let Some((found, row)) = found.and_then(|found| at(&self.rows, found)) else {
            return;
        };
        let mut parts = Message::parts(row.body);
        self.part.clear();
        if !write(parts.get(part), &mut self.part) {
            return;
        }
        parts.put(part, VALUE, self.part.as_slice());
        self.row.clear();
        self.row.put(&row.head());
        parts.write(&mut self.row, Message::MASK);
        if row.is_by_webhook() {
            self.row.put(user_record(parts.behind()));
        }
        self.rows.rewrite_often(found, self.row.as_slice());
    }

    pub(in crate::cache::memory) fn take_out(
        &mut self,
        rings: &mut Rings,
        channel: ChannelId,
        ids: &[MessageId],
        users: &mut Users,
    ) {
        let place = rings.place(channel);
        for &id in ids {
            self.remove(rings, place, id, users);
        }
    }

    /// The oldest messages of a channel go until there are no more than `limit`.
    fn trim(&mut self, rings: &mut Rings, place: RingPlace, limit: usize, users: &mut Users) {
        while let Some(ring) = self.ring(place)
            && ring.count as usize > limit
            && let Some(oldest) = ring.oldest
            && self.remove(rings, place, oldest, users)
        {}
    }

    /// The oldest messages go that are too many for their channel.
    pub(in crate::cache::memory) fn trim_all(
        &mut self,
        rings: &mut Rings,
        limit: usize,
        users: &mut Users,
    ) {
        let mut next = rings.first;
        while let Some(channel) = next {
            let place = rings.place(channel);
            next = self.ring(place).and_then(|ring| ring.behind);
            self.trim(rings, place, limit, users);
        }
    }

    /// Takes a message out; whether it was there.
    fn remove(
        &mut self,
        rings: &mut Rings,
        place: RingPlace,
        message: MessageId,
        users: &mut Users,
    ) -> bool {
        let Some((found, row)) = self.find(place, message) else {
            return false;
        };
        let (older, newer, user) = (row.older, row.newer, row.user());
        self.rows.remove(found);
        self.link(place, older, NEWER, newer);
        self.link(place, newer, OLDER, older);
        self.change_ring(place, |ring| {
            ring.count = ring.count.saturating_sub(1);
            ring.oldest = older.and(ring.oldest).or(newer);
            ring.newest = newer.and(ring.newest).or(older);
        });
        user.into_iter().for_each(|user| users.release_author(user));
        if self.ring(place).is_some_and(|ring| ring.count == 0) && place.guild.is_some() {
            self.close(rings, place);
        }
        true
    }

    /// A channel without messages goes; one outside guilds stays until it goes itself.
    fn close(&mut self, rings: &mut Rings, place: RingPlace) {
        let Some((found, ring)) = self.find_ring(place) else {
            return;
        };
        self.rings.remove(found);
        match ring.before {
            Some(before) => {
                self.change_ring(rings.place(before), |other| other.behind = ring.behind);
            }
            None => rings.first = ring.behind,
        }
        if let Some(behind) = ring.behind {
            self.change_ring(rings.place(behind), |other| other.before = ring.before);
        }
    }

    /// All messages of a channel go.
    pub(in crate::cache::memory) fn remove_channel(
        &mut self,
        rings: &mut Rings,
        channel: ChannelId,
        users: &mut Users,
    ) {
        let place = rings.place(channel);
        self.trim(rings, place, 0, users);
        self.close(rings, place);
    }

    /// All messages go of a guild, or of the channels outside guilds.
    pub(in crate::cache::memory) fn clear(&mut self, rings: &mut Rings, users: &mut Users) {
        while let Some(channel) = rings.first {
            self.remove_channel(rings, channel, users);
            if rings.first == Some(channel) {
                break;
            }
        }
    }
}

fn at(rows: &PackedTable, found: Found) -> Option<(Found, MessageRow<'_>)> {
    Some((found, MessageRow::of(rows.at(found))?))
}

/// What a message says of its author is the newest of a user who is held, whether it is kept or
/// not.
pub(in crate::cache::memory) fn learn(message: &MessageRecord<'_>, users: &mut Users) {
    if let Some((user, record)) = message.user() {
        users.patch(user, record);
    }
}

/// Whether no row has room for a message.
const fn is_too_long(message: &MessageRecord<'_>) -> bool {
    let author = match message.author {
        Some((_, author)) => author.len(),
        None => 0,
    };
    message.record.len().saturating_add(author) > LONGEST
}

/// Whether a webhook wrote a message.
fn is_by_webhook<const N: usize>(parts: &RecordParts<'_, N>) -> bool {
    parts.get(Message::place_of("webhook")).0 >= VALUE
}
