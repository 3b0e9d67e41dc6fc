//! A store that is written bit by bit and changes in between: once the rest has come again, the
//! one that was read back equals it.

use std::time::Duration;

use headcount_core::Instant;
use headcount_core::cache::memory::snapshot::SnapshotReader;
use headcount_core::cache::memory::{MemberRef, UserRef};
use headcount_core::cache::{Kind, Kinds, MemoryStore, Policies, Policy};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::exported::contents;
use crate::snapshots::Taken;
use crate::world::{
    History, World, channel_json, guild, guild_json, in_guild, member_json, ready, user, user_json,
};

const GUILDS: std::ops::Range<u64> = 1..4;
const USERS: std::ops::Range<u64> = 10..15;

/// What may happen to people whom guilds share.
#[derive(Clone, Debug)]
enum Step {
    Arrive(u64, Vec<u64>),
    Vanish(u64),
    Join(u64, u64, u64),
    Leave(u64, u64),
    Rename(u64, u64, u64),
    Shine(u64, u64, bool),
    Say(u64, u64),
    Unsay(u64, u64),
    /// A message outside guilds.
    Whisper(u64),
    /// The next rows are copied.
    Copy,
}

fn step() -> impl Strategy<Value = Step> {
    let names = || 0..4_u64;
    let messages = || 500..504_u64;
    prop_oneof![
        1 => (GUILDS, prop::collection::vec(USERS, 0..4)).prop_map(|(g, all)| Step::Arrive(g, all)),
        1 => GUILDS.prop_map(Step::Vanish),
        6 => (GUILDS, USERS, names()).prop_map(|(g, u, name)| Step::Join(g, u, name)),
        5 => (GUILDS, USERS).prop_map(|(g, u)| Step::Leave(g, u)),
        5 => (GUILDS, USERS, names()).prop_map(|(g, u, name)| Step::Rename(g, u, name)),
        4 => (GUILDS, USERS, any::<bool>()).prop_map(|(g, u, on)| Step::Shine(g, u, on)),
        2 => (GUILDS, messages()).prop_map(|(g, id)| Step::Say(g, id)),
        2 => (GUILDS, messages()).prop_map(|(g, id)| Step::Unsay(g, id)),
        1 => messages().prop_map(Step::Whisper),
        12 => Just(Step::Copy),
    ]
}

/// A user under one of several names.
fn named(id: u64, name: u64) -> Value {
    let mut user = user_json(id);
    user["username"] = json!(format!("name{name}"));
    user["global_name"] = match name {
        0 => Value::Null,
        _ => json!(format!("Name {name}")),
    };
    user
}

fn member(id: u64, name: u64) -> Value {
    let mut member = member_json(id);
    member["user"] = named(id, name);
    member["nick"] = json!(format!("nick{name}"));
    member
}

/// Who wrote a message.
fn author(message: u64) -> u64 {
    USERS.start + message % 5
}

/// What the world hears of a step.
fn dispatch(step: &Step) -> (&'static str, Value) {
    match *step {
        Step::Arrive(g, ref all) => {
            let mut guild = guild_json(g, all, all.len() as u64);
            guild["channels"] = json!([channel_json(100 + g)]);
            ("GUILD_CREATE", guild)
        }
        Step::Vanish(g) => ("GUILD_DELETE", json!({"id": g.to_string()})),
        Step::Join(g, u, name) => ("GUILD_MEMBER_ADD", in_guild(member(u, name), g)),
        Step::Leave(g, u) => (
            "GUILD_MEMBER_REMOVE",
            in_guild(json!({"user": user_json(u)}), g),
        ),
        Step::Rename(g, u, name) => ("GUILD_MEMBER_UPDATE", in_guild(member(u, name), g)),
        Step::Shine(g, u, on) => {
            let status = if on { "online" } else { "offline" };
            let data = json!({"user": {"id": u.to_string()}, "status": status});
            ("PRESENCE_UPDATE", in_guild(data, g))
        }
        Step::Say(g, id) => {
            let channel = (100 + g).to_string();
            let author = named(author(id), 0);
            let data = json!({"id": id.to_string(), "channel_id": channel, "author": author});
            ("MESSAGE_CREATE", in_guild(data, g))
        }
        Step::Unsay(g, id) => {
            let channel = (100 + g).to_string();
            let data = json!({"id": id.to_string(), "channel_id": channel});
            ("MESSAGE_DELETE", in_guild(data, g))
        }
        Step::Whisper(id) => {
            let author = named(author(id), 1);
            let data = json!({"id": id.to_string(), "channel_id": "900", "author": author});
            ("MESSAGE_CREATE", data)
        }
        Step::Copy => unreachable!("nobody hears of it"),
    }
}

/// Every member has a user, and no user stays whom nobody holds.
fn assert_held(store: &MemoryStore) {
    for g in GUILDS {
        for id in store.members(guild(g)).map(MemberRef::id) {
            let holders = store.user(id).map(UserRef::guilds);
            let held = holders.is_some_and(|mut guilds| guilds.any(|own| own == guild(g)));
            assert!(held, "{id} in {g}");
        }
    }
    for id in USERS.map(user) {
        let guilds = store.user(id).into_iter().flat_map(UserRef::guilds);
        for guild in guilds {
            assert!(store.member(guild, id).is_some(), "{guild} holds {id}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2_000)
    })]

    #[test]
    fn what_changes_while_it_is_written_is_right_once_it_has_come_again(
        before in prop::collection::vec(step(), 0..20),
        meanwhile in prop::collection::vec(step(), 0..60),
        after in prop::collection::vec(step(), 0..6),
    ) {
        let mut world = World::empty();
        world.history = Some(History::default());
        world.feed("READY", &ready(&[1, 2, 3]));
        let happen = |world: &mut World, taken: Option<&mut Taken>, step: &Step| {
            match (step, taken) {
                (Step::Copy, Some(taken)) => taken.copy(&world.store),
                (Step::Copy, None) => {}
                (step, _) => {
                    let (name, data) = dispatch(step);
                    world.feed(name, &data);
                }
            }
        };
        before.iter().for_each(|step| happen(&mut world, None, step));
        let mut taken = Taken::of(&world.store);
        meanwhile.iter().for_each(|step| happen(&mut world, Some(&mut taken), step));
        while taken.more {
            taken.copy(&world.store);
        }
        after.iter().for_each(|step| happen(&mut world, None, step));
        let mut again = taken.read(MemoryStore::new(9));
        assert_held(&again);
        world.history.as_ref().unwrap().replay(&mut again);
        assert_held(&again);
        prop_assert_eq!(contents(&again), contents(&world.store));
    }
}

#[test]
fn a_channel_that_goes_and_comes_back_meanwhile_is_where_it_was_last_said_to_be() {
    let mut world = World::empty();
    world.history = Some(History::default());
    world.feed("READY", &ready(&[1, 2]));
    let mut second = guild_json(2, &[], 0);
    second["channels"] = json!([channel_json(300)]);
    world.feed("GUILD_CREATE", &second);
    // Written first.
    world.feed("GUILD_CREATE", &guild_json(1, &[], 0));
    let mut taken = Taken::of(&world.store);
    taken.copy(&world.store);
    for there in [1, 2] {
        world.feed("CHANNEL_CREATE", &in_guild(channel_json(300), there));
    }
    while taken.more {
        taken.copy(&world.store);
    }
    let mut again = taken.read(MemoryStore::new(9));
    world.history.as_ref().unwrap().replay(&mut again);
    let here = [1, 2].map(|at| again.channels(guild(at)).count());
    assert_eq!(here, [1, 0], "in one of them");
    world.feed("CHANNEL_UPDATE", &in_guild(channel_json(300), 2));
    let said = world.history.as_ref().unwrap().mutations.last();
    again.apply(said.unwrap().clone());
    assert_eq!(contents(&again), contents(&world.store));
}

#[test]
fn a_message_that_is_said_again_says_what_its_author_is_called_by_now() {
    let mut world = World::empty();
    world.history = Some(History::default());
    world.feed("READY", &ready(&[1, 3]));
    let feed = |world: &mut World, step: Step| {
        let (name, data) = dispatch(&step);
        world.feed(name, &data);
    };
    feed(&mut world, Step::Arrive(3, vec![]));
    feed(&mut world, Step::Say(3, 503));
    feed(&mut world, Step::Join(1, author(503), 1));
    let mut taken = Taken::of(&world.store);
    feed(&mut world, Step::Say(3, 503));
    let name = |store: &MemoryStore| {
        let author = store.user(user(author(503)))?;
        Some(author.username().to_string())
    };
    assert_eq!(name(&world.store).as_deref(), Some("name0"));
    while taken.more {
        taken.copy(&world.store);
    }
    let mut again = taken.read(MemoryStore::new(9));
    world.history.as_ref().unwrap().replay(&mut again);
    assert_eq!(contents(&again), contents(&world.store));
}

#[test]
fn guilds_that_move_as_others_leave_are_written_once() {
    const ALL: std::ops::Range<u64> = 1..30;
    let mut world = World::empty();
    world.feed("READY", &ready(&ALL.collect::<Vec<_>>()));
    for id in ALL {
        world.feed("GUILD_CREATE", &guild_json(id, &[10], 1));
    }
    let mut left: Vec<u64> = ALL.collect();
    let mut taken = Taken::of(&world.store);
    let mut steps = 0;
    while taken.more {
        taken.copy(&world.store);
        steps += 1;
        if steps % 4 == 0 && left.len() > 20 {
            let gone = left.remove(0);
            world.feed("GUILD_DELETE", &json!({"id": gone.to_string()}));
        }
    }
    assert!(left.len() < 25, "{left:?}");
    let again = taken.read(MemoryStore::new(9));
    let there = |store: &MemoryStore, id: u64| store.members(guild(id)).count();
    for id in left {
        assert_eq!(there(&again, id), 1, "guild {id}");
    }
    let users: Vec<_> = again
        .user(user(10))
        .into_iter()
        .flat_map(UserRef::guilds)
        .collect();
    let mut once = users.clone();
    once.dedup();
    assert_eq!(users.len(), once.len(), "{users:?}");
}

#[test]
fn a_writer_that_is_to_copy_no_rows_at_a_time_comes_to_its_end() {
    let mut world = World::empty();
    world.feed("READY", &ready(&[1, 2]));
    for id in [1, 2] {
        world.feed("GUILD_CREATE", &guild_json(id, &[10], 1));
    }
    let mut writer = world.store.snapshot(1).rows_a_copy(0);
    let copies = (0..100).take_while(|_| writer.copy(&world.store)).count();
    assert!(copies < 100, "nothing is ever copied");
}

#[test]
fn rows_are_as_old_as_they_were_when_the_snapshot_began() {
    let ages = Policy::lru(3).time_to_live(Duration::from_secs(100));
    let policies = Policies::from(Kinds::all()).with(Kind::Role, ages).unwrap();
    let mut world = World::empty();
    world.keep_in(MemoryStore::with_policies(3, policies.clone()));
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &guild_json(1, &[10], 1));
    let (mut writer, mut bytes, taken) = (world.store.snapshot(500_000), Vec::new(), 500_000);
    world.store.advance(Instant::from_millis(30_000));
    while writer.copy(&world.store) {}
    writer.write(&mut bytes);
    let again = MemoryStore::with_policies(4, policies);
    let mut reader = SnapshotReader::new(again).at(taken + 30_000);
    reader.push(&bytes).unwrap();
    let (again, _) = reader.finish().unwrap();
    let left = again.next_expiry();
    assert_eq!(left, Some(Instant::from_millis(70_000)), "and no older");
}
