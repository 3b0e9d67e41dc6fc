//! The same frames, written otherwise: keys in another order, or blanks between the tokens.

use serde_json::Value;

use super::{Frames, Rng, Writer};

/// The keys of every object as a hash table gives them: their order depends on the keys alone.
pub fn reordered(frames: &Frames) -> Frames {
    let mut all = Frames::default();
    for frame in frames.iter() {
        let mut json = Writer::default();
        write(&mut json, &serde_json::from_slice(frame).expect("JSON"));
        all.push(json.text.as_bytes());
    }
    all
}

fn write(json: &mut Writer, value: &Value) {
    match value {
        Value::Object(object) => {
            let mut entries: Vec<_> = object.iter().collect();
            entries.sort_by_key(|(key, _)| hash(key));
            json.raw("{").list(entries, |json, (key, value)| {
                json.raw("\"").raw(key).raw("\":");
                write(json, value);
            });
            json.raw("}");
        }
        Value::Array(items) => _ = json.raw("[").list(items, write).raw("]"),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            _ = json.raw(&value.to_string());
        }
    }
}

fn hash(key: &str) -> u64 {
    let mix = |hash: u64, byte| Rng::new(hash ^ u64::from(byte)).next();
    key.bytes().fold(0, mix)
}

/// A blank after each comma and each colon.
pub fn spaced(frames: &Frames) -> Frames {
    let mut all = Frames::default();
    for frame in frames.iter() {
        all.push(&spaced_frame(frame));
    }
    all
}

fn spaced_frame(frame: &[u8]) -> Vec<u8> {
    let (mut text, mut quoted, mut escaped) = (Vec::new(), false, false);
    for &byte in frame {
        text.push(byte);
        quoted ^= byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        if !quoted && matches!(byte, b',' | b':') {
            text.push(b' ');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payload::World;

    #[test]
    fn what_is_written_otherwise_says_the_same() {
        let mut frames = Frames::default();
        World::new(1).guild_create(1, &mut frames);
        (0..100).for_each(|number| World::new(1).event(number, 1, 0..50, &mut frames));
        let values = |frames: &Frames| -> Vec<Value> {
            let value = |frame| serde_json::from_slice(frame).unwrap();
            frames.iter().map(value).collect()
        };
        for rewrite in [reordered, spaced] {
            let other = rewrite(&frames);
            assert_eq!(values(&other), values(&frames));
            assert!(
                other
                    .iter()
                    .zip(frames.iter())
                    .all(|(one, other)| one != other)
            );
        }
    }
}
