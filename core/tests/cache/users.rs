//! A policy for users: it limits those whom messages and private channels alone hold.

use std::collections::BTreeSet;
use std::time::Duration;

use headcount_core::Instant;
use headcount_core::cache::{Kind, Kinds, MemoryStore, Policies, Policy, Predicate};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{ME, World, guild_1, in_guild, member_json, ready, user, user_json};

fn with(policy: Policy) -> World {
    let policies = Policies::from(Kinds::all()).with(Kind::User, policy);
    let mut world = World::empty();
    world.keep_in(MemoryStore::with_policies(3, policies.unwrap()));
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_1());
    world
}

fn said(message: u64, author: u64) -> Value {
    json!({"id": message.to_string(), "channel_id": "101", "guild_id": "1",
        "author": user_json(author), "content": "hi"})
}

fn say(world: &mut World, message: u64, author: u64) {
    world.feed("MESSAGE_CREATE", &said(message, author));
}

fn unsay(world: &mut World, message: u64) {
    let data = json!({"id": message.to_string(), "channel_id": "101", "guild_id": "1"});
    world.feed("MESSAGE_DELETE", &data);
}

fn part(world: &mut World, id: u64) {
    let data = json!({"guild_id": "1", "user": user_json(id)});
    world.feed("GUILD_MEMBER_REMOVE", &data);
}

fn users(world: &World) -> Vec<u64> {
    // Iterating in this way is no use of anybody whom the policy watches.
    let ids = (1..400).filter(|id| world.store.user(user(*id)).is_some());
    ids.collect()
}

#[test]
fn members_and_the_bot_stay_while_authors_are_limited() {
    let mut world = with(Policy::lru(2));
    for author in 301..=305 {
        say(&mut world, author, author);
    }
    say(&mut world, 310, 10);
    assert_eq!(users(&world), [10, ME, 304, 305], "10 is a member");
    assert_eq!(world.store.rows(Kind::Message), 6, "the messages stay");
    let joined = in_guild(member_json(304), 1);
    world.feed("GUILD_MEMBER_ADD", &joined);
    say(&mut world, 306, 306);
    assert_eq!(
        users(&world),
        [10, ME, 304, 305, 306],
        "304 is a member now"
    );
    part(&mut world, 304);
    assert_eq!(users(&world), [10, ME, 304, 306], "and wrote, as before");
    unsay(&mut world, 306);
    assert_eq!(users(&world), [10, ME, 304], "nobody holds 306");
}

#[test]
fn people_in_private_channels_are_limited_too_and_come_back() {
    let mut world = with(Policy::lru(1));
    for (channel, other) in [(70, 301), (71, 302)] {
        let data = json!({"id": channel.to_string(), "type": 1,
            "recipients": [user_json(other)]});
        world.feed("CHANNEL_CREATE", &data);
    }
    assert_eq!(users(&world), [10, ME, 302]);
    assert_eq!(world.store.private_channels().count(), 2, "the rows stay");
    say(&mut world, 1, 301);
    assert_eq!(users(&world), [10, ME, 301]);
}

#[test]
fn authors_grow_too_old_and_a_change_of_the_policy_takes_at_once() {
    let mut world = with(Policy::all().time_to_live(Duration::from_secs(5)));
    say(&mut world, 1, 301);
    let after = |seconds| Instant::ZERO.after(Duration::from_secs(seconds));
    assert_eq!(world.store.advance(after(3)), 0);
    say(&mut world, 2, 302);
    assert_eq!(world.store.advance(after(6)), 1);
    assert_eq!(users(&world), [10, ME, 302]);
    assert_eq!(world.store.set_policy(Kind::User, Policy::none()), Ok(1));
    say(&mut world, 3, 303);
    assert_eq!(users(&world), [10, ME]);
    assert_eq!(world.store.set_policy(Kind::User, Policy::all()), Ok(0));
    say(&mut world, 4, 304);
    assert_eq!(users(&world), [10, ME, 304]);
    let others = Policy::keep(Predicate::user(|row| row.id() != user(304)));
    assert_eq!(world.store.set_policy(Kind::User, others), Ok(1));
    assert_eq!(users(&world), [10, ME]);
}

proptest! {
    #[test]
    fn who_is_there_is_a_member_the_bot_or_an_author_that_the_policy_keeps(
        steps in prop::collection::vec((0..8_u8, 1..12_u64, 300..306_u64), 0..80),
        most in prop::option::of(0..4_usize),
    ) {
        let policy = most.map_or_else(
            || Policy::keep(Predicate::user(|row| row.id().get() % 2 == 0)),
            Policy::lru,
        );
        let mut world = with(policy);
        let (mut members, mut authors) = (BTreeSet::from([10]), Vec::new());
        for (step, message, id) in steps {
            match step {
                0..4 if authors.iter().any(|(known, _)| *known == message) => {}
                0..4 => {
                    say(&mut world, message, id);
                    authors.push((message, id));
                }
                4 => {
                    unsay(&mut world, message);
                    authors.retain(|(known, _)| *known != message);
                }
                5 => {
                    world.feed("GUILD_MEMBER_ADD", &in_guild(member_json(id), 1));
                    members.insert(id);
                }
                6 => {
                    part(&mut world, id);
                    members.remove(&id);
                }
                _ if message == 1 => {
                    world.feed("GUILD_CREATE", &guild_1());
                    members = [10].into();
                }
                _ => {}
            }
            let there: BTreeSet<u64> = users(&world).into_iter().collect();
            let wrote: BTreeSet<u64> = authors.iter().map(|(_, id)| *id).collect();
            let held: BTreeSet<u64> = members.iter().copied().chain([ME]).collect();
            prop_assert!(there.is_superset(&held), "{there:?} {held:?}");
            let guests: BTreeSet<u64> = there.difference(&held).copied().collect();
            let alone: BTreeSet<u64> = wrote.difference(&held).copied().collect();
            match most {
                None => {
                    let even = alone.into_iter().filter(|id| id % 2 == 0);
                    prop_assert_eq!(guests, even.collect());
                }
                Some(most) => {
                    prop_assert!(guests.is_subset(&alone) && guests.len() <= most);
                }
            }
            prop_assert_eq!(world.store.rows(Kind::User), there.len());
        }
    }
}
