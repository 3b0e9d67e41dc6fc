use proptest::prelude::*;
use std::string::String;
use std::vec::Vec;

use super::*;

/// Keys of a message in the order of servers, and what may stand there.
const KEYS: &[(&str, &[&str])] = &[
    ("webhook_id", &["\"7\"", "null"]),
    ("type", &["0", "19"]),
    ("tts", &["true", "false"]),
    ("timestamp", &["\"2024-02-03T04:05:06.007000+00:00\""]),
    ("thread", &["{\"name\":\"t\",\"id\":\"11\"}"]),
    (
        "sticker_items",
        &["[{\"name\":\"s\",\"id\":\"12\",\"format_type\":1},{\"id\":\"13\"}]"],
    ),
    ("role_subscription_data", &["{\"tier_name\":\"a\"}"]),
    ("referenced_message", &["null", "{\"id\":\"14\"}"]),
    (
        "reactions",
        &[
            "[]",
            "[{\"me\":true,\"emoji\":{\"name\":\"x\",\"id\":null},\"count\":3,\
              \"count_details\":{\"normal\":2,\"burst\":1},\"burst_colors\":[\"#fff\",\"#000\"]}]",
        ],
    ),
    ("position", &["0", "300"]),
    (
        "poll",
        &[
            "{\"question\":{\"text\":\"?\"},\"answers\":[],\"expiry\":null}",
            "{\"results\":{\"is_finalized\":false,\"answer_counts\":[{\"id\":1,\"count\":2}]}}",
        ],
    ),
    ("pinned", &["false"]),
    ("nonce", &["\"1\"", "5"]),
    ("message_snapshots", &["[{\"message\":{}}]"]),
    (
        "message_reference",
        &["{\"type\":1,\"message_id\":\"15\",\"channel_id\":\"16\"}"],
    ),
    (
        "mentions",
        &[
            "[]",
            "[{\"username\":\"u\",\"id\":\"17\",\"member\":{}},{\"id\":\"18\"}]",
        ],
    ),
    ("mention_roles", &["[]", "[\"19\",\"20\"]"]),
    ("mention_everyone", &["true"]),
    ("mention_channels", &["[{\"id\":\"21\"}]"]),
    ("member", &["{\"roles\":[]}"]),
    ("interaction_metadata", &["{\"id\":\"22\"}"]),
    ("interaction", &["null"]),
    ("flags", &["0", "4096"]),
    ("embeds", &["[]", "[{\"title\":\"e\\u0062\"}]"]),
    (
        "edited_timestamp",
        &["null", "\"2024-02-03T04:05:06+00:00\""],
    ),
    ("content", &["\"\"", "\"hi\"", "\"a\\\"\\u00e9\""]),
    ("components", &["[]", "[{\"type\":1}]"]),
    ("channel_type", &["0"]),
    ("channel_id", &["\"8\""]),
    ("call", &["{\"participants\":[]}"]),
    (
        "author",
        &["{\"username\":\"u\",\"id\":\"9\",\"global_name\":null,\"avatar\":\"z\"}"],
    ),
    (
        "attachments",
        &[
            "[]",
            "[{\"width\":8,\"url\":\"u\",\"size\":9,\"id\":\"23\",\"filename\":\"f\",\
              \"duration_secs\":1.5}]",
        ],
    ),
    ("application_id", &["\"24\""]),
    ("application", &["{\"id\":\"24\"}"]),
    ("activity", &["{\"type\":1}"]),
    ("guild_id", &["\"10\"", "null"]),
];

fn read_one(text: &str) -> Batch<Message<'_>> {
    let other = |_: &str, reader: &mut Reader<'_>| reader.skip();
    Batch::<Message<'_>>::read_one(&mut Reader::new(text), RecordPool::default(), other).unwrap()
}

/// The fields of a message by which of their values they have, if any.
fn fields(values: &[usize]) -> Vec<String> {
    let keys = KEYS.iter().zip(values);
    let fields = keys
        .filter_map(|((key, texts), &value)| Some(std::format!("{key:?}:{}", texts.get(value)?)));
    fields.collect()
}

fn object(fields: &[String], between: &str) -> String {
    std::format!("{{{}}}", fields.join(between))
}

/// Whether the text could be written while it was read.
fn is_usual(text: &str) -> bool {
    let mut messages: Batch<Message<'_>> = Batch::default();
    let usual = messages.push_usual(&mut Reader::new(text), |_, reader| reader.skip());
    usual.is_some()
}

fn values() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..4_usize, KEYS.len())
}

/// As [`KEYS`] has them, with an id in its place.
fn with_id(values: &[usize]) -> Vec<String> {
    let mut all = fields(values);
    let place = all.iter().position(|field| field.as_str() < "\"id\"");
    all.insert(place.unwrap_or(all.len()), "\"id\":\"5\"".into());
    all
}

proptest! {
    #[test]
    fn a_message_is_the_same_whether_written_at_once_or_not(
        values in values(), order in any::<u64>(),
    ) {
        let mut fields = with_id(&values);
        let text = object(&fields, ",");
        let message = Message::read(&mut Reader::new(&text)).unwrap();
        let batch = read_one(&text);
        prop_assert!(is_usual(&text));
        prop_assert_eq!(batch.iter().next(), Some(message.clone()));
        let packed: Batch<Message<'_>> = [message].into_iter().collect();
        prop_assert_eq!(&batch, &packed);
        fields.sort_by_key(|field| order.wrapping_mul(field.len() as u64 | 1) >> 32);
        let text = object(&fields, ", ");
        prop_assert!(is_usual(&text));
        let reordered = read_one(&text);
        prop_assert_eq!(&reordered, &batch, "{}", text);
        // With a key twice.
        fields.extend(fields.get(values[0]).cloned());
        let text = object(&fields, ",");
        let (message, batch) = (Message::read(&mut Reader::new(&text)), read_one(&text));
        prop_assert_eq!(batch.iter().next(), message.ok(), "{}", text);
    }

    #[test]
    fn records_merge_as_messages_do(older in values(), newer in values()) {
        let (older, newer) = (object(&with_id(&older), ","), object(&with_id(&newer), ","));
        let (one, other) = (read_one(&older), read_one(&newer));
        let (one, other) = (one.records().next().unwrap(), other.records().next().unwrap());
        let mut parts = Message::parts(one.record);
        parts.merge(&Message::parts(other.record));
        let mut sink = Sink::new();
        parts.write(&mut sink, Message::MASK);
        let mut wanted = Message::read(&mut Reader::new(&older)).unwrap();
        wanted.merge(Message::read(&mut Reader::new(&newer)).unwrap());
        let mut packed = Sink::new();
        wanted.pack(&mut packed);
        prop_assert_eq!(sink, packed);
    }

    #[test]
    fn nonsense_is_read_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let id = MessageId::new(1).unwrap();
        let row = Message::unpack(id, &mut Cursor::new(&bytes));
        let mut parts = Message::parts(&bytes);
        parts.merge(&Message::parts(&bytes));
        parts.write(&mut Sink::new(), Message::MASK);
        drop(row);
        Message::pass(&mut Cursor::new(&bytes));
    }
}

#[test]
fn a_list_too_long_for_a_byte_is_read_all_the_same() {
    let roles: Vec<String> = (1..=300).map(|id| std::format!("\"{id}\"")).collect();
    let text = std::format!("{{\"mention_roles\":[{}],\"id\":\"5\"}}", roles.join(","));
    let batch = read_one(&text);
    let message = batch.iter().next().unwrap();
    assert_eq!(message.mention_roles.map(|roles| roles.len()), Some(300));
}

#[test]
fn an_update_says_nothing_of_being_read_aloud_and_the_rest_stays() {
    let mut batch = read_one("{\"tts\":false,\"id\":\"5\",\"content\":\"x\",\"channel_id\":\"6\"}");
    batch.forget_tts();
    let message = batch.iter().next().unwrap();
    assert_eq!((message.tts, message.content), (None, Some("x".into())));
}

#[test]
fn what_could_not_be_read_of_an_author_is_noted() {
    let odd = r#"{"username":"u","id":"9","primary_guild":{"tag":[]}}"#;
    for text in [
        std::format!(r#"{{"id":"1","author":{odd},"tts":false}}"#),
        std::format!(r#"{{"author":{odd},"tts":"?","id":"1"}}"#),
    ] {
        let mut plain = Reader::new(&text);
        Message::read(&mut plain).unwrap();
        let mut reader = Reader::new(&text);
        let other = |_: &str, reader: &mut Reader<'_>| reader.skip();
        Batch::<Message<'_>>::read_one(&mut reader, RecordPool::default(), other).unwrap();
        let noted = |mut reader: Reader<'_>| reader.take_misreads().map_or(0, |log| log.len());
        assert_eq!(noted(reader), noted(plain), "{text}");
    }
}
