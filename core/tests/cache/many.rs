//! Payloads of very many rows take time for each of them, and not for each pair.

use std::time::{Duration, Instant};

use headcount_core::cache::{Key, Mutation, Op, Rows};
use headcount_core::id::{ChannelId, UserId};
use headcount_core::wire::view::{Channel, Thread, ThreadMember, VoiceState};
use headcount_core::wire::{Field, Name};
use serde_json::{Value, json};

use crate::world::{World, channel, guild, guild_1, in_guild, user};

const FEW: u64 = 1_000;
const TIMES: u64 = 16;

/// The shortest of some tries to apply a change of so many rows to a world with so many.
fn shortest(
    rows: u64,
    set: impl Fn(&mut World, u64),
    change: impl Fn(u64) -> Mutation<'static>,
) -> Duration {
    let tries = (0..3).map(|_| {
        let mut world = World::empty();
        world.keep_in(headcount_core::cache::MemoryStore::new(7));
        world.feed("GUILD_CREATE", &guild_1());
        set(&mut world, rows);
        let change = change(rows);
        let start = Instant::now();
        world.store.apply(change);
        start.elapsed()
    });
    tries.min().unwrap()
}

/// 16 times the rows take less than 80 times as long; each pair of them would take 256 times.
#[track_caller]
fn each_row_takes_its_time(
    set: impl Fn(&mut World, u64),
    change: impl Fn(u64) -> Mutation<'static>,
) {
    let few = shortest(FEW, &set, &change);
    let many = shortest(FEW * TIMES, &set, &change);
    assert!(many < few * 80, "{few:?}, then {many:?}");
}

fn to(op: Op<'static>) -> Mutation<'static> {
    Mutation::new(Some(guild(1))).with(op)
}

fn ids(rows: u64) -> impl DoubleEndedIterator<Item = u64> {
    1_000..1_000 + rows
}

fn threads(rows: u64) -> Rows<'static> {
    let thread = |id| {
        let mut row = Thread::bare(channel(id));
        row.parent = Some(channel(id + 1_000_000));
        row
    };
    Rows::Threads(ids(rows).map(thread).collect())
}

/// Who joins last comes first.
fn joining(rows: u64) -> Rows<'static> {
    let member = |id| ThreadMember {
        thread: channel(1_000),
        user: user(id),
        joined_at: None,
        flags: 0,
    };
    Rows::ThreadMembers(ids(rows).rev().map(member).collect())
}

#[test]
fn many_who_join_a_thread() {
    let thread = |world: &mut World, _| {
        world.store.apply(to(Op::Upsert(threads(1))));
    };
    each_row_takes_its_time(thread, |rows| to(Op::Upsert(joining(rows))));
}

#[test]
fn many_who_leave_a_thread() {
    let full = |world: &mut World, rows| {
        world.store.apply(to(Op::Upsert(threads(1))));
        world.store.apply(to(Op::Upsert(joining(rows))));
    };
    let leave = |rows| {
        let users: Vec<UserId> = ids(rows).map(user).collect();
        to(Op::Remove(Key::ThreadMembers(channel(1_000), users)))
    };
    each_row_takes_its_time(full, leave);
}

#[test]
fn all_who_leave_a_thread_by_one_dispatch_go_by_one_key() {
    let mut world = World::new();
    let ids: Vec<String> = [7, 3, 5].map(|id: u64| id.to_string()).into();
    let data = json!({"id": "500", "guild_id": "1", "removed_member_ids": ids});
    let text = data.to_string();
    let view = world.deriver.decode(Name::ThreadMembersUpdate, &text);
    let mutation = world.deriver.derive(view.unwrap().unwrap());
    let keys = mutation.ops().filter_map(|op| match op {
        Op::Remove(key) => Some(key.clone()),
        _ => None,
    });
    let all = Key::ThreadMembers(channel(500), [7, 3, 5].map(user).into());
    assert_eq!(keys.collect::<Vec<_>>(), [all]);
}

#[test]
fn many_threads_under_many_channels_that_are_listed_anew() {
    let full = |world: &mut World, rows| {
        world.store.apply(to(Op::Upsert(threads(rows))));
    };
    let sync = |rows| {
        let parents: Vec<ChannelId> = ids(rows).rev().map(channel).collect();
        to(Op::SyncThreads(parents, Vec::new()))
    };
    each_row_takes_its_time(full, sync);
}

#[test]
fn many_channels_of_another_guild_that_a_guild_lists() {
    let elsewhere = |world: &mut World, rows| {
        let mut other = guild_1();
        other["id"] = json!("2");
        for list in ["channels", "members", "roles"] {
            other[list] = json!([]);
        }
        world.feed("GUILD_CREATE", &other);
        let channels = ids(rows).map(|id| Channel::bare(channel(id))).collect();
        let state = |id| {
            let mut row = VoiceState::bare(user(id));
            row.channel = Field::Value(channel(id));
            row
        };
        let states = ids(rows).map(state).collect();
        for rows in [Rows::Channels(channels), Rows::VoiceStates(states)] {
            let there = Mutation::new(Some(guild(2)));
            world.store.apply(there.with(Op::Upsert(rows)));
        }
    };
    let list = |rows| {
        let channels = ids(rows).rev().map(|id| Channel::bare(channel(id)));
        to(Op::Upsert(Rows::Channels(channels.collect())))
    };
    each_row_takes_its_time(elsewhere, list);
}

#[test]
fn channels_that_another_guild_lists_go_with_all_that_hangs_on_them() {
    let mut world = World::new();
    let row = |id: u64, more: Value| {
        let mut row = json!({"id": id.to_string(), "type": 2, "name": "x"});
        row.as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        row
    };
    for id in [601, 600, 602] {
        world.feed("CHANNEL_CREATE", &in_guild(row(id, json!({})), 1));
        let thread = row(id + 100, json!({"type": 11, "parent_id": id.to_string()}));
        world.feed("THREAD_CREATE", &in_guild(thread, 1));
    }
    let mut other = guild_1();
    other["id"] = json!("2");
    other["channels"] = json!([row(601, json!({})), row(600, json!({}))]);
    world.feed("GUILD_CREATE", &other);
    for (id, home) in [(600, 2), (601, 2), (602, 1)] {
        let found = world.store.channel(channel(id)).unwrap();
        assert_eq!(found.guild, Field::Value(guild(home)), "{id}");
        let thread = world.store.thread(channel(id + 100));
        assert_eq!(thread.is_some(), home == 1, "{id}");
    }
}
