//! Rows of an earlier process, sorted out for the shards that go on.

use headcount_core::cache::memory::{Completeness, Exported};
use headcount_core::cache::{
    GuildStatus, Kind, Kinds, Lack, MemberTraits, MemoryStore, Mutation, NewSession, Op, Policies,
    Policy,
};
use headcount_core::{Position, ShardId};
use serde_json::json;

use crate::snapshots::Taken;
use crate::world::{History, ME, World, guild, guild_1, in_guild, ready, user, user_json};

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

#[test]
fn what_lies_in_no_guild_stays_only_with_the_shard_that_it_comes_to() {
    let private = json!({"id": "500", "type": 1, "recipients": [user_json(70)]});
    let said = json!({"id": "900", "channel_id": "500", "author": user_json(71)});
    let private_rows = |store: &MemoryStore| {
        let users = [70, 71].map(|id| store.user(user(id)).is_some());
        (store.rows(Kind::PrivateChannel), users)
    };
    let policies = Policies::from(Kinds::all());
    let newest = Policy::lru(3);
    let policies = policies.with(Kind::PrivateChannel, newest).unwrap();
    let mut world = spoken_in(MemoryStore::with_policies(7, policies));
    world.feed("CHANNEL_CREATE", &private);
    world.feed("MESSAGE_CREATE", &said);
    world.store.inherit(|at| at.shard.number() == 0, |_| true);
    assert_eq!(private_rows(&world.store), (1, [true; 2]));
    world.store.inherit(|at| at.shard.number() != 0, |_| true);
    assert_eq!(private_rows(&world.store), (0, [false; 2]));
}

#[test]
fn a_session_of_another_number_of_shards_says_how_far_its_guilds_are() {
    let mut store = MemoryStore::new(7);
    for number in [0, 1] {
        let session = NewSession {
            shard: ShardId::new(number, 2),
            guilds: vec![guild(4 << 22)],
            is_whole: true,
        };
        let at = Position {
            shard: session.shard,
            session: 7,
            sequence: 1,
        };
        let session = Op::NewSession(Box::new(session));
        store.apply(Mutation::new(None).with(session).at(at));
    }
    store.inherit(|_| false, |_| true);
    let resumed = Position {
        shard: ShardId::new(0, 4),
        session: 8,
        sequence: 5,
    };
    let there = Mutation::new(Some(guild(4 << 22))).with(Op::SetStatus(GuildStatus::Available));
    store.apply(there.at(resumed));
    let position = store.export().find_map(|piece| match piece {
        Exported::Guild(state) => state.position(),
        _ => None,
    });
    assert_eq!(position, Some(resumed));
}

/// What a snapshot of a store has for this one.
fn resnapped_into(store: &MemoryStore, into: MemoryStore) -> MemoryStore {
    let mut taken = Taken::of(store);
    while taken.more {
        taken.copy(store);
    }
    taken.read(into)
}

#[test]
fn kinds_that_have_moved_to_a_store_of_ones_own_are_not_read() {
    let mut guild_1 = guild_1();
    guild_1["member_count"] = json!(2);
    let mut world = World::empty();
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_1);
    let whole = Some(Completeness::Complete { members: 2 });
    assert_eq!(world.store.completeness(guild(1)), whole);
    let moved = Kinds::MEMBERS | Kinds::ROLES;
    let elsewhere = MemoryStore::new(4).kept_elsewhere(moved);
    let again = resnapped_into(&world.store, elsewhere);
    let rows = [Kind::Member, Kind::Role, Kind::Channel].map(|kind| again.rows(kind));
    assert_eq!(rows, [0, 0, 2]);
    let none = Completeness::Partial {
        members: 0,
        of: Some(2),
        why: Lack::NotAsked,
    };
    assert_eq!(again.completeness(guild(1)), Some(none));
    let status = |store: &MemoryStore| store.guild_status(guild(1));
    assert_eq!(status(&again), Some(GuildStatus::HandedOver));
}

#[test]
fn kinds_that_have_come_back_from_a_store_of_ones_own_are_missing() {
    let mut world = World::caching(Kinds::all() - Kinds::ROLES, ShardId::ONE);
    world.keep_in(MemoryStore::new(3).kept_elsewhere(Kinds::ROLES));
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_1());
    let status = |into: MemoryStore| {
        let again = resnapped_into(&world.store, into);
        again.guild_status(guild(1))
    };
    let as_before = MemoryStore::new(4).kept_elsewhere(Kinds::ROLES);
    assert_eq!(status(as_before), Some(GuildStatus::Available));
    assert_eq!(status(MemoryStore::new(4)), Some(GuildStatus::HandedOver));
}
