//! The newest messages of a channel, and their counters.

use alloc::collections::VecDeque;
use alloc::vec::Vec;

use crate::cache::memory::table::Row;
use crate::cache::memory::table::lazy_table::MergeRow;
use crate::cache::{OneReaction, ReactChange, Vote};
use crate::id::{ChannelId, MessageId, UserId};
use crate::wire::view::{Message, PollCount, PollResults, Reaction, ReactionCounts, User};
use crate::wire::{Field, Part};

/// Messages of one channel, by id.
#[derive(Debug)]
pub(in crate::cache::memory) struct Ring {
    channel: ChannelId,
    messages: VecDeque<Message<'static>>,
    /// What the messages hold on the heap, kept so that a change weighs one message alone.
    parts: usize,
}

/// Who wrote it, if a user did.
pub(in crate::cache::memory) fn author<'m>(message: &'m Message<'_>) -> Option<&'m User<'m>> {
    let author = message.author.as_deref();
    author.filter(|_| message.webhook.value().is_none())
}

impl Ring {
    pub(in crate::cache::memory) fn of(channel: ChannelId, message: Message<'static>) -> Self {
        let parts = message.heap();
        let messages = VecDeque::from([message]);
        Self {
            channel,
            messages,
            parts,
        }
    }

    pub(in crate::cache::memory) const fn channel(&self) -> ChannelId {
        self.channel
    }

    pub(in crate::cache::memory) fn len(&self) -> usize {
        self.messages.len()
    }

    pub(in crate::cache::memory) fn iter(
        &self,
    ) -> impl DoubleEndedIterator<Item = &Message<'static>> {
        self.messages.iter()
    }

    pub(in crate::cache::memory) fn authors(&self) -> impl Iterator<Item = UserId> {
        self.messages.iter().filter_map(author).map(|user| user.id)
    }

    fn place(&self, id: MessageId) -> Result<usize, usize> {
        if self.messages.back().is_none_or(|last| last.id < id) {
            return Err(self.messages.len());
        }
        self.messages
            .binary_search_by_key(&id, |message| message.id)
    }

    pub(in crate::cache::memory) fn get(&self, id: MessageId) -> Option<&Message<'static>> {
        self.messages.get(self.place(id).ok()?)
    }

    /// Lets `change` at a message, if it is there, and weighs it anew.
    pub(in crate::cache::memory) fn update(
        &mut self,
        id: MessageId,
        change: impl FnOnce(&mut Message<'static>),
    ) {
        let Ok(place) = self.place(id) else {
            return;
        };
        if let Some(message) = self.messages.get_mut(place) {
            let before = message.heap();
            change(message);
            let after = message.heap();
            self.parts = self.parts.wrapping_sub(before).wrapping_add(after);
        }
    }

    /// Adds a message that is not there yet; one that is there stays.
    pub(in crate::cache::memory) fn insert(&mut self, message: Message<'static>) {
        if let Err(place) = self.place(message.id) {
            self.parts = self.parts.wrapping_add(message.heap());
            self.messages.insert(place, message);
        }
    }

    /// Takes the oldest out, if there are more than `limit`.
    pub(in crate::cache::memory) fn pop_beyond(
        &mut self,
        limit: usize,
    ) -> Option<Message<'static>> {
        if self.messages.len() <= limit {
            return None;
        }
        let gone = self.messages.pop_front()?;
        self.parts = self.parts.wrapping_sub(gone.heap());
        Some(gone)
    }

    /// Takes a message out, if it is there.
    pub(in crate::cache::memory) fn remove(&mut self, id: MessageId) -> Option<Message<'static>> {
        let gone = self.messages.remove(self.place(id).ok()?)?;
        self.parts = self.parts.wrapping_sub(gone.heap());
        Some(gone)
    }
}

impl Row for Ring {
    fn key(&self) -> u64 {
        self.channel.get()
    }

    fn heap(&self) -> usize {
        let rows = self.messages.capacity();
        rows.saturating_mul(size_of::<Message<'_>>())
            .saturating_add(self.parts)
    }
}

impl MergeRow for Ring {
    fn take(&mut self, newer: Self) {
        newer
            .messages
            .into_iter()
            .for_each(|message| self.insert(message));
    }
}

/// One more or one less; what is not known stays so.
fn step(count: &mut Option<u64>, more: bool) {
    *count = count.map(|old| match more {
        true => old.saturating_add(1),
        false => old.saturating_sub(1),
    });
}

/// Takes what an edit says; one that speaks of a poll without its votes leaves them.
pub(in crate::cache::memory) fn edit(message: &mut Message<'static>, mut newer: Message<'static>) {
    if let (Field::Value(old), Field::Value(new)) = (&mut message.poll, &mut newer.poll)
        && new.results.is_absent()
    {
        core::mem::swap(&mut old.results, &mut new.results);
    }
    message.merge(newer);
}

/// Changes the reactions to a message.
pub(in crate::cache::memory) fn react(message: &mut Message<'static>, change: ReactChange<'_>) {
    let old = core::mem::take(&mut message.reactions).into_value();
    let mut reactions = old.unwrap_or_default();
    match change {
        ReactChange::Add(one) => count_reaction(&mut reactions, one, true),
        ReactChange::Remove(one) => count_reaction(&mut reactions, one, false),
        ReactChange::RemoveEmoji(emoji) => {
            reactions.retain(|old| old.emoji.as_ref().is_none_or(|own| !own.is(&emoji)));
        }
        ReactChange::RemoveAll => reactions.clear(),
    }
    message.reactions = Field::Value(reactions);
}

fn count_reaction(reactions: &mut Vec<Reaction<'static>>, one: OneReaction<'_>, more: bool) {
    let OneReaction { emoji, burst, me } = one;
    let same = |old: &Reaction<'_>| old.emoji.as_ref().is_some_and(|own| own.is(&emoji));
    let place = match reactions.iter().position(same) {
        Some(place) => place,
        None if more => {
            let (mut new, mut none) = (Reaction::bare(), ReactionCounts::bare());
            (none.normal, none.burst) = (Some(0), Some(0));
            (new.count, new.details) = (Some(0), Some(none));
            new.emoji = Some(emoji.into_owned());
            reactions.push(new);
            reactions.len().wrapping_sub(1)
        }
        None => return,
    };
    let Some(old) = reactions.get_mut(place) else {
        return;
    };
    step(&mut old.count, more);
    if let Some(details) = &mut old.details {
        step(
            if burst {
                &mut details.burst
            } else {
                &mut details.normal
            },
            more,
        );
    }
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
pub(in crate::cache::memory) fn vote(message: &mut Message<'static>, vote: Vote) {
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
        (new.answer, new.count) = (Some(vote.answer), Some(0));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Text;
    use std::string::String;

    fn id(number: u64) -> MessageId {
        MessageId::new(number).unwrap()
    }

    fn message(number: u64, length: usize) -> Message<'static> {
        let mut message = Message::bare(id(number));
        let text: String = core::iter::repeat_n('x', length).collect();
        message.content = Some(Text::plain(&text).into_owned());
        message
    }

    #[test]
    fn the_running_weight_is_that_of_the_messages() {
        let channel = ChannelId::new(1).unwrap();
        let mut ring = Ring::of(channel, message(50, 10));
        let check = |ring: &Ring| {
            let parts: usize = ring.messages.iter().map(Part::heap).sum();
            assert_eq!(ring.parts, parts);
        };
        for number in [3, 60, 20, 60] {
            ring.insert(message(number, 30));
            check(&ring);
        }
        let ids: Vec<u64> = ring.iter().map(|message| message.id.get()).collect();
        assert_eq!(ids, [3, 20, 50, 60]);
        ring.update(id(20), |row| edit(row, message(20, 500)));
        check(&ring);
        assert!(ring.parts > 500);
        ring.update(id(999), |row| row.content = None);
        let gone = |message: Option<Message<'_>>| message.map(|message| message.id);
        assert_eq!(gone(ring.remove(id(20))), Some(id(20)));
        assert_eq!(gone(ring.remove(id(21))), None);
        check(&ring);
        for oldest in [Some(id(3)), Some(id(50)), None] {
            assert_eq!(gone(ring.pop_beyond(1)), oldest);
            check(&ring);
        }
        assert!(ring.remove(id(60)).is_some());
        assert_eq!(ring.parts, 0);
    }
}
