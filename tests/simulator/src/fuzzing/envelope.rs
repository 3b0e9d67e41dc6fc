//! The frame around every payload, beside two other readings of the same bytes.
use super::loose;
use headcount_core::wire::Envelope;
use serde_json::Value;

/// What a frame says: op, s, t and the raw text of d.
type Frame = (u64, Option<u64>, Option<String>, String);

pub(super) fn run(bytes: &[u8]) {
    let ours = Envelope::parse(bytes).ok().map(|it| {
        let name = it.name.as_ref().map(ToString::to_string);
        (it.op, it.seq, name, it.data.to_owned())
    });
    let text = std::str::from_utf8(bytes).ok();
    assert_eq!(ours, text.and_then(loosely), "beside the loose reading");
    if let Ok(document) = serde_json::from_slice::<Value>(bytes) {
        let strict = strictly(&document);
        let ours = ours.map(|(op, seq, name, data)| {
            let data: Value = serde_json::from_str(&data).expect("d of a valid frame is valid");
            (op, seq, name, data)
        });
        assert_eq!(ours, strict, "beside the strict reading");
    }
}

/// The last of each key counts, and it alone is checked.
fn loosely(text: &str) -> Option<Frame> {
    let mut found: [Option<&str>; 4] = [None; 4];
    for (key, value) in loose::members(text)? {
        let Ok(key) = serde_json::from_str::<String>(key) else {
            continue;
        };
        if let Some(place) = ["op", "s", "t", "d"].iter().position(|name| *name == key) {
            found[place] = Some(value);
        }
    }
    let [op, seq, name, data] = found;
    let read = |token: &str| serde_json::from_str::<Value>(token).ok();
    Some((
        read(op?)?.as_u64()?,
        seq.and_then(read).as_ref().and_then(sequence),
        name.and_then(read)
            .and_then(|name| name.as_str().map(str::to_owned)),
        data.unwrap_or("null").to_owned(),
    ))
}

/// A whole number in any spelling that a double cannot blur; what cannot be read is none.
fn sequence(value: &Value) -> Option<u64> {
    let text = match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let number: Value = serde_json::from_str(&text).ok().filter(Value::is_number)?;
    let trimmed = text.trim() == text;
    let whole = |double: f64| {
        let exact = double.fract() == 0.0 && (0.0..1e15).contains(&double);
        exact.then_some(double as u64)
    };
    let read = number.as_u64().or_else(|| number.as_f64().and_then(whole));
    read.filter(|_| trimmed)
}

/// What a valid document says; `None` without an opcode that can be read.
fn strictly(document: &Value) -> Option<(u64, Option<u64>, Option<String>, Value)> {
    let fields = document.as_object()?;
    let seq = fields.get("s").and_then(sequence);
    let name = fields.get("t").and_then(Value::as_str);
    let name = name.map(str::to_owned);
    let data = fields.get("d").cloned().unwrap_or_default();
    Some((fields.get("op")?.as_u64()?, seq, name, data))
}
