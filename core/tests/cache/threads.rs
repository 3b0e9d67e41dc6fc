//! Threads and who is in them.

use headcount_core::ShardId;
use headcount_core::cache::{Kind, Kinds};
use headcount_core::id::MessageId;
use headcount_core::wire::{Field, Timestamp};
use serde_json::{Value, json};

use crate::world::{ME, World, channel, channel_json, guild, guild_1, in_guild, user};

pub(crate) fn thread_json(id: u64, parent: u64) -> Value {
    json!({"id": id.to_string(), "type": 11, "parent_id": parent.to_string(), "name": "t",
        "owner_id": "10", "message_count": 2, "member_count": 1, "total_message_sent": 2,
        "thread_metadata": {"archived": false, "auto_archive_duration": 60,
            "archive_timestamp": "2024-02-03T04:05:06+00:00", "locked": false}})
}

pub(crate) fn membership_json(user: u64) -> Value {
    json!({"user_id": user.to_string(), "join_timestamp": "2024-02-03T04:05:06+00:00", "flags": 0})
}

fn with_threads() -> World {
    let mut world = World::new();
    let mut create = guild_1();
    create["threads"] = json!([thread_json(500, 101), thread_json(501, 100)]);
    create["threads"][0]["member"] = json!({"join_timestamp": null, "flags": 1});
    create["threads"][0]["member"]["join_timestamp"] = json!("2024-02-03T04:05:06+00:00");
    world.feed("GUILD_CREATE", &create);
    world
}

fn ids(world: &World) -> Vec<u64> {
    let mut ids: Vec<u64> = world
        .store
        .threads(guild(1))
        .map(|row| row.id.get())
        .collect();
    ids.sort_unstable();
    ids
}

#[test]
fn guild_create_replaces_threads_and_own_memberships() {
    let mut world = with_threads();
    assert_eq!(ids(&world), [500, 501]);
    let thread = world.store.thread(channel(500)).unwrap();
    assert_eq!(thread.guild, Field::Value(guild(1)));
    assert!(
        world
            .store
            .thread_member(guild(1), channel(500), user(ME))
            .is_some()
    );
    assert_eq!(world.store.rows(Kind::ThreadMember), 1);
    world.feed("GUILD_CREATE", &guild_1());
    assert_eq!(
        (ids(&world), world.store.rows(Kind::ThreadMember)),
        (vec![], 0)
    );
}

#[test]
fn channel_pins_update_of_a_thread_patches_it_and_never_creates() {
    let mut world = with_threads();
    let at = "2024-05-06T07:08:09+00:00";
    let pins = |thread: u64| {
        let channel = thread.to_string();
        json!({"guild_id": "1", "channel_id": channel, "last_pin_timestamp": at})
    };
    world.feed("CHANNEL_PINS_UPDATE", &pins(500));
    let pin = |id: u64| world.store.thread(channel(id)).unwrap().last_pin;
    assert_eq!(pin(500), Field::Value(Timestamp::parse(at).unwrap()));
    assert_eq!(pin(501), Field::Absent);
    world.feed("CHANNEL_PINS_UPDATE", &pins(502));
    assert_eq!(ids(&world), [500, 501]);
}

#[test]
fn thread_create_adds_it_once_and_moves_a_forum_on() {
    let mut world = World::new();
    let mut forum = in_guild(channel_json(102), 1);
    forum["type"] = json!(15);
    world.feed("CHANNEL_CREATE", &forum);
    let mut create = in_guild(thread_json(500, 102), 1);
    create["newly_created"] = json!(true);
    create["member"] = membership_json(ME);
    world.feed("THREAD_CREATE", &create);
    world.feed("THREAD_CREATE", &create);
    assert_eq!(world.store.rows(Kind::Thread), 1);
    assert_eq!(world.store.rows(Kind::ThreadMember), 1);
    let last = world.store.channel(channel(102)).unwrap().last_message;
    assert_eq!(last.value(), MessageId::new(500).as_ref());
    create["id"] = json!("501");
    create["parent_id"] = json!("101");
    world.feed("THREAD_CREATE", &create);
    let text = world.store.channel(channel(101)).unwrap();
    assert!(
        text.last_message.value().is_none(),
        "a text channel's is a message"
    );
}

#[test]
fn thread_update_shows_and_archives() {
    let mut world = World::new();
    let mut update = in_guild(thread_json(500, 101), 1);
    world.feed("THREAD_UPDATE", &update);
    assert_eq!(ids(&world), [500], "the first sight of it");
    world.feed(
        "THREAD_MEMBER_UPDATE",
        &json!({"id": "500", "guild_id": "1", "flags": 0}),
    );
    assert_eq!(world.store.rows(Kind::ThreadMember), 1);
    update["thread_metadata"]["archived"] = json!(true);
    world.feed("THREAD_UPDATE", &update);
    assert!(ids(&world).is_empty());
    assert_eq!(world.store.rows(Kind::ThreadMember), 0);
    assert!(world.store.thread(channel(500)).is_none());
}

#[test]
fn thread_delete_takes_its_members() {
    let mut world = with_threads();
    let delete = json!({"id": "500", "guild_id": "1", "parent_id": "101", "type": 11});
    world.feed("THREAD_DELETE", &delete);
    world.feed("THREAD_DELETE", &delete);
    assert_eq!(
        (ids(&world), world.store.rows(Kind::ThreadMember)),
        (vec![501], 0)
    );
}

#[test]
fn thread_list_sync_replaces_what_is_in_its_scope() {
    let mut world = with_threads();
    let sync = json!({"guild_id": "1", "channel_ids": ["101"], "threads": [thread_json(502, 101)],
        "members": [{"id": "502", "user_id": ME.to_string(), "flags": 0}]});
    world.feed("THREAD_LIST_SYNC", &sync);
    assert_eq!(ids(&world), [501, 502]);
    assert!(
        world
            .store
            .thread_member(guild(1), channel(502), user(ME))
            .is_some()
    );
    let sync = json!({"guild_id": "1", "threads": [thread_json(503, 100)], "members": []});
    world.feed("THREAD_LIST_SYNC", &sync);
    assert_eq!(ids(&world), [503]);
}

#[test]
fn thread_member_update_keeps_the_bots_own_membership() {
    let mut world = with_threads();
    let own = |thread: &str| {
        json!({"id": thread, "guild_id": "1", "user_id": ME.to_string(),
        "join_timestamp": "2024-02-03T04:05:06+00:00", "flags": 3})
    };
    world.feed("THREAD_MEMBER_UPDATE", &own("501"));
    let member = |world: &World, thread| {
        let row = world
            .store
            .thread_member(guild(1), channel(thread), user(ME));
        row.map(|row| row.flags)
    };
    assert_eq!(member(&world, 501), Some(3));
    world.feed("THREAD_MEMBER_UPDATE", &own("999"));
    assert_eq!(member(&world, 999), None, "the thread is not cached");
}

#[test]
fn thread_members_update_counts_adds_and_removes() {
    let mut world = with_threads();
    let mut added = membership_json(12);
    added["member"] = crate::world::member_json(12);
    added["presence"] = json!({"user": {"id": "12"}, "status": "idle", "activities": []});
    let mut none = membership_json(10);
    none["presence"] = json!(null);
    let update = json!({"id": "500", "guild_id": "1", "member_count": 3,
        "added_members": [added, none]});
    world.feed("THREAD_MEMBERS_UPDATE", &update);
    assert_eq!(
        world.store.thread(channel(500)).unwrap().member_count,
        Field::Value(3)
    );
    let members = world.store.thread_members(guild(1), channel(500));
    assert_eq!(
        members.iter().map(|row| row.user.get()).collect::<Vec<_>>(),
        [10, 12, ME]
    );
    assert!(world.member(12).is_some());
    assert!(world.store.presence(guild(1), user(12)).is_some());
    let gone = json!({"id": "500", "guild_id": "1", "member_count": 2,
        "removed_member_ids": ["12", "77"]});
    world.feed("THREAD_MEMBERS_UPDATE", &gone);
    assert_eq!(world.store.rows(Kind::ThreadMember), 2);
    world.feed(
        "GUILD_MEMBER_REMOVE",
        &json!({"guild_id": "1", "user": {"id": "10"}}),
    );
    assert_eq!(world.store.rows(Kind::ThreadMember), 1);
}

#[test]
fn thread_members_update_that_removes_the_bot_hides_a_private_thread_alone() {
    let mut world = with_threads();
    let mut private = in_guild(thread_json(502, 101), 1);
    private["type"] = json!(12);
    world.feed("THREAD_CREATE", &private);
    for id in ["500", "502"] {
        let gone = json!({"id": id, "guild_id": "1", "member_count": 0,
            "removed_member_ids": [ME.to_string()]});
        world.feed("THREAD_MEMBERS_UPDATE", &gone);
    }
    assert_eq!(ids(&world), [500, 501]);
}

#[test]
fn channel_delete_takes_the_threads_under_it() {
    let mut world = with_threads();
    world.feed("CHANNEL_DELETE", &in_guild(channel_json(101), 1));
    assert_eq!(
        (ids(&world), world.store.rows(Kind::ThreadMember)),
        (vec![501], 0)
    );
    world.feed("GUILD_DELETE", &json!({"id": "1"}));
    assert!(world.store.thread(channel(501)).is_none());
}

#[test]
fn threads_that_are_off_leave_nothing() {
    let mut world = World::caching(Kinds::CHANNELS, ShardId::ONE);
    let mut create = guild_1();
    create["threads"] = json!([{"nonsense": 1}]);
    world.feed("GUILD_CREATE", &create);
    world.feed("THREAD_CREATE", &in_guild(thread_json(500, 101), 1));
    assert_eq!(world.rows(), [(Kind::Channel, 2)]);
    assert!(world.try_feed("THREAD_LIST_SYNC", "not json").is_ok());
}
