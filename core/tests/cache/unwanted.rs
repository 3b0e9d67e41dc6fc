//! What is left out of a mutation, for kinds that are not kept and things that are not said.

use headcount_core::ShardId;
use headcount_core::cache::{Key, Kind, Kinds, Mutation, Op, Rows};
use headcount_core::wire::Name;
use serde_json::{Value, json};

use crate::entities::voice_json;
use crate::world::{ME, World, channel, channel_json, guild_1, in_guild, member_json, ready};

/// The steps that a dispatch leads to.
fn ops(kinds: Kinds, name: &str, data: &Value) -> Vec<Op<'static>> {
    let mut world = World::caching(kinds, ShardId::ONE);
    world.feed("READY", &ready(&[1]));
    let text = data.to_string();
    let view = world.deriver.decode(Name::from_wire(name), &text).unwrap();
    let mutation = view.map(|view| world.deriver.derive(view).into_owned());
    mutation.into_iter().flat_map(Mutation::into_ops).collect()
}

fn thread_json(id: u64, kind: u64) -> Value {
    let mut thread = channel_json(id);
    thread["type"] = json!(kind);
    thread["parent_id"] = json!("100");
    thread["thread_metadata"] = json!({"archived": false, "auto_archive_duration": 60,
        "archive_timestamp": "2024-02-03T04:05:06+00:00", "locked": false});
    thread
}

#[test]
fn a_guild_that_does_not_say_how_many_members_it_has_is_not_complete() {
    let mut create = guild_1();
    create.as_object_mut().unwrap().remove("member_count");
    let steps = ops(Kinds::all(), "GUILD_CREATE", &create);
    assert!(!steps.contains(&Op::Complete));
    create["member_count"] = json!(2);
    assert!(ops(Kinds::all(), "GUILD_CREATE", &create).contains(&Op::Complete));
}

#[test]
fn a_member_who_comes_is_counted_and_not_kept_where_members_are_not() {
    let event = in_guild(member_json(11), 1);
    let steps = ops(Kinds::GUILDS, "GUILD_MEMBER_ADD", &event);
    assert!(
        matches!(steps[..], [Op::CountMember { by: 1, .. }]),
        "{steps:?}"
    );
    assert_eq!(ops(Kinds::all(), "GUILD_MEMBER_ADD", &event).len(), 2);
}

#[test]
fn memberships_are_kept_without_their_threads() {
    let mut create = guild_1();
    create["threads"] = json!([thread_json(500, 11)]);
    create["threads"][0]["member"] =
        json!({"join_timestamp": "2024-02-03T04:05:06+00:00", "flags": 0});
    let steps = ops(Kinds::THREAD_MEMBERS, "GUILD_CREATE", &create);
    let threads = |op: &Op<'_>| matches!(op, Op::Replace(Rows::Threads(_)));
    let memberships = |op: &Op<'_>| match op {
        Op::Replace(Rows::ThreadMembers(rows)) => rows.len() == 1,
        _ => false,
    };
    assert!(!steps.iter().any(threads) && steps.iter().any(memberships));
}

#[test]
fn a_deleted_message_is_counted_in_a_guilds_threads_alone() {
    let kinds = Kinds::MESSAGES | Kinds::THREADS;
    let counts = |kinds, data: &Value| {
        let steps = ops(kinds, "MESSAGE_DELETE", data);
        let count = |op: &&Op<'_>| matches!(op, Op::CountMessages { .. });
        steps.iter().filter(count).count()
    };
    let direct = json!({"id": "7", "channel_id": "500"});
    let event = in_guild(direct.clone(), 1);
    assert_eq!(counts(kinds, &event), 1);
    assert_eq!(counts(kinds, &direct), 0);
    assert_eq!(counts(Kinds::MESSAGES, &event), 0);
}

#[test]
fn a_voice_state_without_a_member_touches_no_member() {
    let state = in_guild(voice_json(10, 101), 1);
    let mut bare = state.clone();
    bare.as_object_mut().unwrap().remove("member");
    let steps = ops(Kinds::all(), "VOICE_STATE_UPDATE", &bare);
    assert!(
        matches!(steps[..], [Op::Upsert(Rows::VoiceState(_))]),
        "{steps:?}"
    );
}

#[test]
fn before_ready_nobody_who_leaves_a_private_thread_is_the_bot() {
    let mut world = World::empty();
    let mut create = guild_1();
    create["threads"] = json!([thread_json(500, 12)]);
    world.feed("GUILD_CREATE", &create);
    let left = json!({"id": "500", "guild_id": "1", "member_count": 1,
        "removed_member_ids": [ME.to_string()]});
    world.feed("THREAD_MEMBERS_UPDATE", &left);
    assert!(world.store.thread(channel(500)).is_some());
    world.feed("READY", &ready(&[1]));
    world.feed("GUILD_CREATE", &create);
    world.feed("THREAD_MEMBERS_UPDATE", &left);
    assert!(world.store.thread(channel(500)).is_none());
    assert_eq!(world.store.rows(Kind::Thread), 0);
}

#[test]
fn who_leaves_is_removed_from_the_kinds_that_are_kept_alone() {
    let event = json!({"guild_id": "1", "user": {"id": "10", "username": "user10"}});
    let removed = |kinds: Kinds| {
        let steps = ops(kinds, "GUILD_MEMBER_REMOVE", &event);
        let key = |op: &Op<'_>| match op {
            Op::Remove(Key::Presence(_)) => Some(Kinds::PRESENCES),
            Op::Remove(Key::VoiceState(_)) => Some(Kinds::VOICE_STATES),
            Op::Remove(Key::ThreadMembersOf(_)) => Some(Kinds::THREAD_MEMBERS),
            Op::Remove(Key::Member(_)) => Some(Kinds::MEMBERS),
            _ => None,
        };
        steps.iter().filter_map(key).collect::<Vec<_>>()
    };
    let each = [
        Kinds::PRESENCES,
        Kinds::VOICE_STATES,
        Kinds::THREAD_MEMBERS,
        Kinds::MEMBERS,
    ];
    for kind in each {
        assert_eq!(removed(kind), [kind]);
    }
    assert_eq!(removed(Kinds::GUILDS), []);
    assert_eq!(removed(Kinds::all()), each);
}

#[test]
fn a_message_is_counted_in_a_guilds_threads_alone() {
    let counts = |kinds, data: &Value| {
        let steps = ops(kinds, "MESSAGE_CREATE", data);
        let count = |op: &&Op<'_>| matches!(op, Op::CountMessages { by: 1, .. });
        steps.iter().filter(count).count()
    };
    let direct = json!({"id": "7", "channel_id": "500"});
    let event = in_guild(direct.clone(), 1);
    assert_eq!(counts(Kinds::THREADS, &event), 1);
    assert_eq!(counts(Kinds::THREADS, &direct), 0);
    assert_eq!(counts(Kinds::CHANNELS, &event), 0);
}

#[test]
fn a_list_of_threads_syncs_threads_and_memberships_each_where_they_are_kept() {
    let sync = json!({"guild_id": "1", "channel_ids": ["100"], "threads": [thread_json(500, 11)],
        "members": [{"id": "500", "user_id": ME.to_string(), "flags": 0,
            "join_timestamp": "2024-02-03T04:05:06+00:00"}]});
    let steps = |kinds| ops(kinds, "THREAD_LIST_SYNC", &sync);
    let threads = steps(Kinds::THREADS);
    assert!(matches!(threads[..], [Op::SyncThreads(..)]), "{threads:?}");
    let memberships = steps(Kinds::THREAD_MEMBERS);
    assert!(
        matches!(memberships[..], [Op::Upsert(Rows::ThreadMembers(_))]),
        "{memberships:?}"
    );
}

#[test]
fn an_update_of_a_threads_members_that_brings_none_touches_no_member() {
    let left = json!({"id": "500", "guild_id": "1", "member_count": 1,
        "removed_member_ids": ["10"]});
    let steps = ops(Kinds::all(), "THREAD_MEMBERS_UPDATE", &left);
    let touches = |op: &Op<'_>| {
        matches!(
            op,
            Op::Upsert(Rows::Members(_)) | Op::Upsert(Rows::Presences(_))
        )
    };
    assert!(!steps.iter().any(touches), "{steps:?}");
}
