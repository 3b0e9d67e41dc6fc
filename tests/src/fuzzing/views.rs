//! Typed views beside `serde_json`'s reading of the same bytes.
//!
//! The first three bytes choose the dispatch and the kinds that are cached; the rest is its `d`.
use headcount_core::ShardId;
use headcount_core::cache::{Deriver, Kinds, MemoryStore, Mutation};
use headcount_core::wire::Name;
use headcount_core::wire::view::View;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Value;
use std::collections::BTreeSet;

pub(super) fn run(bytes: &[u8]) {
    let [name, low, high, data @ ..] = bytes else {
        return;
    };
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let name = Name::ALL[usize::from(*name) % Name::ALL.len()];
    // Two bytes that are the same stand for every kind.
    let kinds = match low == high {
        true => Kinds::all(),
        false => Kinds::from_bits_truncate(u32::from_le_bytes([*low, *high, *low, 0])),
    };
    check(name, text, kinds);
}

fn check(name: Name, text: &str, kinds: Kinds) {
    let ours = View::parse(name, text, kinds);
    if let Ok(Some(view)) = &ours {
        lasts(view);
    }
    let Ok(document) = serde_json::from_str::<Value>(text) else {
        return;
    };
    let plain = document.to_string();
    let theirs = View::parse(name, &plain, kinds);
    let same = match (&ours, &theirs) {
        (Ok(ours), Ok(theirs)) => ours == theirs || json(ours.as_ref()) == json(theirs.as_ref()),
        // A part of the wrong type that a later one of the same key takes the place of.
        (Err(_), Ok(_)) => says_a_key_twice(text),
        (Err(_), Err(_)) => true,
        (Ok(_), Err(_)) => false,
    };
    assert!(
        same,
        "{name} {kinds:?}\n{text}\n{ours:?}\n{plain}\n{theirs:?}"
    );
}

/// A mutation is valid, owns nothing that it should not lose, and no store refuses it.
fn lasts(view: &View<'_>) {
    let mutation = Deriver::new(ShardId::ONE, Kinds::all()).derive(view.clone());
    let text = serde_json::to_string(&mutation).expect("a mutation has a JSON form");
    let back: Result<Mutation<'static>, _> = serde_json::from_str(&text);
    let back = back.expect("what is derived can be read");
    assert_eq!(back, mutation, "{text}");
    let owned = mutation.into_owned();
    assert_eq!(back, owned, "{text}");
    MemoryStore::new(1).apply(owned);
}

/// The view's mutation with the parts that are kept as JSON taken apart: their spelling is the
/// peer's.
fn json(view: Option<&View<'_>>) -> Option<Value> {
    let mutation = Deriver::new(ShardId::ONE, Kinds::all()).derive(view?.clone());
    let mut value = serde_json::to_value(&mutation).expect("a mutation has a JSON form");
    open(&mut value);
    Some(value)
}

fn open(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                *value = inner;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(open),
        Value::Object(fields) => fields.values_mut().for_each(open),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// Whether an object of this document has two members of one name.
fn says_a_key_twice(text: &str) -> bool {
    serde_json::from_str::<Twice>(text).is_ok_and(|it| it.0)
}

struct Twice(bool);

impl<'de> Deserialize<'de> for Twice {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Look)
    }
}

struct Look;

impl<'de> Visitor<'de> for Look {
    type Value = Twice;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("any value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_i64<E>(self, _: i64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_str<E>(self, _: &str) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_unit<E>(self) -> Result<Twice, E> {
        Ok(Twice(false))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Twice, A::Error> {
        let mut twice = false;
        while let Some(Twice(inner)) = items.next_element()? {
            twice |= inner;
        }
        Ok(Twice(twice))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Twice, A::Error> {
        let (mut seen, mut twice) = (BTreeSet::new(), false);
        while let Some((key, Twice(inner))) = fields.next_entry::<String, Twice>()? {
            twice |= inner | !seen.insert(key);
        }
        Ok(Twice(twice))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_counted_at_every_depth() {
        assert!(says_a_key_twice(r#"{"a":[{"b":1,"\u0062":2}]}"#));
        assert!(!says_a_key_twice(r#"[{"a":{"a":null}},{"a":1}]"#));
    }
}
