//! Forms that servers have sent, and nobody foresaw: each is read, or costs itself alone.

use headcount_core::cache::memory::Completeness;
use headcount_core::setup::AutoChunk;
use headcount_core::wire::Field;
use headcount_core::wire::view::{Channel, Status};
use serde_json::{Value, json};

use crate::live::Live;
use crate::messages::{about, message_json};
use crate::world::{
    channel, channel_json, guild, guild_1, in_guild, member_json, role, role_json, user, user_json,
};

/// Guild 1 comes with this channel, and then the channel changes to the same.
fn comes_and_changes(row: &Value, check: impl Fn(&Channel<'_>)) {
    let mut live = Live::expecting(AutoChunk::Never.into());
    let mut data = guild_1();
    data["channels"] = json!([channel_json(100), row]);
    live.feed("GUILD_CREATE", &data).plainly();
    assert_eq!(
        live.store.members(guild(1)).count(),
        2,
        "nothing else is lost"
    );
    check(live.store.channel(channel(101)).unwrap());
    live.feed("CHANNEL_UPDATE", &in_guild(row.clone(), 1))
        .plainly();
    check(live.store.channel(channel(101)).unwrap());
}

#[test]
fn a_voice_channel_of_no_application_may_say_null() {
    let mut row = channel_json(101);
    (row["type"], row["application_id"]) = (json!(2), Value::Null);
    comes_and_changes(&row, |row| {
        assert_eq!((row.kind, &row.application), (Some(2), &Field::Null));
    });
}

#[test]
fn what_a_channel_has_none_of_may_be_null() {
    let mut row = channel_json(101);
    for key in ["user_limit", "bitrate", "video_quality_mode", "rtc_region"] {
        row[key] = Value::Null;
    }
    comes_and_changes(&row, |row| {
        assert_eq!(
            (&row.user_limit, &row.bitrate),
            (&Field::Null, &Field::Null)
        );
        assert_eq!(row.video_quality, Field::Null);
    });
}

#[test]
fn a_tag_of_a_forum_without_an_emoji_may_say_zero() {
    for zero in [json!("0"), json!(0), Value::Null] {
        let mut row = channel_json(101);
        row["available_tags"] = json!([{"id": "5", "name": "tag", "emoji_id": zero}]);
        comes_and_changes(&row, |row| {
            let tags = row.tags.value().unwrap();
            assert_eq!((tags.len(), &tags[0].emoji), (1, &Field::Null));
        });
    }
}

#[test]
fn an_activity_may_state_its_times_as_fractions_or_as_texts() {
    for time in [
        "1700000000000.0",
        "\"1700000000000\"",
        "1.7e12",
        "1700000000000",
    ] {
        let mut live = Live::new();
        let data = format!(
            r#"{{"guild_id":"1","user":{{"id":"10"}},"status":"idle","activities":[{{"name":"go",
            "type":0,"timestamps":{{"start":{time},"end":{time}}}}}]}}"#
        );
        live.feed_text("PRESENCE_UPDATE", &data).plainly();
        let row = live.store.presence(guild(1), user(10)).unwrap();
        let times = row.activities().next().unwrap().times.into_value().unwrap();
        let expected = Field::Value(1_700_000_000_000);
        assert_eq!((&times.start, &times.end), (&expected, &expected), "{time}");
    }
}

#[test]
fn a_guild_without_a_language_may_say_null() {
    let mut live = Live::new();
    let update = json!({"id": "1", "name": "new", "preferred_locale": null});
    live.feed("GUILD_UPDATE", &update).plainly();
    let row = live.store.guild(guild(1)).unwrap();
    assert_eq!(row.data().locale, Field::Null);
    assert_eq!(row.data().name.as_ref().unwrap(), &"new");
}

#[test]
fn a_role_without_colors_may_say_null() {
    let mut live = Live::new();
    let mut row = role_json(200);
    (row["colors"], row["name"]) = (Value::Null, json!("new"));
    live.feed("GUILD_ROLE_UPDATE", &json!({"guild_id": "1", "role": row}))
        .plainly();
    let row = live.store.role(guild(1), role(200)).unwrap();
    assert_eq!(
        (&row.colors, *row.name.as_ref().unwrap() == "new"),
        (&Field::Null, true)
    );
}

#[test]
fn a_message_of_no_webhook_and_no_application_may_say_null() {
    let mut live = Live::new();
    let mut row = message_json(900, 50);
    (row["webhook_id"], row["application_id"]) = (Value::Null, Value::Null);
    live.feed("MESSAGE_CREATE", &row).plainly();
    assert_eq!(live.store.messages(guild(1), channel(101)).count(), 1);
}

/// The answer to the first request, with a thousand members of which one is changed.
fn thousand(live: &Live, change: impl Fn(&mut Value)) -> Value {
    let ids = [10, 99].into_iter().chain(1_002..2_000);
    let mut members: Vec<Value> = ids.map(member_json).collect();
    change(&mut members[500]);
    json!({"guild_id": "1", "chunk_index": 0, "chunk_count": 1, "members": members,
        "nonce": live.nonces[0]})
}

#[test]
fn a_member_of_a_thousand_whose_mute_is_null_is_kept_without_it() {
    let mut live = Live::asking(AutoChunk::All.into());
    let chunk = thousand(&live, |member| member["mute"] = Value::Null);
    live.feed("GUILD_MEMBERS_CHUNK", &chunk)
        .but_for(&["members[500].mute"]);
    let members: Vec<_> = live.store.members(guild(1)).collect();
    assert_eq!(members.len(), 1_000);
    let mute = |id| live.store.member(guild(1), user(id)).unwrap().is_mute();
    assert_eq!((mute(1_500), mute(1_501)), (None, Some(false)));
    let all = Completeness::Complete { members: 1_000 };
    assert_eq!(live.store.completeness(guild(1)), Some(all));
}

#[test]
fn a_member_of_a_thousand_without_a_user_costs_itself_and_is_counted() {
    let mut live = Live::asking(AutoChunk::All.into());
    let chunk = thousand(&live, |member| member["user"] = json!({}));
    let emitted = live.feed("GUILD_MEMBERS_CHUNK", &chunk);
    emitted.but_for(&["members[500]", "members[500].user"]);
    assert_eq!(live.store.members(guild(1)).count(), 999);
    let completeness = live.store.completeness(guild(1)).unwrap();
    assert!(
        matches!(completeness, Completeness::Partial { .. }),
        "{completeness:?}"
    );
}

#[test]
fn an_invitation_to_no_guild_is_reported_and_not_kept() {
    let mut live = Live::new();
    let invite = json!({"code": "abc", "channel_id": "5", "max_age": 0});
    live.feed("INVITE_CREATE", &invite).plainly();
    assert_eq!(live.store.invites(guild(1)).count(), 0);
    live.feed("INVITE_DELETE", &invite).plainly();
    live.feed("INVITE_CREATE", &in_guild(invite.clone(), 1))
        .plainly();
    assert_eq!(live.store.invites(guild(1)).count(), 1);
    live.feed("INVITE_DELETE", &invite).plainly();
    assert_eq!(
        live.store.invites(guild(1)).count(),
        1,
        "another one of that code"
    );
}

#[test]
fn an_odd_part_of_a_user_in_a_presence_costs_itself() {
    let mut live = Live::new();
    let mut changed = user_json(10);
    (changed["username"], changed["global_name"]) = (json!("renamed"), json!(7));
    let update = json!({"guild_id": "1", "user": changed, "status": "dnd"});
    live.feed("PRESENCE_UPDATE", &update)
        .but_for(&["user.global_name"]);
    let row = live.store.user(user(10)).unwrap();
    assert_eq!(
        (row.username(), row.global_name()),
        ("renamed", Some("User 10"))
    );
    let presence = live.store.presence(guild(1), user(10)).unwrap();
    assert_eq!(presence.status(), Status::Dnd);
}

/// A message with a reaction to it.
fn reacted() -> Live {
    let mut live = Live::new();
    live.feed("MESSAGE_CREATE", &message_json(900, 50))
        .plainly();
    let emoji = json!({"user_id": "10", "emoji": {"id": null, "name": "x"}, "burst": false});
    live.feed("MESSAGE_REACTION_ADD", &about(900, &emoji))
        .plainly();
    live
}

fn reactions(live: &Live) -> Vec<Option<u64>> {
    let mut messages = live.store.messages(guild(1), channel(101));
    let message = messages.next().unwrap().row();
    let reactions = message.reactions.value().unwrap();
    reactions.iter().map(|reaction| reaction.count).collect()
}

#[test]
fn reactions_go_only_with_the_emoji_that_is_named() {
    let mut live = reacted();
    let gone = "MESSAGE_REACTION_REMOVE_EMOJI";
    live.feed(gone, &about(900, &json!({}))).plainly();
    live.feed(gone, &about(900, &json!({"emoji": 5})))
        .but_for(&["emoji"]);
    assert_eq!(reactions(&live), [Some(1)]);
    live.feed(
        gone,
        &about(900, &json!({"emoji": {"id": null, "name": "x"}})),
    )
    .plainly();
    assert_eq!(reactions(&live), []);
}

#[test]
fn an_emoji_whose_id_cannot_be_read_is_not_the_ordinary_one_of_its_name() {
    let mut live = reacted();
    let odd = json!({"id": {}, "name": "x"});
    let change = json!({"user_id": "10", "emoji": odd, "burst": false});
    for name in ["MESSAGE_REACTION_ADD", "MESSAGE_REACTION_REMOVE"] {
        live.feed(name, &about(900, &change))
            .but_for(&["emoji", "emoji.id"]);
        assert_eq!(reactions(&live), [Some(1)], "{name}");
    }
    let gone = live.feed(
        "MESSAGE_REACTION_REMOVE_EMOJI",
        &about(900, &json!({"emoji": odd})),
    );
    gone.but_for(&["emoji", "emoji.id"]);
    assert_eq!(reactions(&live), [Some(1)]);
}

#[test]
fn a_reaction_that_is_perhaps_a_burst_is_not_counted() {
    let mut live = reacted();
    let change = json!({"user_id": "10", "emoji": {"id": null, "name": "x"}, "burst": "yes"});
    live.feed("MESSAGE_REACTION_ADD", &about(900, &change))
        .but_for(&["burst"]);
    live.feed("MESSAGE_REACTION_REMOVE", &about(900, &change))
        .but_for(&["burst"]);
    assert_eq!(reactions(&live), [Some(1)]);
}

#[test]
fn a_patch_of_a_form_that_is_not_understood_leaves_what_is_there() {
    let mut live = Live::new();
    let mut row = in_guild(channel_json(101), 1);
    (row["topic"], row["parent_id"]) = (json!("talk"), json!("100"));
    row["available_tags"] = json!([{"id": "5", "name": "tag"}]);
    live.feed("CHANNEL_UPDATE", &row).plainly();
    let odd = json!({"id": "101", "guild_id": "1", "type": 0, "topic": 5, "parent_id": [],
        "name": "new", "available_tags": [1, {"name": "no id"}]});
    live.feed("CHANNEL_UPDATE", &odd).but_for(&[
        "available_tags",
        "available_tags[0]",
        "available_tags[1]",
        "parent_id",
        "topic",
    ]);
    let row = live.store.channel(channel(101)).unwrap();
    assert_eq!(row.name.value().unwrap(), &"new");
    assert_eq!(row.topic.value().unwrap(), &"talk");
    assert_eq!(row.parent.value(), Some(&channel(100)));
    assert_eq!(row.tags.value().unwrap().len(), 1);
}
