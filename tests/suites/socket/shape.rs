//! What a store holds, whatever the ids in it are: two stores are of one shape if an exchange of
//! ids makes the one into the other.
//!
//! Every id has a color: first the same for all, then again and again what it is of the objects
//! that it occurs in, with the colors of the other ids there.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use headcount_tokio::driver::core::cache::MemoryStore;
use serde_json::Value;

/// How far apart two rows are that still set each other off.
const ROUNDS: usize = 4;

type Colors = HashMap<String, u64>;

/// The colors of the pieces that a store writes out, sorted.
pub(crate) fn shape(store: &MemoryStore) -> Vec<u64> {
    let pieces = store.export();
    let pieces = pieces.map(|piece| serde_json::to_value(&piece).expect("JSON"));
    of(&pieces.collect::<Vec<_>>())
}

fn of(pieces: &[Value]) -> Vec<u64> {
    let mut colors = Colors::new();
    for _ in 0..ROUNDS {
        let mut seen: HashMap<String, Vec<u64>> = HashMap::new();
        for piece in pieces {
            color(piece, &colors, &mut |id, color| {
                seen.entry(id.to_owned()).or_default().push(color);
            });
        }
        colors = seen
            .into_iter()
            .map(|(id, places)| (id, hash(&sorted(places))))
            .collect();
    }
    let pieces = pieces
        .iter()
        .map(|piece| color(piece, &colors, &mut |_, _| {}));
    sorted(pieces.collect())
}

/// The color of a value; `see` is handed each id in an object of it, and what it is there.
fn color(value: &Value, colors: &Colors, see: &mut dyn FnMut(&str, u64)) -> u64 {
    match value {
        Value::String(text) => color_of_text(text, colors),
        Value::Array(values) => {
            let values = values.iter().map(|value| color(value, colors, see));
            hash(&sorted(values.collect()))
        }
        Value::Object(values) => {
            let mut entry = |(key, value): (&String, &Value)| {
                // The digest of another session id is another one.
                let value = match key == "session" && value.is_number() {
                    true => 0,
                    false => color(value, colors, see),
                };
                hash(&(color_of_key(key, colors), value))
            };
            let object = hash(&sorted(values.iter().map(&mut entry).collect()));
            for (key, value) in values {
                each_id(value, &mut |id| see(id, hash(&(object, key))));
            }
            object
        }
        // One with so many digits is a time, of which a recording keeps the month.
        Value::Number(number) if number.as_u64() >= Some(1_000_000_000) => hash(&"a time"),
        Value::Null | Value::Bool(_) | Value::Number(_) => hash(&value.to_string()),
    }
}

/// An id is what its color says; any other text is as long as it is.
fn color_of_text(text: &str, colors: &Colors) -> u64 {
    let length = Value::from(text).to_string().len();
    match is_id(text) {
        true => hash(&colors.get(text)),
        false => hash(&length),
    }
}

fn color_of_key(key: &str, colors: &Colors) -> u64 {
    match is_id(key) {
        true => color_of_text(key, colors),
        false => hash(&key),
    }
}

fn is_id(text: &str) -> bool {
    // A hash may be of digits too, and is longer.
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn each_id(value: &Value, see: &mut dyn FnMut(&str)) {
    match value {
        Value::String(text) if is_id(text) => see(text),
        Value::Array(values) => values.iter().for_each(|value| each_id(value, see)),
        Value::Object(values) => values.values().for_each(|value| each_id(value, see)),
        _ => {}
    }
}

fn sorted(mut colors: Vec<u64>) -> Vec<u64> {
    colors.sort_unstable();
    colors
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}

#[test]
fn stores_are_of_one_shape_if_an_exchange_of_ids_makes_one_into_the_other() {
    let rows = |ids: [u64; 4]| {
        let [first, second, guild, other] = ids.map(|id| id.to_string());
        let member = |user: &str, guild: &str| serde_json::json!({"user": user, "guild": guild});
        [
            member(&first, &guild),
            member(&second, &guild),
            member(&first, &other),
            serde_json::json!({"guild": other, "name": "a room"}),
        ]
    };
    let one = of(&rows([11, 12, 21, 22]));
    assert_eq!(one, of(&rows([92, 91, 87, 81])));
    let mut odd = rows([11, 12, 21, 22]);
    odd[3]["guild"] = "21".into();
    assert_ne!(one, of(&odd), "the named guild has two members, not one");
}
