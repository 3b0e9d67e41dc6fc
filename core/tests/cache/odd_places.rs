//! Odd values that say where something belongs, how many there are, or that something begins.

use headcount_core::cache::GuildStatus;
use serde_json::{Value, json};

use crate::live::Live;
use crate::world::{
    World, channel, channel_json, guild, guild_1, in_guild, member_json, ready, user,
};

#[test]
fn a_session_whose_ready_has_no_sequence_counts_anew_in_the_store() {
    let mut live = Live::new();
    for _ in 0..9 {
        live.feed("CHANNEL_UPDATE", &in_guild(channel_json(101), 1))
            .plainly();
    }
    live.begin_anew(&ready(&[1])).plainly();
    live.feed("GUILD_CREATE", &guild_1()).plainly();
    live.feed("GUILD_MEMBER_ADD", &in_guild(member_json(20), 1))
        .plainly();
    assert_eq!(
        live.store.guild_status(guild(1)),
        Some(GuildStatus::Available)
    );
    assert!(live.store.member(guild(1), user(20)).is_some());
}

#[test]
fn a_key_that_is_no_text_costs_its_value_alone() {
    for key in [r"\ud800", r"\x", "a\u{1}b"] {
        let mut live = Live::new();
        let data = format!(r#"{{"id":"101","{key}":{{"id":7}},"guild_id":"1","name":"new"}}"#);
        live.feed_text("CHANNEL_UPDATE", &data).plainly();
        let row = live.store.channel(channel(101)).unwrap();
        assert_eq!(row.name.value().unwrap(), &"new", "{key:?}");
        let data = format!(
            r#"{{"guild_id":"1","user":{{"id":"20","{key}":1,"username":"u"}},"roles":[],
            "joined_at":"2020-01-01T00:00:00+00:00"}}"#
        );
        live.feed_text("GUILD_MEMBER_ADD", &data).plainly();
        let member = live.store.member(guild(1), user(20)).unwrap();
        assert_eq!(member.user().username(), "u", "{key:?}");
    }
}

#[test]
fn of_a_user_who_is_listed_twice_in_a_thread_the_last_counts() {
    let mut world = World::new();
    let thread = json!({"id": "500", "guild_id": "1", "type": 11, "parent_id": "101"});
    world.feed("THREAD_CREATE", &thread);
    let join = |flags: &[(u64, u64)]| {
        let row = |(id, flags): &(u64, u64)| json!({"user_id": id.to_string(), "flags": flags});
        let added: Vec<Value> = flags.iter().map(row).collect();
        json!({"id": "500", "guild_id": "1", "added_members": added})
    };
    for listed in [&[(9, 1), (7, 2), (9, 3)][..], &[(7, 4)], &[(8, 5), (7, 6)]] {
        world.feed("THREAD_MEMBERS_UPDATE", &join(listed));
    }
    let kept = world.store.thread_members(guild(1), channel(500));
    let kept: Vec<_> = kept.iter().map(|one| (one.user.get(), one.flags)).collect();
    assert_eq!(kept, [(7, 6), (8, 5), (9, 3)]);
}
