//! What dispatches about something else say of members and users.

use headcount_core::ShardId;
use headcount_core::cache::{Deriver, Kinds};
use serde_json::{Value, json};

use crate::world::{World, in_guild, member_json, user, user_json};

/// A world where the gateway does not report members, which makes such dispatches worth reading.
fn unheard() -> World {
    let mut world = World::new();
    world.deriver = Deriver::new(ShardId::ONE, world.kinds).hears_of_members(false);
    world
}

fn named(id: u64, nick: &str) -> Value {
    let mut member = member_json(id);
    member["nick"] = json!(nick);
    member
}

fn nick(world: &World) -> Option<&str> {
    world.member(10).unwrap().nick()
}

fn typing(id: u64) -> Value {
    json!({"channel_id": "101", "guild_id": "1", "user_id": id.to_string(), "timestamp": 5,
        "member": named(id, "typist")})
}

#[test]
fn typing_start_patches_a_member_that_is_cached_where_no_event_mentions_members() {
    let mut world = unheard();
    world.feed("TYPING_START", &typing(10));
    world.feed("TYPING_START", &typing(33));
    assert_eq!(nick(&world), Some("typist"));
    assert_eq!(world.member_ids(1), [10, 99]);
    let before = world.rows();
    world.feed(
        "TYPING_START",
        &json!({"channel_id": "5", "user_id": "10", "timestamp": 5}),
    );
    assert_eq!(world.rows(), before);
    let mut emitted = World::new();
    emitted.feed("TYPING_START", &typing(10));
    assert_eq!(nick(&emitted), None);
}

#[test]
fn interaction_create_patches_a_member_that_is_cached() {
    let mut world = unheard();
    let interaction = |id| {
        json!({"id": "1", "type": 2, "token": "t", "guild_id": "1",
        "channel_id": "101", "member": named(id, "asker"), "data": {"id": "4", "name": "x"}})
    };
    world.feed("INTERACTION_CREATE", &interaction(10));
    world.feed("INTERACTION_CREATE", &interaction(33));
    assert_eq!(nick(&world), Some("asker"));
    assert_eq!(world.member_ids(1), [10, 99]);
}

#[test]
fn message_create_patches_its_author_as_a_member() {
    for kinds in [Kinds::all(), Kinds::all().difference(Kinds::MESSAGES)] {
        let mut world = unheard();
        world.kinds = kinds;
        world.deriver = Deriver::new(ShardId::ONE, kinds).hears_of_members(false);
        for id in [10, 33] {
            let mut member = named(id, "writer");
            member.as_object_mut().unwrap().remove("user");
            let message = json!({"id": "900", "channel_id": "101", "guild_id": "1",
                "content": "x", "author": user_json(id), "member": member, "type": 0});
            world.feed("MESSAGE_CREATE", &message);
        }
        assert_eq!(nick(&world), Some("writer"));
        assert_eq!(world.member_ids(1), [10, 99]);
    }
}

#[test]
fn of_two_authors_of_a_message_the_last_counts_though_it_cannot_be_read() {
    for kinds in [Kinds::all(), Kinds::all().difference(Kinds::MESSAGES)] {
        let mut world = unheard();
        world.kinds = kinds;
        world.deriver = Deriver::new(ShardId::ONE, kinds).hears_of_members(false);
        let mut member = named(10, "writer");
        member.as_object_mut().unwrap().remove("user");
        let message = |authors: &str| {
            let place = r#""id":"900","guild_id":"1","channel_id":"101""#;
            format!(r#"{{"type":0,"member":{member},{place},"content":"x",{authors}}}"#)
        };
        for odd in ["[]", "{}", "null", r#"{"id":"x"}"#, "5"] {
            let authors = format!(r#""author":{{"id":"10"}},"author":{odd}"#);
            world
                .try_feed("MESSAGE_CREATE", &message(&authors))
                .unwrap();
            assert_eq!(nick(&world), None, "{odd}");
        }
        let authors = r#""author":[],"author":{"id":"10"}"#;
        world.try_feed("MESSAGE_CREATE", &message(authors)).unwrap();
        assert_eq!(nick(&world), Some("writer"));
    }
}

#[test]
fn a_member_in_passing_that_cannot_be_read_is_passed_over() {
    let mut world = unheard();
    let mut event = typing(10);
    event["member"] = json!({"user": 5});
    world.feed("TYPING_START", &event);
    assert_eq!(nick(&world), None);
    let cut = r#"{"guild_id":"1","member":{"user""#;
    assert!(world.try_feed("TYPING_START", cut).is_err());
}

fn ban(id: u64) -> Value {
    let mut banned = user_json(id);
    banned["username"] = json!("renamed");
    in_guild(json!({"user": banned}), 1)
}

#[test]
fn guild_ban_add_patches_a_user_and_leaves_the_member() {
    let mut world = World::new();
    let before = world.rows();
    world.feed("GUILD_BAN_ADD", &ban(10));
    world.feed("GUILD_BAN_ADD", &ban(33));
    assert_eq!(world.store.user(user(10)).unwrap().username(), "renamed");
    assert_eq!((world.rows(), world.member_count()), (before, Some(5)));
}

#[test]
fn guild_ban_remove_patches_a_user() {
    let mut world = World::new();
    let before = world.rows();
    world.feed("GUILD_BAN_REMOVE", &ban(10));
    world.feed("GUILD_BAN_REMOVE", &ban(33));
    assert_eq!(world.store.user(user(10)).unwrap().username(), "renamed");
    assert_eq!(world.rows(), before);
}
