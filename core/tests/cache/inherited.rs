//! Rows of an earlier process, sorted out for the shards that go on.

use headcount_core::cache::{Kind, Kinds, MemberTraits, MemoryStore, Policies, Policy};
use serde_json::json;

use crate::world::{History, ME, World, guild, guild_1, in_guild, ready, user_json};

/// A guild of which 99 and 10 are members, and 10 is online and has said something.
fn spoken_in(store: MemoryStore) -> World {
    let mut world = World::empty();
    world.keep_in(store);
    world.history = Some(History::default());
    world.feed("READY", &ready(&[1]));
    let mut guild = guild_1();
    guild["presences"] = json!([{"user": {"id": "10"}, "status": "online"}]);
    world.feed("GUILD_CREATE", &guild);
    let message = json!({"id": "500", "channel_id": "100", "author": user_json(10)});
    world.feed("MESSAGE_CREATE", &in_guild(message, 1));
    world
}

fn rows(store: &MemoryStore) -> [usize; 4] {
    let kinds = [Kind::Member, Kind::Presence, Kind::Message, Kind::Channel];
    kinds.map(|kind| store.rows(kind))
}

#[test]
fn of_a_session_that_is_gone_no_presences_and_messages_are_left() {
    let mut world = spoken_in(MemoryStore::new(7));
    world.store.inherit(|_| true, |_| true);
    assert_eq!(rows(&world.store), [2, 1, 1, 2], "it goes on");
    world.store.inherit(|_| false, |_| true);
    assert_eq!(rows(&world.store), [2, 0, 0, 2]);
}

#[test]
fn whoever_stays_while_online_goes_with_a_presence_of_a_session_that_is_gone() {
    let members = Policy::keep(MemberTraits::ONLINE);
    let policies = Policies::from(Kinds::all());
    let policies = policies.with(Kind::Member, members).unwrap();
    let mut world = spoken_in(MemoryStore::with_policies(7, policies));
    assert_eq!(world.member_ids(1), [10, ME]);
    world.store.inherit(|_| false, |_| true);
    assert_eq!(world.member_ids(1), [ME]);
    assert!(world.store.guild(guild(1)).is_some());
}
