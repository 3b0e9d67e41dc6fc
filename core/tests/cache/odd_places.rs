//! Odd values that say where something belongs, how many there are, or that something begins.

use headcount_core::cache::GuildStatus;
use headcount_core::wire::Field;
use headcount_core::wire::view::Message;
use serde_json::{Value, json};

use crate::live::Live;
use crate::messages::{about, message_json};
use crate::world::{
    World, channel, channel_json, guild, guild_1, in_guild, member_json, ready, user,
};

/// Forms that are no id, nor none.
fn odd_forms() -> [Value; 5] {
    [json!("x"), json!(-1), json!(1.5), json!({}), json!([1])]
}

#[test]
fn what_lies_in_a_guild_that_cannot_be_read_is_not_taken_for_private() {
    for odd in odd_forms() {
        let mut live = Live::new();
        let (mut row, mut message) = (channel_json(600), message_json(900, 50));
        (row["guild_id"], message["guild_id"]) = (odd.clone(), odd.clone());
        for name in ["CHANNEL_CREATE", "CHANNEL_UPDATE", "CHANNEL_DELETE"] {
            live.feed(name, &row).but_for(&["guild_id", ""]);
        }
        live.feed("MESSAGE_CREATE", &message)
            .but_for(&["guild_id", ""]);
        assert_eq!(live.store.private_channels().count(), 0, "{odd}");
        assert_eq!(live.store.private_messages(channel(101)).count(), 0);
        assert!(live.store.user(user(50)).is_none(), "nobody wrote it");
    }
    for none in [json!(null), json!("0")] {
        let mut live = Live::new();
        let mut row = channel_json(600);
        row["guild_id"] = none;
        live.feed("CHANNEL_CREATE", &row).plainly();
        assert!(live.store.private_channel(channel(600)).is_some());
    }
}

#[test]
fn an_update_of_a_member_who_has_perhaps_not_joined_changes_and_never_adds() {
    let missing = std::iter::once(None);
    for odd in odd_forms().map(Some).into_iter().chain(missing) {
        let mut live = Live::new();
        for id in [10, 77] {
            let mut member = in_guild(member_json(id), 1);
            member["nick"] = json!("heard");
            match &odd {
                Some(odd) => member["joined_at"] = odd.clone(),
                None => drop(member.as_object_mut().unwrap().remove("joined_at")),
            }
            let paths = odd.iter().map(|_| "joined_at").collect::<Vec<_>>();
            live.feed("GUILD_MEMBER_UPDATE", &member).but_for(&paths);
        }
        let known = live.store.member(guild(1), user(10)).unwrap();
        assert_eq!(known.nick(), Some("heard"), "{odd:?}");
        assert!(known.joined_at().is_some(), "what was known stays");
        assert!(live.store.member(guild(1), user(77)).is_none(), "{odd:?}");
    }
}

/// Guild 1 comes anew with this channel for the voice state of member 10.
fn lists_voice(live: &mut Live, at: &Value) -> crate::live::Emitted {
    let mut data = guild_1();
    data["voice_states"] = json!([{"user_id": "10", "channel_id": at, "self_mute": true}]);
    live.feed("GUILD_CREATE", &data)
}

#[test]
fn a_voice_state_that_a_guild_lists_without_a_channel_puts_nobody_anywhere() {
    for odd in odd_forms() {
        let mut live = Live::new();
        lists_voice(&mut live, &odd).but_for(&["voice_states[0].channel_id"]);
        assert!(live.store.voice_state(guild(1), user(10)).is_none());
        lists_voice(&mut live, &json!("101")).plainly();
        lists_voice(&mut live, &odd).but_for(&["voice_states[0].channel_id"]);
        let row = live.store.voice_state(guild(1), user(10)).unwrap();
        assert_eq!(row.channel, Field::Value(channel(101)), "{odd}");
        lists_voice(&mut live, &Value::Null).plainly();
        assert!(live.store.voice_state(guild(1), user(10)).is_none());
    }
}

#[test]
fn who_is_not_listed_in_voice_any_more_goes_though_the_channel_of_another_is_odd() {
    for odd in odd_forms() {
        let mut live = Live::new();
        let mut data = guild_1();
        data["voice_states"] = json!([
            {"user_id": "10", "channel_id": "101"},
            {"user_id": "11", "channel_id": "101"},
        ]);
        live.feed("GUILD_CREATE", &data).plainly();
        assert!(live.store.voice_state(guild(1), user(11)).is_some());
        lists_voice(&mut live, &odd).but_for(&["voice_states[0].channel_id"]);
        let row = live.store.voice_state(guild(1), user(10)).unwrap();
        assert_eq!(row.channel, Field::Value(channel(101)), "{odd}");
        assert!(
            live.store.voice_state(guild(1), user(11)).is_none(),
            "{odd}"
        );
    }
}

#[test]
fn of_a_user_who_is_listed_twice_in_voice_the_last_state_counts() {
    let placed = |at: Value| json!({"user_id": "10", "channel_id": at});
    for (first, last) in [(json!("101"), Value::Null), (Value::Null, json!("101"))] {
        let mut live = Live::new();
        let mut data = guild_1();
        data["voice_states"] = json!([placed(first), placed(last.clone())]);
        live.feed("GUILD_CREATE", &data).plainly();
        let row = live.store.voice_state(guild(1), user(10));
        assert_eq!(row.is_some(), last.is_string(), "{last}");
    }
}

/// The message with a reaction and a vote, both of a number that is not known.
fn message_of_unknown_numbers(odd: &Value) -> World {
    let mut world = World::new();
    world.feed("MESSAGE_CREATE", &message_json(900, 50));
    let mut edited = message_json(900, 50);
    edited["reactions"] = json!([{"emoji": {"id": null, "name": "x"}, "count": odd,
        "count_details": {"normal": odd, "burst": 0}}]);
    edited["poll"] = json!({"question": {}, "results": {"answer_counts": [{"id": 1,
        "count": odd}]}});
    world.feed("MESSAGE_UPDATE", &edited);
    world
}

fn row(world: &World) -> Message<'_> {
    let mut kept = world.store.messages(guild(1), channel(101));
    kept.next().unwrap().row()
}

#[test]
fn reactions_and_votes_whose_number_cannot_be_read_are_not_counted_from_zero() {
    let one = json!({"user_id": "10", "emoji": {"id": null, "name": "x"}, "burst": false,
        "answer_id": 1});
    for odd in [json!("x"), json!(-1), json!({}), json!(1.5)] {
        let mut world = message_of_unknown_numbers(&odd);
        for name in [
            "MESSAGE_REACTION_ADD",
            "MESSAGE_REACTION_REMOVE",
            "MESSAGE_REACTION_REMOVE",
            "MESSAGE_POLL_VOTE_ADD",
            "MESSAGE_POLL_VOTE_REMOVE",
        ] {
            world.feed(name, &about(900, &one));
            let row = row(&world);
            let reactions = row.reactions.value().unwrap();
            assert_eq!(reactions.len(), 1, "{odd}: there may be others");
            let details = reactions[0].details.as_ref().unwrap();
            assert_eq!((reactions[0].count, details.normal), (None, None), "{name}");
            let results = row.poll.value().unwrap().results.value().unwrap();
            let votes = results.counts.as_ref().unwrap();
            assert_eq!((votes.len(), votes[0].count), (1, None), "{name}");
        }
    }
}

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
fn flags_of_the_application_that_cannot_be_read_are_not_none() {
    let mut world = World::empty();
    let mut data = ready(&[]);
    data["application"] = json!({"id": "98", "flags": "many", "flags_new": []});
    world.feed("READY", &data);
    assert_eq!(world.store.application().unwrap().flags, None);
    data["application"] = json!({"id": "98", "flags": 8});
    world.feed("READY", &data);
    data["application"] = json!({"id": "98", "flags": "many"});
    world.feed("READY", &data);
    assert_eq!(world.store.application().unwrap().flags, Some(8));
}

#[test]
fn a_thread_that_is_perhaps_archived_changes_and_never_comes() {
    let within = odd_forms().map(|odd| json!({"archived": odd}));
    for odd in [json!(7), json!([]), json!("x"), json!(null)]
        .into_iter()
        .chain(within)
    {
        let mut live = Live::new();
        let thread = |id: u64| json!({"id": id.to_string(), "guild_id": "1", "parent_id": "101"});
        live.feed("THREAD_CREATE", &thread(500)).plainly();
        for id in [500, 501] {
            let mut row = thread(id);
            (row["thread_metadata"], row["name"]) = (odd.clone(), json!("new"));
            let emitted = live.feed("THREAD_UPDATE", &row);
            assert!(
                emitted.misread()[0].starts_with("thread_metadata"),
                "{emitted:?}"
            );
        }
        let row = live.store.thread(channel(500)).unwrap();
        assert_eq!(row.name.as_ref().unwrap(), &"new", "{odd}");
        assert!(live.store.thread(channel(501)).is_none(), "{odd}");
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
