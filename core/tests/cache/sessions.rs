//! New sessions, and what they leave behind.

use headcount_core::cache::memory::{Completeness, PresencesCompleteness};
use headcount_core::cache::{
    GuildStatus, Kind, Kinds, Lack, MemoryStore, Mutation, NewSession, Op, Scope,
};
use headcount_core::{Position, ShardId};
use serde_json::json;

use crate::world::{World, guild, guild_json, ready, user};

#[test]
fn a_new_session_drops_the_guilds_it_does_not_name() {
    let mut world = World::new();
    world.feed("GUILD_CREATE", &guild_json(2, &[10, 20], 2));
    world.feed("GUILD_CREATE", &guild_json(3, &[20], 1));
    let applied = world.feed("READY", &ready(&[1, 4]));
    assert_eq!(applied.vanished, [guild(2), guild(3)]);
    assert_eq!(world.store.guild_status(guild(2)), None);
    assert!(world.store.user(user(20)).is_none());
    assert!(
        world.store.user(user(10)).is_some(),
        "guild 1 holds the user still"
    );
    assert_eq!(
        world.store.guild_status(guild(4)),
        Some(GuildStatus::Pending)
    );
    let stale = Completeness::Partial {
        members: 2,
        of: Some(5),
        why: Lack::Stale,
    };
    assert_eq!(
        world.store.completeness(guild(1)),
        Some(stale),
        "stale until it comes"
    );
}

/// A guild's id such that shard `number` of 2 serves it.
fn of_two(number: u64, n: u64) -> u64 {
    ((n * 2 + number) << 22) | 1
}

fn session(store: &mut MemoryStore, shard: ShardId, guilds: &[u64]) -> Vec<u64> {
    let guilds = guilds.iter().map(|&id| guild(id)).collect();
    let op = Op::NewSession(Box::new(NewSession {
        shard,
        guilds,
        is_whole: true,
    }));
    let applied = store.apply(Mutation::new(None).with(op));
    applied.vanished.iter().map(|guild| guild.get()).collect()
}

#[test]
fn a_new_session_leaves_the_guilds_of_other_shards() {
    let mut store = MemoryStore::new(1);
    let (first, second) = (ShardId::new(0, 2), ShardId::new(1, 2));
    let (a, b, c) = (of_two(0, 1), of_two(0, 2), of_two(1, 1));
    assert_eq!(session(&mut store, first, &[a, b]).len(), 0);
    assert_eq!(session(&mut store, second, &[c]).len(), 0);
    assert_eq!(session(&mut store, first, &[a]), [b]);
    assert_eq!(store.guild_status(guild(c)), Some(GuildStatus::Pending));
}

#[test]
fn while_the_number_of_shards_changes_nothing_goes_until_all_have_spoken() {
    let mut store = MemoryStore::new(1);
    let (a, b, c, new) = (of_two(0, 1), of_two(0, 2), of_two(1, 1), of_two(0, 3));
    assert_eq!(session(&mut store, ShardId::ONE, &[a, b, c]).len(), 0);
    assert_eq!(session(&mut store, ShardId::new(0, 2), &[a]).len(), 0);
    let status = Mutation::new(Some(guild(new))).with(Op::SetStatus(GuildStatus::Available));
    store.apply(status);
    assert_eq!(session(&mut store, ShardId::new(1, 2), &[c]), [b]);
    assert_eq!(store.guild_status(guild(new)), Some(GuildStatus::Available));
    assert_eq!(session(&mut store, ShardId::new(0, 2), &[a]), [new]);
}

fn at(sequence: u64) -> Position {
    Position {
        shard: ShardId::ONE,
        session: 1,
        sequence,
    }
}

#[test]
fn a_store_that_has_missed_a_new_session_does_not_pass_over_its_dispatches() {
    let mut world = World::new();
    let count = |origin, count| {
        let to = Mutation::new(Some(guild(1))).at(origin);
        to.with(Op::SetMemberCount(count))
    };
    assert!(!world.store.apply(count(at(7), 8)).replayed);
    let other = |sequence| Position {
        session: 2,
        ..at(sequence)
    };
    assert!(!world.store.apply(count(other(2), 9)).replayed);
    assert!(world.store.apply(count(other(2), 8)).replayed);
    assert_eq!(world.member_count(), Some(9));
}

#[test]
fn a_replayed_dispatch_changes_nothing() {
    let mut world = World::new();
    let leave = |sequence| {
        let op = Op::CountMember {
            by: -1,
            unless_cached: None,
        };
        Mutation::new(Some(guild(1))).at(at(sequence)).with(op)
    };
    assert!(!world.store.apply(leave(7)).replayed);
    assert!(world.store.apply(leave(7)).replayed);
    assert!(world.store.apply(leave(6)).replayed);
    assert_eq!(world.member_count(), Some(4));
    let op = Op::NewSession(Box::new(NewSession {
        shard: ShardId::ONE,
        guilds: vec![guild(1)],
        is_whole: true,
    }));
    let fresh = Mutation::new(None).at(at(1)).with(op);
    assert!(
        !world.store.apply(fresh).replayed,
        "a new session counts from one"
    );
    assert!(!world.store.apply(leave(2)).replayed);
    assert_eq!(world.member_count(), Some(3));
}

#[test]
fn a_dispatch_of_a_kind_that_nobody_wants_is_not_even_read() {
    let mut world = World::caching(Kinds::empty(), ShardId::ONE);
    for name in [
        "PRESENCE_UPDATE",
        "CHANNEL_CREATE",
        "GUILD_ROLE_CREATE",
        "TYPING_START",
    ] {
        assert!(world.try_feed(name, "not json").is_ok(), "{name}");
    }
    assert!(world.try_feed("GUILD_DELETE", "not json").is_err());
    world.feed("GUILD_CREATE", &guild_json(1, &[10], 1));
    assert_eq!(world.rows(), []);
    assert_eq!(
        world.store.guild_status(guild(1)),
        Some(GuildStatus::Available)
    );
    world.feed("GUILD_DELETE", &json!({"id": "1"}));
    assert_eq!(world.store.guild_status(guild(1)), None);
}

#[test]
fn guilds_that_a_session_names_take_little_until_they_come() {
    let (mut store, number) = (MemoryStore::new(1), 100_000);
    let all: Vec<u64> = (1..=number).collect();
    assert_eq!(session(&mut store, ShardId::ONE, &all).len(), 0);
    let bytes = store.bytes(Kind::Guild);
    assert!(bytes <= 32 * all.len(), "{bytes}");
    let of = guild(number);
    assert_eq!(store.guild_status(of), Some(GuildStatus::Pending));
    let why = Lack::Stale;
    let partial = Completeness::Partial {
        members: 0,
        of: None,
        why,
    };
    assert_eq!(store.completeness(of), Some(partial));
    let partial = PresencesCompleteness::Partial { presences: 0, why };
    assert_eq!(store.presences_completeness(of), Some(partial));
    for op in [
        Op::SetStatus(GuildStatus::Available),
        Op::Cascade(Scope::Guild),
    ] {
        store.apply(Mutation::new(Some(of)).with(op));
    }
    assert_eq!(store.guild_status(of), None);
    store.apply(Mutation::new(Some(guild(2))).with(Op::Cascade(Scope::Guild)));
    assert_eq!(store.guild_status(guild(2)), None);
    let vanished = session(&mut store, ShardId::ONE, &[1]);
    assert_eq!(vanished, all[2..all.len() - 1]);
}

#[test]
fn a_stale_guild_that_was_never_delivered_is_handed_over_and_not_available() {
    let mut store = MemoryStore::new(7);
    let of_guild = |op| Mutation::new(Some(guild(1))).with(op);
    let mut status = |op| {
        store.apply(of_guild(op));
        store.guild_status(guild(1))
    };
    assert_eq!(status(Op::HandedOver), Some(GuildStatus::HandedOver));
    status(Op::SetStatus(GuildStatus::Stale));
    assert_eq!(status(Op::HandedOver), Some(GuildStatus::HandedOver));
    status(Op::SetStatus(GuildStatus::Available));
    status(Op::SetStatus(GuildStatus::Stale));
    assert_eq!(status(Op::HandedOver), Some(GuildStatus::Available));
}
