//! A list that was not read whole removes nothing.

use headcount_core::Event;
use headcount_core::cache::memory::Completeness;
use headcount_core::cache::{GuildStatus, Kind};
use serde_json::{Value, json};

use crate::live::Live;
use crate::odd_decisions::{live, odd_forms};
use crate::world::{channel_json, guild, guild_json, member_json, ready, role_json};

#[test]
fn a_list_of_threads_of_nobody_knows_which_channels_removes_none() {
    let thread =
        |id: u64| json!({"id": id.to_string(), "guild_id": "1", "type": 11, "parent_id": "101"});
    for odd in odd_forms() {
        let mut live = live();
        live.feed("THREAD_CREATE", &thread(500)).plainly();
        let sync = json!({"guild_id": "1", "channel_ids": odd, "threads": [thread(501)],
            "members": []});
        assert!(live.feed("THREAD_LIST_SYNC", &sync).dispatched);
        assert_eq!(live.store.threads(guild(1)).count(), 2, "{odd}");
        let sync = json!({"guild_id": "1", "threads": [thread(501), {"id": odd}]});
        assert!(live.feed("THREAD_LIST_SYNC", &sync).dispatched);
        let sync = json!({"guild_id": "1", "threads": odd});
        assert!(live.feed("THREAD_LIST_SYNC", &sync).dispatched);
        assert_eq!(live.store.threads(guild(1)).count(), 2, "{odd}");
        let sync = json!({"guild_id": "1", "threads": [thread(501)]});
        live.feed("THREAD_LIST_SYNC", &sync).plainly();
        assert_eq!(live.store.threads(guild(1)).count(), 1);
    }
}

#[test]
fn a_guild_that_a_session_does_not_list_readably_is_not_gone() {
    for odd in odd_forms() {
        let mut live = live();
        let mut data = ready(&[2]);
        for guilds in [json!([{"id": "2", "unavailable": true}, {"id": odd}]), odd] {
            data["guilds"] = guilds;
            let emitted = live.feed("READY", &data);
            assert!(
                !emitted
                    .events
                    .iter()
                    .any(|event| matches!(event, Event::GuildLeave(_)))
            );
            assert_eq!(
                live.store.guild_status(guild(1)),
                Some(GuildStatus::Pending),
                "{}",
                data["guilds"]
            );
        }
        live.feed("READY", &ready(&[2])).plainly();
        assert_eq!(live.store.guild_status(guild(1)), None);
    }
}

#[test]
fn a_set_that_was_not_read_whole_removes_nothing() {
    let row = |id: u64| json!({"id": id.to_string(), "name": "e"});
    let sound = |id: u64| json!({"sound_id": id.to_string(), "name": "s"});
    let row = |kind: Kind, id: u64| match kind {
        Kind::Sound => sound(id),
        _ => row(id),
    };
    for (name, key, kind) in [
        ("GUILD_EMOJIS_UPDATE", "emojis", Kind::Emoji),
        ("GUILD_STICKERS_UPDATE", "stickers", Kind::Sticker),
        ("SOUNDBOARD_SOUNDS", "soundboard_sounds", Kind::Sound),
    ] {
        let row = |id| row(kind, id);
        let mut live = live();
        let set = |rows: Value| json!({"guild_id": "1", key: rows});
        live.feed(name, &set(json!([row(1), row(2)]))).plainly();
        for odd in odd_forms() {
            assert!(live.feed(name, &set(json!([row(3), odd]))).dispatched);
            assert!(live.feed(name, &set(odd)).dispatched);
            assert_eq!(live.store.rows(kind), 3, "{name}");
        }
        live.feed(name, &set(json!([row(3)]))).plainly();
        assert_eq!(live.store.rows(kind), 1, "{name}");
    }
}

#[test]
fn a_guild_whose_lists_were_not_read_whole_keeps_what_they_do_not_name() {
    let mut live = Live::new();
    let mut data = guild_json(1, &[99], 1);
    data["channels"] = json!([channel_json(102), {"id": null}]);
    data["roles"] = json!([role_json(1), 5]);
    data["members"] = json!([member_json(99), {"user": null}]);
    let emitted = live.feed("GUILD_CREATE", &data);
    assert!(emitted.misunderstood.is_some());
    let channels: Vec<u64> = live
        .store
        .channels(guild(1))
        .map(|row| row.id.get())
        .collect();
    assert_eq!(channels.len(), 3, "{channels:?}");
    assert_eq!(live.store.roles(guild(1)).count(), 2);
    assert_eq!(live.store.members(guild(1)).count(), 2);
    let completeness = live.store.completeness(guild(1)).unwrap();
    assert!(
        matches!(completeness, Completeness::Partial { .. }),
        "{completeness:?}"
    );
}
