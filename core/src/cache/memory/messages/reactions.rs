//! Reactions and votes, counted in records.

use smallvec::SmallVec;

use crate::cache::{OneReaction, ReactChange, Vote};
use crate::wire::Field;
use crate::wire::packed::{Cursor, Form, Payload as _, Sink};
use crate::wire::view::{Poll, PollCount, PollResults, Reaction, ReactionCounts};

/// The reactions to one message.
type Reactions<'a> = SmallVec<[Reaction<'a>; 4]>;

/// One more or one less; what is not known stays so.
fn step(count: &mut Option<u64>, more: bool) {
    *count = count.map(|old| match more {
        true => old.saturating_add(1),
        false => old.saturating_sub(1),
    });
}

/// Writes a list of [`Reaction`]s anew after a change; `old` is empty if there is none.
pub(super) fn react<'a>(old: &'a [u8], change: ReactChange<'a>, to: &mut Sink) {
    let mut reactions = read(old);
    match change {
        ReactChange::Add(one) => count_reaction(&mut reactions, one, true),
        ReactChange::Remove(one) => count_reaction(&mut reactions, one, false),
        ReactChange::RemoveEmoji(emoji) => {
            reactions.retain(|old| old.emoji.as_ref().is_none_or(|own| !own.is(&emoji)));
        }
        ReactChange::RemoveAll => reactions.clear(),
    }
    to.number(reactions.len() as u64);
    for reaction in &reactions {
        to.byte(reaction.form() as u8);
        reaction.put(to);
    }
}

/// As a list is packed.
fn read(list: &[u8]) -> Reactions<'_> {
    let mut from = Cursor::new(list);
    let count = from.number().unwrap_or(0);
    let one = |_| {
        from.byte()?;
        Reaction::take(Form::Usual, &mut from)
    };
    (0..count).map_while(one).collect()
}

fn count_reaction<'a>(reactions: &mut Reactions<'a>, one: OneReaction<'a>, more: bool) {
    let OneReaction { emoji, burst, me } = one;
    let same = |old: &Reaction<'_>| old.emoji.as_ref().is_some_and(|own| own.is(&emoji));
    let place = match reactions.iter().position(same) {
        Some(place) => place,
        None if more => {
            let (mut new, mut none) = (Reaction::bare(), ReactionCounts::bare());
            (none.normal, none.burst) = (Some(0), Some(0));
            (new.count, new.details) = (Some(0), Some(none));
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

/// Writes a [`Poll`] anew after a vote.
pub(super) fn vote(old: &[u8], vote: Vote, to: &mut Sink) {
    let mut poll = Poll::unpack(&mut Cursor::new(old));
    if poll.results.value().is_none() {
        poll.results = Field::Value(PollResults::bare());
    }
    if let Field::Value(results) = &mut poll.results {
        count_vote(results, vote);
    }
    poll.pack(to);
}

fn count_vote(results: &mut PollResults<'_>, vote: Vote) {
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

/// Writes the newer [`Poll`] with the votes of the older one, if it speaks of none itself; whether
/// it did.
pub(super) fn keep_votes(older: &[u8], newer: &[u8], to: &mut Sink) -> bool {
    let mut poll = Poll::unpack(&mut Cursor::new(newer));
    let keeps = poll.results.is_absent();
    if keeps {
        poll.results = Poll::only("results", older).results;
        poll.pack(to);
    }
    keeps
}
