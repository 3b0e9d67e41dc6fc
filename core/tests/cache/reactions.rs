//! Reactions and polls.

use headcount_core::wire::view::Reaction;
use serde_json::{Value, json};

use crate::messages::{about, message, message_json};
use crate::world::{ME, World};

fn custom() -> Value {
    json!({"id": "7", "name": "old"})
}

fn plain() -> Value {
    json!({"id": null, "name": "x"})
}

fn one(user: u64, emoji: &Value, burst: bool) -> Value {
    about(
        900,
        &json!({"user_id": user.to_string(), "emoji": emoji, "burst": burst}),
    )
}

/// A message with a plain reaction of user 10, and two of another emoji, one of them the bot's.
fn reacted() -> World {
    let mut world = World::new();
    world.feed("MESSAGE_CREATE", &message_json(900, 50));
    let renamed = json!({"id": "7", "name": "new"});
    world.feed("MESSAGE_REACTION_ADD", &one(ME, &custom(), false));
    world.feed("MESSAGE_REACTION_ADD", &one(10, &renamed, true));
    world.feed("MESSAGE_REACTION_ADD", &one(10, &plain(), false));
    world
}

fn reactions(world: &World) -> Vec<Reaction<'_>> {
    let message = message(world, 900).unwrap();
    message.reactions.into_value().unwrap()
}

#[test]
fn message_reaction_add_counts_by_emoji_and_kind() {
    let world = reacted();
    assert_eq!(reactions(&world).len(), 2, "the id is the emoji");
    let first = &reactions(&world)[0];
    assert_eq!((first.count, first.me), (Some(2), Some(true)));
    let details = first.details.as_ref().unwrap();
    assert_eq!((details.normal, details.burst), (Some(1), Some(1)));
}

#[test]
fn message_reaction_remove_drops_at_zero() {
    let mut world = reacted();
    for _ in 0..2 {
        world.feed("MESSAGE_REACTION_REMOVE", &one(10, &plain(), false));
    }
    assert_eq!(reactions(&world).len(), 1);
    world.feed("MESSAGE_REACTION_REMOVE", &one(ME, &custom(), false));
    let left = &reactions(&world)[0];
    assert_eq!((left.count, left.me), (Some(1), Some(false)));
}

#[test]
fn message_reaction_remove_emoji_clears_one() {
    let mut world = reacted();
    let event = about(900, &json!({"emoji": custom()}));
    world.feed("MESSAGE_REACTION_REMOVE_EMOJI", &event);
    assert_eq!(reactions(&world).len(), 1);
    assert_eq!(reactions(&world)[0].count, Some(1));
}

#[test]
fn message_reaction_remove_all_clears_all() {
    let mut world = reacted();
    world.feed("MESSAGE_REACTION_REMOVE_ALL", &about(900, &json!({})));
    assert_eq!(reactions(&world).len(), 0);
    world.feed("MESSAGE_REACTION_REMOVE_ALL", &about(999, &json!({})));
}

fn with_poll() -> World {
    let mut world = World::new();
    let mut data = message_json(900, 50);
    data["poll"] = poll();
    world.feed("MESSAGE_CREATE", &data);
    world.feed("MESSAGE_POLL_VOTE_ADD", &vote(ME));
    world.feed("MESSAGE_POLL_VOTE_ADD", &vote(10));
    world
}

fn poll() -> Value {
    json!({"question": {"text": "?"}, "answers": [], "expiry": null,
        "allow_multiselect": false, "layout_type": 1})
}

fn vote(user: u64) -> Value {
    about(900, &json!({"user_id": user.to_string(), "answer_id": 2}))
}

/// How many votes there are for answer 2, and whether one is the bot's.
fn votes(world: &World) -> (Option<u64>, Option<bool>) {
    let poll = message(world, 900).unwrap().poll.into_value().unwrap();
    let counts = poll.results.value().unwrap().counts.as_ref().unwrap();
    assert_eq!((counts.len(), counts[0].answer), (1, Some(2)));
    (counts[0].count, counts[0].me)
}

#[test]
fn message_poll_vote_add_counts_by_answer() {
    assert_eq!(votes(&with_poll()), (Some(2), Some(true)));
}

#[test]
fn message_poll_vote_remove_never_counts_below_zero() {
    let mut world = with_poll();
    for _ in 0..3 {
        world.feed("MESSAGE_POLL_VOTE_REMOVE", &vote(ME));
    }
    assert_eq!(votes(&world), (Some(0), Some(false)));
}

#[test]
fn message_update_with_a_poll_keeps_its_votes() {
    let mut world = with_poll();
    let mut edit = json!({"id": "900", "channel_id": "101", "guild_id": "1"});
    edit["poll"] = poll();
    world.feed("MESSAGE_UPDATE", &edit);
    assert_eq!(votes(&world), (Some(2), Some(true)));
}
