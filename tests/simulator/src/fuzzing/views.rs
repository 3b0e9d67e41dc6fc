//! Typed views beside `serde_json`'s reading of the same bytes.
//!
//! The first three bytes choose the dispatch and the kinds that are cached; the rest is its `d`. If
//! they choose none, the rest chooses odd values for payloads that are as they should be.
use crate::census;
use crate::scenario::Source;
use headcount_core::ShardId;
use headcount_core::cache::{Deriver, Kinds, MemoryStore, Mutation};
use headcount_core::wire::Name;
use headcount_core::wire::view::View;
use serde_json::Value;

pub(super) fn run(bytes: &[u8]) {
    let [name, low, high, data @ ..] = bytes else {
        return;
    };
    // Two bytes that are the same stand for every kind.
    let kinds = match low == high {
        true => Kinds::all(),
        false => Kinds::from_bits_truncate(u32::from_le_bytes([*low, *high, *low, 0])),
    };
    if *name >= 0x80 {
        let source = &mut Source::bytes(data);
        census::try_one(source);
        let (name, text) = census::mangled(source);
        return check(Name::from_wire(name), &text, kinds);
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let name = Name::ALL[usize::from(*name) % Name::ALL.len()];
        check(name, text, kinds);
    }
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
        (Err(_), Err(_)) => true,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
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
