//! The newest messages of a channel, and their counters.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::lot::Plain;
use super::table::Row;
use crate::cache::{OneReaction, ReactChange, Vote};
use crate::id::{ChannelId, MessageId, UserId};
use crate::wire::view::{Message, PollCount, PollResults, Reaction, ReactionCounts};
use crate::wire::{Field, Part};

/// Messages of one channel, by id.
#[derive(Debug)]
pub(super) struct Ring {
    channel: ChannelId,
    messages: VecDeque<Message<'static>>,
}

/// Who wrote it, if a user did.
pub(super) fn author(message: &Message<'_>) -> Option<UserId> {
    let author = message
        .author
        .as_ref()
        .filter(|_| message.webhook.is_none());
    author.map(|author| author.id)
}

impl Ring {
    pub(super) fn of(channel: ChannelId, message: Message<'static>) -> Self {
        let messages = VecDeque::from([message]);
        Self { channel, messages }
    }

    pub(super) const fn channel(&self) -> ChannelId {
        self.channel
    }

    pub(super) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = &Message<'static>> {
        self.messages.iter()
    }

    pub(super) fn authors(&self) -> impl Iterator<Item = UserId> {
        self.messages.iter().filter_map(author)
    }

    fn place(&self, id: MessageId) -> Result<usize, usize> {
        self.messages
            .binary_search_by_key(&id, |message| message.id)
    }

    pub(super) fn get(&self, id: MessageId) -> Option<&Message<'static>> {
        self.messages.get(self.place(id).ok()?)
    }

    pub(super) fn get_mut(&mut self, id: MessageId) -> Option<&mut Message<'static>> {
        let place = self.place(id).ok()?;
        self.messages.get_mut(place)
    }

    /// Takes the oldest out until no more than `limit` are left.
    pub(super) fn trim(&mut self, limit: usize) -> Vec<Message<'static>> {
        let extra = self.messages.len().saturating_sub(limit);
        self.messages.drain(..extra).collect()
    }

    pub(super) fn take_out(&mut self, ids: &[MessageId]) -> Vec<Message<'static>> {
        let places = |ring: &Self, id: &MessageId| ring.place(*id).ok();
        let mut gone = Vec::new();
        for id in ids {
            gone.extend(places(self, id).and_then(|place| self.messages.remove(place)));
        }
        gone
    }
}

impl Row for Ring {
    fn key(&self) -> u64 {
        self.channel.get()
    }

    fn heap(&self) -> usize {
        let rows = self
            .messages
            .capacity()
            .saturating_mul(size_of::<Message<'_>>());
        let parts = self.messages.iter().map(Part::heap);
        parts.fold(rows, usize::saturating_add)
    }
}

impl Plain for Ring {
    fn take(&mut self, newer: Self) {
        for message in newer.messages {
            match self.place(message.id) {
                Ok(_) => {}
                Err(place) => self.messages.insert(place, message),
            }
        }
    }
}

fn step(count: &mut Option<u64>, more: bool) {
    let old = count.unwrap_or(0);
    *count = Some(if more {
        old.saturating_add(1)
    } else {
        old.saturating_sub(1)
    });
}

/// Changes the reactions to a message.
pub(super) fn react(message: &mut Message<'static>, change: ReactChange<'static>) {
    let reactions = message.reactions.get_or_insert_default();
    match change {
        ReactChange::Add(one) => count_reaction(reactions, one, true),
        ReactChange::Remove(one) => count_reaction(reactions, one, false),
        ReactChange::RemoveEmoji(emoji) => {
            reactions.retain(|old| old.emoji.as_ref().is_none_or(|own| !own.is(&emoji)));
        }
        ReactChange::RemoveAll => reactions.clear(),
    }
}

fn count_reaction(reactions: &mut Vec<Reaction<'static>>, one: OneReaction<'static>, more: bool) {
    let OneReaction { emoji, burst, me } = one;
    let same = |old: &Reaction<'_>| old.emoji.as_ref().is_some_and(|own| own.is(&emoji));
    let place = match reactions.iter().position(same) {
        Some(place) => place,
        None if more => {
            let mut new = Reaction::bare();
            new.emoji = Some(emoji);
            reactions.push(new);
            reactions.len().wrapping_sub(1)
        }
        None => return,
    };
    let Some(old) = reactions.get_mut(place) else {
        return;
    };
    step(&mut old.count, more);
    let details = old.details.get_or_insert(ReactionCounts::bare());
    step(
        if burst {
            &mut details.burst
        } else {
            &mut details.normal
        },
        more,
    );
    if me {
        *(if burst {
            &mut old.me_burst
        } else {
            &mut old.me
        }) = Some(more);
    }
    if old.count == Some(0) {
        reactions.remove(place);
    }
}

/// Counts a vote, if the message has a poll.
pub(super) fn vote(message: &mut Message<'static>, vote: Vote) {
    let Field::Value(poll) = &mut message.poll else {
        return;
    };
    if poll.results.value().is_none() {
        poll.results = Field::Value(PollResults::bare());
    }
    let Field::Value(results) = &mut poll.results else {
        return;
    };
    let counts = results.counts.get_or_insert_default();
    if !counts.iter().any(|old| old.answer == Some(vote.answer)) {
        let mut new = PollCount::bare();
        new.answer = Some(vote.answer);
        counts.push(new);
    }
    for old in counts
        .iter_mut()
        .filter(|old| old.answer == Some(vote.answer))
    {
        step(&mut old.count, vote.given);
        if vote.me {
            old.me = Some(vote.given);
        }
    }
}
