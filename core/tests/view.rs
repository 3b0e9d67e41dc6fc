//! A view of some bytes is the view of the `serde_json::Value` that these bytes are.

use headcount_core::cache::Kinds;
use headcount_core::id::UserId;
use headcount_core::wire::view::{EntityEvent, View};
use headcount_core::wire::{Envelope, Frame, Malformed, Name};
use proptest::prelude::*;
use proptest::test_runner::TestRng;
use serde_json::{Value, json};

fn user(id: u64) -> Value {
    json!({
        "username": "caf\u{e9}", "public_flags": 64, "id": id.to_string(), "display_name": "x",
        "global_name": "a \"b\"\n\u{1f600}", "discriminator": "0", "accent_color": 255,
        "collectibles": {"nameplate": {"sku_id": "3", "asset": "a/b/", "label": "L",
            "palette": "violet"}},
        "primary_guild": {"tag": "GG", "identity_guild_id": "7", "identity_enabled": true,
            "badge": "0123456789abcdef0123456789abcdef"},
        "bot": false, "avatar": "a_0123456789abcdef0123456789abcdef",
        "avatar_decoration_data": {"sku_id": "1144003000000000000", "asset": "x"},
    })
}

fn member(id: u64) -> Value {
    json!({
        "user": user(id), "roles": ["1144003000000000001", "8"], "nick": null, "mute": false,
        "premium_since": null, "pending": true, "joined_at": "2023-09-01T14:48:02.222000+00:00",
        "flags": 2, "deaf": false, "communication_disabled_until": "2023-09-01T14:48:02+00:00",
        "banner": null, "avatar": "0123456789abcdef0123456789abcdef",
        "unusual_dm_activity_until": "2023-09-01T14:48:02.222000+00:00",
        "collectibles": {"nameplate": {"sku_id": "4", "asset": "c/d/"}},
    })
}

fn presence(id: u64) -> Value {
    json!({
        "user": {"id": id.to_string()}, "status": "dnd", "processed_at_timestamp": 1_760_000_000_000_u64,
        "client_status": {"web": "dnd", "desktop": "idle"},
        "activities": [{"type": 2, "name": "m", "id": "spotify:1", "state": "s", "created_at": 17,
            "timestamps": {"start": 1, "end": 2}, "party": {"id": "p", "size": [1, 2]},
            "assets": {"large_image": "i", "large_text": "t", "large_url": "u"},
            "buttons": ["one", {"label": "two", "url": "u"}], "secrets": {"join": "j"},
            "instance": true, "details_url": "u", "status_display_type": 1,
            "emoji": {"name": "e", "id": "5", "animated": false}}],
    })
}

fn channel(id: u64) -> Value {
    json!({
        "type": 0, "id": id.to_string(), "name": "general", "position": 1, "parent_id": null,
        "topic": "t", "nsfw": false, "rate_limit_per_user": 5, "last_message_id": "9",
        "permission_overwrites": [{"type": 1, "id": "7", "deny": "0", "allow": "1024"}],
        "available_tags": [{"id": "3", "name": "n", "moderated": true, "emoji_id": "4"}],
    })
}

fn role(id: u64) -> Value {
    json!({
        "id": id.to_string(), "name": "r", "permissions": "104320577", "position": 1, "color": 3,
        "hoist": false, "managed": false, "mentionable": true, "icon": null, "flags": 0,
        "tags": {"premium_subscriber": null}, "unicode_emoji": null,
    })
}

fn thread(id: u64) -> Value {
    json!({
        "type": 11, "id": id.to_string(), "guild_id": "1", "parent_id": "3", "name": "t",
        "owner_id": "6", "member_count": 2, "message_count": 4,
        "thread_metadata": {"archived": false, "locked": false, "auto_archive_duration": 60,
            "archive_timestamp": "2023-09-01T14:48:02.222000+00:00"},
        "member": {"id": id.to_string(), "user_id": "6", "flags": 1,
            "join_timestamp": "2023-09-01T14:48:02.222000+00:00"},
    })
}

fn guild() -> Value {
    json!({
        "id": "1", "name": "g", "icon": null, "owner_id": "6", "features": ["A", "B"],
        "large": false, "member_count": 2, "joined_at": "2023-09-01T14:48:02.222000+00:00",
        "verification_level": 1, "premium_subscription_count": 3, "premium_tier": 1,
        "system_channel_id": "3", "vanity_url_code": null, "unavailable": false,
        "channels": [channel(3), channel(4)], "roles": [role(1), role(8)],
        "threads": [thread(20)], "members": [member(6), member(7)],
        "presences": [presence(6)], "stickers": [], "stage_instances": [],
        "emojis": [{"id": "5", "name": "e", "roles": ["8"], "animated": true, "user": user(6)}],
        "voice_states": [{"user_id": "6", "channel_id": "4", "session_id": "s", "deaf": false,
            "mute": true, "self_deaf": false, "self_mute": true, "suppress": false}],
    })
}

fn in_guild(mut payload: Value) -> Value {
    payload["guild_id"] = json!("1");
    payload
}

fn message() -> Value {
    json!({
        "id": "9", "channel_id": "3", "guild_id": "1", "author": user(6), "content": "hi \u{e9}",
        "timestamp": "2023-09-01T14:48:02.222000+00:00", "edited_timestamp": null, "tts": false,
        "mention_everyone": false, "mentions": [], "mention_roles": ["8"], "type": 0, "flags": 0,
        "pinned": false, "sticker_items": [{"id": "2", "name": "s", "format_type": 1}],
        "attachments": [{"id": "5", "filename": "f", "size": 3, "url": "u", "proxy_url": "p",
            "height": 1, "width": null}],
        "reactions": [{"emoji": {"id": null, "name": "e"}, "count": 2, "me": true}],
        "message_reference": {"type": 0, "message_id": "8", "channel_id": "3"},
    })
}

fn payloads() -> Vec<(&'static str, Value)> {
    let mut all = guilds_and_members();
    all.extend(what_goes_on_in_a_guild());
    all
}

fn guilds_and_members() -> Vec<(&'static str, Value)> {
    vec![
        (
            "READY",
            json!({"session_id": "s", "resume_gateway_url": "wss://x", "user": user(99),
            "guilds": [{"id": "1", "unavailable": true}], "shard": [0, 1],
            "application": {"id": "99", "flags": 8}}),
        ),
        ("USER_UPDATE", user(99)),
        ("GUILD_CREATE", guild()),
        ("GUILD_UPDATE", guild()),
        ("GUILD_DELETE", json!({"id": "1", "unavailable": true})),
        (
            "GUILD_MEMBERS_CHUNK",
            json!({"not_found": ["5"], "nonce": "1", "chunk_index": 0,
            "members": [member(6), member(7)], "guild_id": "1", "chunk_count": 1,
            "presences": [presence(6), presence(7)]}),
        ),
        (
            "RATE_LIMITED",
            json!({"opcode": 8, "retry_after": 1.5,
            "meta": {"guild_id": "1", "nonce": "n"}}),
        ),
        ("GUILD_MEMBER_ADD", in_guild(member(6))),
        ("GUILD_MEMBER_UPDATE", in_guild(member(6))),
        (
            "GUILD_MEMBER_REMOVE",
            json!({"guild_id": "1", "user": user(6)}),
        ),
        ("PRESENCE_UPDATE", in_guild(presence(6))),
    ]
}

fn what_goes_on_in_a_guild() -> Vec<(&'static str, Value)> {
    vec![
        ("CHANNEL_UPDATE", in_guild(channel(3))),
        (
            "CHANNEL_PINS_UPDATE",
            json!({"guild_id": "1", "channel_id": "3",
            "last_pin_timestamp": "2023-09-01T14:48:02+00:00"}),
        ),
        (
            "GUILD_ROLE_UPDATE",
            json!({"guild_id": "1", "role": role(8)}),
        ),
        (
            "GUILD_ROLE_DELETE",
            json!({"guild_id": "1", "role_id": "8"}),
        ),
        ("THREAD_CREATE", thread(20)),
        (
            "THREAD_LIST_SYNC",
            json!({"guild_id": "1", "channel_ids": ["3"],
            "threads": [thread(20)], "members": [thread(20)["member"]]}),
        ),
        (
            "THREAD_MEMBERS_UPDATE",
            json!({"guild_id": "1", "id": "20", "member_count": 2,
            "removed_member_ids": ["7"], "added_members": [{"id": "20", "user_id": "6",
                "flags": 1, "member": member(6), "presence": presence(6)}]}),
        ),
        (
            "VOICE_STATE_UPDATE",
            in_guild(json!({"user_id": "6", "channel_id": null,
            "session_id": "s", "deaf": false, "member": member(6)})),
        ),
        ("MESSAGE_CREATE", message()),
        ("MESSAGE_UPDATE", message()),
        (
            "MESSAGE_DELETE",
            json!({"id": "9", "channel_id": "3", "guild_id": "1"}),
        ),
        (
            "MESSAGE_DELETE_BULK",
            json!({"ids": ["9", "8"], "id": "9", "channel_id": "3"}),
        ),
        (
            "MESSAGE_REACTION_ADD",
            json!({"user_id": "6", "message_id": "9", "channel_id": "3",
            "guild_id": "1", "emoji": {"id": null, "name": "e"}, "burst": false}),
        ),
        ("TYPING_START", json!({"user_id": "6"})),
    ]
}

/// Values that no part of a payload expects, or few.
fn junk(random: &mut TestRng) -> Value {
    let junk = [
        json!(null),
        json!(true),
        json!(0),
        json!(-7),
        json!(1.5),
        json!(u64::MAX),
        json!(""),
        json!("x\\\u{e9}"),
        json!("2023-09-01"),
        json!([]),
        json!([[]]),
        json!({}),
        json!({"id": []}),
    ];
    junk[below(random, junk.len())].clone()
}

fn below(random: &mut TestRng, end: usize) -> usize {
    random.random_range(0..end)
}

/// Writes JSON as no server does.
struct Scribe {
    random: TestRng,
    text: String,
    /// Of a thousand, how many things are odd.
    odd: usize,
}

impl Scribe {
    fn chance(&mut self) -> bool {
        below(&mut self.random, 1_000) < self.odd
    }

    fn blank(&mut self) {
        if self.chance() {
            self.text
                .push_str([" ", "\n", "\t \r"][below(&mut self.random, 3)]);
        }
    }

    fn string(&mut self, text: &str) {
        if !self.chance() {
            self.text.push_str(&Value::from(text).to_string());
            return;
        }
        self.text.push('"');
        for unit in text.encode_utf16() {
            self.text.push_str(&format!("\\u{unit:04x}"));
        }
        self.text.push('"');
    }

    fn field(&mut self, key: &str, value: &Value) {
        self.blank();
        self.string(key);
        self.blank();
        self.text.push(':');
        self.value(value);
    }

    fn object(&mut self, fields: &serde_json::Map<String, Value>) {
        let mut keys: Vec<&String> = fields.keys().rev().collect();
        if self.chance() {
            let (one, two) = (0, keys.len() / 2);
            if two > 0 {
                keys.swap(one, two);
            }
        }
        self.text.push('{');
        for (at, key) in keys.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            if self.chance() {
                let wrong = junk(&mut self.random);
                self.field(key, &wrong);
                self.text.push(',');
            }
            self.field(key, &fields[*key]);
        }
        if let Some(key) = keys.first()
            && self.chance()
        {
            self.text.push(',');
            self.field(key, &fields[*key]);
        }
        self.blank();
        self.text.push('}');
    }

    fn value(&mut self, value: &Value) {
        self.blank();
        if self.chance() && self.chance() {
            let wrong = junk(&mut self.random);
            self.text.push_str(&wrong.to_string());
            return;
        }
        match value {
            Value::Object(fields) => self.object(fields),
            Value::Array(items) => {
                self.text.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.text.push(',');
                    }
                    self.value(item);
                }
                self.blank();
                self.text.push(']');
            }
            Value::String(text) if self.chance() && text.parse::<u64>().is_ok() => {
                self.text.push_str(text);
            }
            Value::String(text) => self.string(text),
            other => self.text.push_str(&other.to_string()),
        }
        self.blank();
    }
}

/// What is left of a fault when the bytes are others.
fn outcome<T>(result: Result<T, Malformed>) -> Option<T> {
    result.ok()
}

fn agrees(name: &str, text: &str, kinds: Kinds) -> Result<(), TestCaseError> {
    let value: Value = serde_json::from_str(text).expect("it is JSON");
    let plain = value.to_string();
    let wire = Name::from_wire(name);
    let ours = View::parse(wire, text, kinds);
    let theirs = outcome(View::parse(wire, &plain, kinds));
    prop_assert_eq!(&outcome(ours.clone()), &theirs, "{} {}", name, text);
    for frame in [
        format!("{{\"t\":\"{name}\",\"s\":1,\"op\":0,\"d\":{text}}}"),
        format!("{{\"d\":{text},\"op\":0,\"s\":1,\"t\":\"{name}\"}}"),
    ] {
        let one = Frame::parse(frame.as_bytes(), kinds).expect("a sound frame");
        let two = Envelope::parse(frame.as_bytes()).expect("a sound frame");
        prop_assert_eq!(&one.envelope, &two);
        let trimmed = View::parse(wire, two.data, kinds);
        prop_assert_eq!(&one.view, &trimmed, "{} {}", name, text);
        prop_assert_eq!(&outcome(one.view), &theirs, "{} {}", name, text);
    }
    Ok(())
}

#[test]
fn sound_payloads_have_views() {
    for (name, payload) in payloads() {
        let text = payload.to_string();
        let view = View::parse(Name::from_wire(name), &text, Kinds::all());
        let wanted = name != "TYPING_START";
        assert_eq!(view.map(|view| view.is_some()), Ok(wanted), "{name}");
        agrees(name, &text, Kinds::all()).unwrap();
    }
}

#[test]
fn of_two_users_of_a_presence_the_last_counts() {
    let text = r#"{"user":{"username":"c"},"user":{"id":"9","username":"d"},"status":"dnd",
        "guild_id":"1","client_status":{},"activities":[{"type":"x"}],"activities":[]}"#;
    let text = text.replace("\n        ", "");
    let view = View::parse(Name::PresenceUpdate, &text, Kinds::all());
    let Ok(Some(View::PresenceUpdate(event))) = view else {
        panic!("a presence: {view:?}");
    };
    let presence = event.presences.iter().next().unwrap();
    assert_eq!((presence.user.id.get(), presence.activities.len()), (9, 0));
    assert_eq!(presence.user.username.unwrap(), "d");
}

#[test]
fn of_two_ids_the_last_counts() {
    let text = r#"{"user":{"username":"c","id":-7,"id":"98","id":"99"},"guild_id":"1","roles":[]}"#;
    let view = View::parse(Name::GuildMemberUpdate, text, Kinds::all());
    let Ok(Some(View::MemberUpdate(event))) = view else {
        panic!("a member: {view:?}");
    };
    let users: Vec<_> = event.members.users().map(UserId::get).collect();
    assert_eq!(users, [99]);
}

#[test]
fn a_wrong_value_does_not_count_if_its_key_comes_again() {
    let right = r#""id":"1""#;
    for (text, sound) in [
        (format!(r#"{{"id":[],{right}}}"#), true),
        (
            format!(r#"{{"\u0069d":{{"id":"x"}},"x":[1,2],{right}}}"#),
            true,
        ),
        (format!(r#"{{"id":"x","id":"y",{right}}}"#), true),
        (
            format!(r#"{{"id":"x","unavailable":1,{right},"unavailable":true}}"#),
            true,
        ),
        (format!(r#"{{{right},"id":"x"}}"#), false),
        (format!(r#"{{"id":"x","y":{{{right}}}}}"#), false),
        (format!(r#"{{"id":"x"}},{{{right}}}"#), false),
    ] {
        let view = View::parse(Name::GuildDelete, &text, Kinds::all());
        assert_eq!(view.is_ok(), sound, "{text}");
    }
}

#[test]
fn a_thread_is_perhaps_archived_only_if_that_itself_cannot_be_read() {
    let thread = |rest: &str| format!(r#"{{"id":"20","guild_id":"1","parent_id":"3",{rest}}}"#);
    for (rest, archived) in [
        (r#""type":"","type":11,"thread_metadata":{}"#, Some(false)),
        (r#""thread_metadata":{"archived":null}"#, None),
        (
            r#""type":"","type":11,"thread_metadata":{"archived":null}"#,
            None,
        ),
        (r#""type":"","thread_metadata":null"#, None),
        (
            r#""type":"","thread_metadata":{"archived":true}"#,
            Some(true),
        ),
        (r#""thread_metadata":{"archived":[]}"#, None),
        (r#""thread_metadata":[]"#, None),
        (r#""thread_metadata":[],"thread_metadata":{}"#, Some(false)),
    ] {
        let text = thread(rest);
        agrees("THREAD_CREATE", &text, Kinds::all()).unwrap();
        let view = View::parse(Name::ThreadCreate, &text, Kinds::all());
        let Ok(Some(View::Entity(EntityEvent::ThreadCreate(event)))) = view else {
            panic!("a thread: {view:?}");
        };
        assert_eq!(event.archived, archived, "{rest}");
    }
}

#[test]
fn a_zero_with_a_sign_is_zero() {
    let mut one = role(8);
    one["position"] = json!("HERE");
    let one = json!({"guild_id": "1", "role": one}).to_string();
    for (position, value) in [("0", 0), ("-1", -1), ("-0", 0), ("-0.0", 0)] {
        let text = one.replace("\"HERE\"", position);
        let view = View::parse(Name::GuildRoleUpdate, &text, Kinds::all());
        let Ok(Some(View::RoleUpdate(event))) = view else {
            panic!("a role: {view:?}");
        };
        assert_eq!(event.role.unwrap().position, Some(value), "{position}");
        agrees("GUILD_ROLE_UPDATE", &text, Kinds::all()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(2000)
    })]

    #[test]
    fn a_view_is_that_of_the_value(
        which: prop::sample::Index,
        odd in prop::sample::select(vec![0_usize, 10, 30, 100, 300]),
        all: bool,
        random in any::<u64>().prop_perturb(|_, random| random),
    ) {
        let payloads = payloads();
        let (name, payload) = which.get(&payloads);
        let mut scribe = Scribe { random, text: String::new(), odd };
        scribe.value(payload);
        let kinds = if all { Kinds::all() } else { Kinds::MEMBERS | Kinds::PRESENCES };
        agrees(name, &scribe.text, kinds)?;
    }
}
