//! The decoder beside `serde_json`, on documents that look like payloads and are spoilt a little.
use super::cases;
use headcount_core::wire::Name;
use headcount_sim::fuzzing;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

/// Keys that views look for.
const KEYS: &[&str] = &[
    "id",
    "guild_id",
    "user",
    "member",
    "members",
    "roles",
    "role",
    "role_id",
    "channels",
    "name",
    "nick",
    "type",
    "username",
    "avatar",
    "presences",
    "status",
    "activities",
    "voice_states",
    "user_id",
    "channel_id",
    "joined_at",
    "guilds",
    "unavailable",
    "session_id",
    "member_count",
    "chunk_index",
    "chunk_count",
    "nonce",
    "not_found",
    "opcode",
    "retry_after",
    "meta",
    "emojis",
    "threads",
    "permissions",
    "flags",
    "message_id",
    "author",
    "content",
    "embeds",
    "emoji",
    "ids",
    "count",
    "large",
    "thread_metadata",
    "position",
    "timestamp",
    "attachments",
    "poll",
];

/// Values as they stand in payloads, right and wrong, in the text of JSON.
const VALUES: &[&str] = &[
    "1",
    "\"2\"",
    "\"0\"",
    "0",
    "-0",
    "-1",
    "1.5",
    "1e3",
    "18446744073709551615",
    "18446744073709551616",
    "\"18446744073709551616\"",
    "true",
    "false",
    "null",
    "\"\"",
    "\"online\"",
    "\"a_0123456789abcdef0123456789abcdef\"",
    "\"2023-09-01T14:48:02.222000+00:00\"",
    "\"\\u0031\"",
    "\"\\ud83d\\ude00\"",
    "\"\\\"\"",
    "[]",
    "{}",
    "[1,\"2\"]",
    "[0,1]",
    " 7 ",
];

/// A document in its text, since a value has no way to say a key twice.
fn document() -> impl Strategy<Value = String> {
    let leaf = select(VALUES).prop_map(str::to_owned);
    leaf.prop_recursive(4, 60, 8, |inner| {
        prop_oneof![
            3 => vec((select(KEYS), inner.clone()), 1..8).prop_map(|fields| {
                let fields = fields.iter().map(|(key, value)| format!("\"{key}\":{value}"));
                format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
            }),
            1 => vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(", "))),
        ]
    })
}

/// Bytes that mean something to a parser.
const SPICE: &[u8] = b"{}[]\",:\\u0dD8eE+-.truefalsn \n\t\x01\x7f\xff\xc3";

fn spoil(text: String, edits: &[(u8, Index, u8)]) -> Vec<u8> {
    let mut bytes = text.into_bytes();
    for (kind, place, byte) in edits {
        if bytes.is_empty() {
            break;
        }
        let place = place.index(bytes.len());
        match kind {
            0 => bytes[place] = *byte,
            1 => bytes.insert(place, *byte),
            _ => bytes.truncate(place),
        }
    }
    bytes
}

fn edits() -> impl Strategy<Value = Vec<(u8, Index, u8)>> {
    vec((0..3_u8, any::<Index>(), select(SPICE)), 0..3)
}

proptest! {
    #![proptest_config(cases(3000))]

    #[test]
    fn an_envelope_is_read_as_by_serde_json(
        parts in vec((select(vec!["op", "s", "t", "d", "x", "o\\u0070"]), document()), 0..6),
        edits in edits(),
    ) {
        let parts = parts.iter().map(|(key, value)| format!("\"{key}\":{value}"));
        let text = format!("{{{}}}", parts.collect::<Vec<_>>().join(","));
        fuzzing::run("envelope", &spoil(text, &edits));
    }

    #[test]
    fn a_view_is_that_of_serde_jsons_reading(
        name in 0..Name::ALL.len() as u8,
        kinds in any::<(u8, u8)>(),
        every: bool,
        document in document(),
        edits in edits(),
    ) {
        let mut bytes = vec![name, kinds.0, if every { kinds.0 } else { kinds.1 }];
        bytes.extend(spoil(document, &edits));
        fuzzing::run("views", &bytes);
    }
}
