//! Payloads that cannot be read, or not what they are about: they change nothing, and nothing ever
//! panics.

use headcount_core::cache::Kinds;
use headcount_core::wire::Name;
use headcount_core::wire::view::View;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::members::chunk;
use crate::world::{World, channel_json, guild_1, in_guild, member_json, ready, role_json};

fn payloads() -> Vec<(&'static str, Value)> {
    vec![
        ("READY", ready(&[1, 2])),
        ("GUILD_CREATE", guild_1()),
        (
            "GUILD_UPDATE",
            json!({"id": "1", "name": "x", "roles": [role_json(1)]}),
        ),
        ("GUILD_DELETE", json!({"id": "1", "unavailable": true})),
        ("GUILD_MEMBERS_CHUNK", chunk(&[10, 11])),
        ("GUILD_MEMBER_ADD", in_guild(member_json(12), 1)),
        ("GUILD_MEMBER_UPDATE", in_guild(member_json(10), 1)),
        (
            "GUILD_MEMBER_REMOVE",
            json!({"guild_id": "1", "user": {"id": "10"}}),
        ),
        ("CHANNEL_CREATE", in_guild(channel_json(101), 1)),
        (
            "GUILD_ROLE_CREATE",
            json!({"guild_id": "1", "role": role_json(5)}),
        ),
        (
            "GUILD_ROLE_DELETE",
            json!({"guild_id": "1", "role_id": "200"}),
        ),
        (
            "PRESENCE_UPDATE",
            json!({"guild_id": "1", "user": {"id": "10"}, "status": "idle"}),
        ),
        ("USER_UPDATE", json!({"id": "99", "username": "x"})),
        (
            "RATE_LIMITED",
            json!({"opcode": 8, "retry_after": 1.5, "meta": {"guild_id": "1"}}),
        ),
    ]
}

/// Feeds nonsense; nothing may change.
fn refused(name: &str, data: &str) {
    let mut world = World::new();
    let before = (world.rows(), world.member_count());
    assert!(world.try_feed(name, data).is_err(), "{name} {data}");
    assert_eq!(
        (world.rows(), world.member_count()),
        before,
        "{name} {data}"
    );
}

#[test]
fn what_is_no_object_is_refused() {
    let deep = "[".repeat(100_000);
    let nested = format!("{{\"x\":{}{}}}", "[".repeat(127), "]".repeat(127));
    for (name, _) in payloads() {
        for data in [
            "", "null", "[]", "5", "\"x\"", "{", "{}", "not json", "{}x", &deep, &nested,
        ] {
            refused(name, data);
        }
    }
}

#[test]
fn a_payload_cut_anywhere_is_refused() {
    for (name, data) in payloads() {
        let text = data.to_string();
        for end in (0..text.len()).filter(|&end| text.is_char_boundary(end)) {
            let parsed = View::parse(Name::from_wire(name), &text[..end], Kinds::all());
            assert!(parsed.is_err(), "{name} {}", &text[..end]);
        }
    }
}

#[test]
fn a_payload_without_its_subject_is_refused() {
    for (name, part) in [
        ("READY", "session_id"),
        ("GUILD_CREATE", "id"),
        ("GUILD_UPDATE", "id"),
        ("GUILD_DELETE", "id"),
        ("GUILD_MEMBERS_CHUNK", "guild_id"),
        ("GUILD_MEMBER_ADD", "guild_id"),
        ("GUILD_MEMBER_ADD", "user"),
        ("GUILD_MEMBER_REMOVE", "user"),
        ("GUILD_ROLE_CREATE", "role"),
        ("GUILD_ROLE_DELETE", "role_id"),
    ] {
        let mut data = payloads()
            .into_iter()
            .find(|payload| payload.0 == name)
            .unwrap()
            .1;
        data.as_object_mut().unwrap().remove(part).unwrap();
        refused(name, &data.to_string());
    }
}

#[test]
fn a_subject_of_the_wrong_type_is_refused() {
    for (name, path, value) in [
        ("READY", "/session_id", json!(5)),
        ("GUILD_CREATE", "/id", json!("0")),
        ("GUILD_CREATE", "/id", json!("99999999999999999999")),
        ("GUILD_UPDATE", "/id", json!(null)),
        ("GUILD_MEMBER_ADD", "/user", json!({})),
        ("CHANNEL_CREATE", "/id", json!(1.5)),
        ("PRESENCE_UPDATE", "/user/id", json!({})),
    ] {
        let mut data = payloads()
            .into_iter()
            .find(|payload| payload.0 == name)
            .unwrap()
            .1;
        *data.pointer_mut(path).unwrap() = value;
        refused(name, &data.to_string());
    }
}

#[test]
fn unknown_parts_are_passed_over() {
    for (name, mut data) in payloads() {
        data["something_new"] = json!({"a": [1, {"b": "]}"}], "c": null});
        let mut world = World::new();
        assert!(world.try_feed(name, &data.to_string()).is_ok(), "{name}");
    }
}

#[test]
fn of_a_part_that_comes_twice_the_last_counts() {
    let mut world = World::new();
    let data = r#"{"id":"7","unavailable":true,"\u0069d":"1","unavailable":false}"#;
    world.try_feed("GUILD_DELETE", data).unwrap();
    assert!(world.store.guild(crate::world::guild(1)).is_none());
}

proptest! {
    #[test]
    fn damaged_payloads_never_panic_and_what_is_taken_is_json(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec(
            (any::<prop::sample::Index>(), prop::sample::select(&b"{}[]\",:\\0129-.etfn "[..])),
            1..4,
        ),
    ) {
        let all = payloads();
        let (name, data) = &all[which.index(all.len())];
        let mut bytes = data.to_string().into_bytes();
        for (place, byte) in edits {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        let Ok(text) = String::from_utf8(bytes) else { return Ok(()) };
        let mut world = World::new();
        let _ = world.try_feed(name, &text);
        for kind in headcount_core::cache::Kind::ALL {
            prop_assert!(world.store.bytes(*kind) < 1 << 20);
        }
    }
}
