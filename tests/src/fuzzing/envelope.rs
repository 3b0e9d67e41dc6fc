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
        let key: String = serde_json::from_str(key).ok()?;
        if let Some(place) = ["op", "s", "t", "d"].iter().position(|name| *name == key) {
            found[place] = Some(value);
        }
    }
    let [op, seq, name, data] = found;
    let read = |token: &str| serde_json::from_str::<Value>(token).ok();
    let seq = match seq {
        None | Some("null") => None,
        Some(seq) => Some(read(seq)?.as_u64()?),
    };
    let name = match name {
        None | Some("null") => None,
        Some(name) => Some(read(name)?.as_str()?.to_owned()),
    };
    Some((
        read(op?)?.as_u64()?,
        seq,
        name,
        data.unwrap_or("null").to_owned(),
    ))
}

/// What a valid document says; `None` if a part is of the wrong type.
fn strictly(document: &Value) -> Option<(u64, Option<u64>, Option<String>, Value)> {
    let fields = document.as_object()?;
    let absent = |key: &str| fields.get(key).is_none_or(Value::is_null);
    let seq = match absent("s") {
        true => None,
        false => Some(fields["s"].as_u64()?),
    };
    let name = match absent("t") {
        true => None,
        false => Some(fields["t"].as_str()?.to_owned()),
    };
    let data = fields.get("d").cloned().unwrap_or_default();
    Some((fields.get("op")?.as_u64()?, seq, name, data))
}
