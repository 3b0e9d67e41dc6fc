//! Values that nobody sends, in every form: what is written while it is read is what the plain
//! rows say.

use proptest::prelude::*;
use proptest::sample::select;
use std::string::String;
use std::vec::Vec;

use super::RecordPool;
use crate::kind::Kinds;
use crate::wire::field::Read as _;
use crate::wire::json::Reader;
use crate::wire::view::{Activity, Batch, Member, Membership, Presence, User, View, VoiceState};
use crate::wire::{Envelope, Field, Frame};

/// Empty texts, extreme numbers, two forms of one value, and values of another type.
const VALUES: &[&str] = &[
    "null",
    "true",
    "false",
    "0",
    "-0",
    "-1",
    "7",
    "255",
    "256",
    "65536",
    "4294967295",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e3",
    "1.5",
    "-9.5e300",
    "\"\"",
    "\" \"",
    "\"0\"",
    "\"7\"",
    "\"\\u0037\"",
    "\"007\"",
    "\"18446744073709551615\"",
    "\"18446744073709551616\"",
    "\"a\"",
    "\"\\u0061\"",
    "\"\\n\\\"\\\\\"",
    "\"\\ud83d\\ude00\"",
    "\"\u{1f600}\u{7f}\"",
    "\"a string of more than thirty-two bytes, without an end in the first block\"",
    "\"99ff999ff99999ff9f9f9f99f9ff99ff\"",
    "\"a_99ff999ff99999ff9f9f9f99f9ff99ff\"",
    "\"99FF999FF99999FF9F9F9F99F9FF99FF\"",
    "\"2023-09-01T14:48:02.222000+00:00\"",
    "\"2023-09-01T14:48:02.222001Z\"",
    "\"2023-09-01T16:48:02.222+02:00\"",
    "\"1969-12-31T23:59:59.999999+00:00\"",
    "\"9999-12-31T23:59:60.000000+23:59\"",
    "\"2023-02-30T00:00:00.000000+00:00\"",
    "\"idle\"",
    "\"\\u0069dle\"",
    "\"invisible\"",
    "\"IDLE\"",
    "[]",
    "[[]]",
    "[null]",
    "[\"8\",\"9\"]",
    "[\"9\",\"8\",\"8\",8]",
    "[\"8\",\"\"]",
    "{}",
    "{\"id\":\"9\"}",
    "{\"id\":\"9\",\"id\":\"\"}",
    "{\"web\":\"idle\",\"vr\":\"\"}",
    "{\"start\":18446744073709551615,\"end\":-1}",
    "[{\"name\":\"\",\"type\":4294967296}]",
    "[{\"name\":\"\",\"type\":0,\"state\":\"\"},{\"type\":1},{}]",
];

/// A key, and what servers write there.
type Key = (&'static str, &'static str);

const USER: &[Key] = &[
    ("username", "\"someone\""),
    ("system", "false"),
    ("public_flags", "64"),
    (
        "primary_guild",
        "{\"tag\":\"t\",\"identity_guild_id\":\"9\",\"identity_enabled\":true}",
    ),
    ("id", "\"264244986223001610\""),
    ("global_name", "\"Someone\""),
    ("discriminator", "\"0\""),
    (
        "collectibles",
        "{\"nameplate\":{\"sku_id\":\"9\",\"palette\":\"p\"}}",
    ),
    ("clan", "null"),
    ("bot", "true"),
    ("banner", "null"),
    (
        "avatar_decoration_data",
        "{\"sku_id\":\"9\",\"asset\":\"a_1\"}",
    ),
    ("avatar", "\"99ff999ff99999ff9f9f9f99f9ff99ff\""),
    ("accent_color", "1"),
    ("strange", "[{\"id\":1}]"),
];

const MEMBER: &[Key] = &[
    ("unusual_dm_activity_until", "null"),
    ("roles", "[\"264244986223001611\"]"),
    ("premium_since", "null"),
    ("pending", "false"),
    ("nick", "\"n\""),
    ("mute", "true"),
    ("joined_at", "\"2023-09-01T14:48:02.222000+00:00\""),
    ("flags", "9"),
    ("deaf", "false"),
    ("communication_disabled_until", "null"),
    ("banner", "null"),
    ("avatar", "\"a_99ff999ff99999ff9f9f9f99f9ff99ff\""),
    ("strange", "[{\"nick\":1}]"),
];

const PRESENCE: &[Key] = &[
    ("status", "\"idle\""),
    ("processed_at_timestamp", "1768114916246"),
    ("guild_id", "\"264244986223001612\""),
    ("client_status", "{\"desktop\":\"idle\"}"),
    (
        "activities",
        "[{\"type\":1,\"name\":\"x\",\"id\":\"i\",\"created_at\":1768114916246}]",
    ),
    ("strange", "{\"status\":{}}"),
];

const VOICE: &[Key] = &[
    ("member", "{\"roles\":[]}"),
    ("user_id", "\"264244986223001610\""),
    ("suppress", "false"),
    ("session_id", "\"99ff999ff99999ff9f9f9f99f9ff99ff\""),
    ("self_video", "false"),
    ("self_stream", "true"),
    ("self_mute", "true"),
    ("self_deaf", "false"),
    ("request_to_speak_timestamp", "null"),
    ("mute", "false"),
    ("guild_id", "\"264244986223001612\""),
    ("deaf", "false"),
    ("channel_id", "\"264244986223001613\""),
];

/// An object with these fields before some of these keys: each as servers write it or hostile, in
/// the order of servers or in any, perhaps twice, perhaps with blanks.
fn object(
    first: impl Strategy<Value = Vec<String>>,
    keys: &'static [Key],
) -> impl Strategy<Value = String> {
    let hostile = prop_oneof![3 => Just(None), 1 => select(VALUES).prop_map(Some)];
    let field = (0..keys.len(), hostile);
    let fields = prop::collection::vec(field, 0..keys.len() + 2);
    let between = select(&[",", ",", ", ", "\n,\t"][..]);
    (first, fields, any::<bool>(), between).prop_map(
        move |(first, mut fields, ordered, between)| {
            if ordered {
                fields.sort_unstable_by_key(|(key, _)| *key);
                fields.dedup_by_key(|(key, _)| *key);
            }
            let field = |(key, value): (usize, Option<&str>)| {
                let (key, usual) = keys[key];
                std::format!("\"{key}\":{}", value.unwrap_or(usual))
            };
            let mut all = first;
            all.extend(fields.into_iter().map(field));
            std::format!("{{{}}}", all.join(between))
        },
    )
}

/// The field with the user.
fn with_user() -> impl Strategy<Value = Vec<String>> {
    let user = object(Just(Vec::from(["\"id\":\"7\"".into()])), USER);
    user.prop_map(|user| Vec::from([std::format!("\"user\":{user}")]))
}

fn rows(keys: &'static [Key]) -> impl Strategy<Value = String> {
    object(with_user(), keys)
}

/// The user of a row, read by itself.
fn user_of(text: &str) -> Option<User<'_>> {
    let mut user = None;
    let read = Reader::new(text).object(|key, reader| {
        match key {
            "user" => user = reader.tolerate(User::read)?,
            _ => reader.skip()?,
        }
        Ok(())
    });
    read.ok().and(user)
}

/// The activities of a presence, each read by itself.
fn activities_of(text: &str) -> Vec<Activity<'_>> {
    let mut activities = Vec::new();
    let read = Reader::new(text).object(|key, reader| {
        match key {
            "activities" => {
                activities.clear();
                let read = reader.tolerate(|reader| {
                    if !reader.null()? {
                        reader.list(|reader| {
                            activities.push(Activity::read(reader)?);
                            Ok(())
                        })?;
                    }
                    Ok(())
                })?;
                if read.is_none() {
                    activities.clear();
                }
            }
            _ => reader.skip()?,
        }
        Ok(())
    });
    read.ok();
    activities
}

/// Written down as plain rows and read back.
fn again<T>(rows: &T) -> T
where
    T: serde::Serialize + for<'de> serde::Deserialize<'de>,
{
    serde_json::from_str(&serde_json::to_string(rows).unwrap()).unwrap()
}

proptest! {
    #[test]
    fn a_voice_state_is_the_plain_row(text in object(Just(Vec::new()), VOICE)) {
        let pool = RecordPool::default();
        let other = |_: &str, reader: &mut Reader<'_>| reader.skip();
        let states = Batch::<VoiceState<'_>>::read_one(&mut Reader::new(&text), pool, other);
        match (states, VoiceState::read(&mut Reader::new(&text))) {
            (Ok(states), Ok(row)) => {
                let state = states.iter().next();
                prop_assert_eq!(state.as_ref(), Some(&row), "{}", text);
                prop_assert_eq!(states.records().next().unwrap().channel(), row.channel);
                prop_assert_eq!(&states, &[row].into_iter().collect(), "{}", text);
                prop_assert_eq!(&again(&states), &states, "{}", text);
            }
            (states, row) => prop_assert!(states.is_err() && row.is_err(), "{}", text),
        }
    }

    #[test]
    fn a_member_is_the_plain_row(text in rows(MEMBER)) {
        let list = std::format!("[{text}]");
        let (members, unread) = Batch::<Member<'_>>::read(&mut Reader::new(&list)).unwrap();
        let membership = Membership::read(&mut Reader::new(&text)).unwrap();
        let (member, user) = (members.iter().next(), user_of(&text));
        match member {
            Some(member) => {
                prop_assert_eq!(Some(&member.user), user.as_ref(), "{}", text);
                prop_assert_eq!(&member.membership, &membership, "{}", text);
                prop_assert_eq!(&again(&members), &members, "{}", text);
            }
            None if unread == 0 => prop_assert_eq!(membership.joined_at, Field::Null, "{}", text),
            None => prop_assert_eq!(user, None, "{}", text),
        }
    }

    #[test]
    fn a_presence_is_the_plain_row(text in rows(PRESENCE)) {
        let list = std::format!("[{text}]");
        let (presences, _) = Batch::<Presence<'_>>::read(&mut Reader::new(&list)).unwrap();
        let (presence, user) = (presences.iter().next(), user_of(&text));
        prop_assert_eq!(presence.is_some(), user.is_some(), "{}", text);
        if let Some(presence) = presence {
            prop_assert_eq!(Some(&presence.user), user.as_ref(), "{}", text);
            let activities: Vec<_> = presence.activities.collect();
            prop_assert_eq!(activities, activities_of(&text), "{}", text);
            prop_assert_eq!(&again(&presences), &presences, "{}", text);
        }
    }

    #[test]
    fn a_frame_says_what_envelope_and_view_say(
        (name, data) in prop_oneof![
            (Just("VOICE_STATE_UPDATE"), object(Just(Vec::new()), VOICE)),
            (Just("GUILD_MEMBER_UPDATE"), rows(MEMBER)),
            (Just("GUILD_MEMBER_ADD"), rows(MEMBER)),
            (Just("PRESENCE_UPDATE"), rows(PRESENCE)),
            (select(&["TYPING_START", "NEW", "", "RESUMED"][..]), rows(PRESENCE)),
        ],
        sequence in select(VALUES), op in select(&["0", "0", "0", "00", "10", "\"0\""][..]),
        order in 0..4_usize,
    ) {
        let mut parts = [
            std::format!("\"t\":\"{name}\""), std::format!("\"s\":{sequence}"),
            std::format!("\"op\":{op}"), std::format!("\"d\":{data}"),
        ];
        parts.rotate_left(order);
        let text = std::format!("{{{}}}", parts.join(","));
        let frame = Frame::parse(text.as_bytes(), Kinds::all());
        let envelope = Envelope::parse(text.as_bytes());
        prop_assert_eq!(frame.is_ok(), envelope.is_ok(), "{}", text);
        let (Ok(frame), Ok(envelope)) = (frame, envelope) else {
            return Ok(());
        };
        if envelope.op == 0 {
            let view = View::parse(envelope.kind(), envelope.data, Kinds::all());
            prop_assert_eq!(&frame.view, &view, "{}", text);
        }
        prop_assert_eq!(frame.name, envelope.kind(), "{}", text);
        prop_assert_eq!(frame.envelope, envelope, "{}", text);
    }
}
