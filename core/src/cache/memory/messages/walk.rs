//! Reading messages one after the other.

use core::iter;

use super::MessageTable;
use super::message_ref::MessageRef;
use super::ring_row::{RingPlace, RingRow, Rings};
use crate::cache::memory::people::user::Users;
use crate::id::MessageId;

/// The messages of one channel that have not been handed out, from the oldest to the newest.
struct RingWalk<'a> {
    table: &'a MessageTable,
    users: &'a Users,
    place: RingPlace,
    oldest: Option<MessageId>,
    newest: Option<MessageId>,
    left: u32,
}

impl<'a> RingWalk<'a> {
    fn take(&mut self, message: Option<MessageId>) -> Option<MessageRef<'a>> {
        self.left = self.left.checked_sub(1)?;
        self.table.message(self.place, message?, self.users)
    }
}

impl<'a> Iterator for RingWalk<'a> {
    type Item = MessageRef<'a>;

    fn next(&mut self) -> Option<MessageRef<'a>> {
        let message = self.take(self.oldest)?;
        self.oldest = message.row.newer;
        Some(message)
    }
}

impl DoubleEndedIterator for RingWalk<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        let message = self.take(self.newest)?;
        self.newest = message.row.older;
        Some(message)
    }
}

impl MessageTable {
    pub(in crate::cache::memory) fn message<'a>(
        &'a self,
        place: RingPlace,
        id: MessageId,
        users: &'a Users,
    ) -> Option<MessageRef<'a>> {
        let row = self.get(place, id)?;
        Some(MessageRef { place, row, users })
    }

    /// The messages of a channel, from the oldest to the newest.
    pub(in crate::cache::memory) fn in_channel<'a>(
        &'a self,
        place: RingPlace,
        users: &'a Users,
    ) -> impl DoubleEndedIterator<Item = MessageRef<'a>> {
        let ring = self.ring(place);
        RingWalk {
            table: self,
            users,
            place,
            oldest: ring.and_then(|ring| ring.oldest),
            newest: ring.and_then(|ring| ring.newest),
            left: ring.map_or(0, |ring| ring.count),
        }
    }

    /// How many messages a guild has, or channels outside guilds have.
    pub(in crate::cache::memory) fn count(&self, rings: &Rings) -> usize {
        self.ring_rows(rings)
            .map(|ring_row| ring_row.count as usize)
            .fold(0, usize::saturating_add)
    }

    /// The channels that have messages.
    pub(in crate::cache::memory) fn channels(
        &self,
        rings: &Rings,
    ) -> impl Iterator<Item = RingPlace> {
        let guild = rings.guild;
        self.ring_rows(rings).map(move |ring_row| RingPlace {
            guild,
            channel: ring_row.channel,
        })
    }

    fn ring_rows(&self, rings: &Rings) -> impl Iterator<Item = RingRow> {
        let guild = rings.guild;
        let ring = move |channel| self.ring(RingPlace { guild, channel });
        let first = rings.first.and_then(ring);
        iter::successors(first, move |ring_row: &RingRow| {
            ring_row.behind.and_then(ring)
        })
    }

    /// All messages of a guild, or of the channels outside guilds.
    pub(in crate::cache::memory) fn in_channels<'a>(
        &'a self,
        rings: &Rings,
        users: &'a Users,
    ) -> impl Iterator<Item = MessageRef<'a>> {
        let channels = self.channels(rings);
        channels.flat_map(move |place| self.in_channel(place, users))
    }
}
