//! The JSON reader against `serde_json`, on documents good and bad.

use headcount_core::wire::Envelope;
use headcount_core::wire::json::Reader;
use proptest::prelude::*;
use serde_json::Value;

fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        "[\\\\\"/\\x00-\\x20\u{e9}\u{1f600}]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec((".{0,5}", inner), 0..6)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

/// Bytes that mean something to a parser.
const SPICE: &[u8] = b"{}[]\",:\\u0dD8eE+-.truefalsn \n\t\x01\x7f\xff\xc3";

/// A document with a few bytes replaced, inserted or cut.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edit = (
        0..3_u8,
        any::<prop::sample::Index>(),
        prop::sample::select(SPICE),
    );
    (document(), any::<bool>(), prop::collection::vec(edit, 0..4)).prop_map(
        |(value, pretty, edits)| {
            let mut bytes = if pretty {
                serde_json::to_vec_pretty(&value).unwrap()
            } else {
                serde_json::to_vec(&value).unwrap()
            };
            for (kind, place, byte) in edits {
                if bytes.is_empty() {
                    break;
                }
                let place = place.index(bytes.len());
                match kind {
                    0 => bytes[place] = byte,
                    1 => bytes.insert(place, byte),
                    _ => bytes.truncate(place),
                }
            }
            bytes
        },
    )
}

fn full(bytes: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return false;
    };
    let mut reader = Reader::new(text);
    reader.value().is_ok() && reader.end().is_ok()
}

fn skipped(bytes: &[u8]) -> bool {
    let Ok(text) = core::str::from_utf8(bytes) else {
        return false;
    };
    let mut reader = Reader::new(text);
    reader.skip().is_ok() && reader.end().is_ok()
}

/// Decodes everything with our reader.
fn value(reader: &mut Reader<'_>) -> Value {
    match reader.peek().unwrap() {
        b'{' => {
            let mut fields = serde_json::Map::new();
            let read = reader.object(|key, reader| {
                fields.insert(key.to_owned(), value(reader));
                Ok(())
            });
            read.unwrap();
            Value::Object(fields)
        }
        b'[' => {
            let mut items = Vec::new();
            let read = reader.array(|reader| {
                items.push(value(reader));
                Ok(())
            });
            read.unwrap();
            Value::Array(items)
        }
        b'"' => Value::from(&*reader.text().unwrap().as_cow()),
        b't' | b'f' => Value::from(reader.bool().unwrap()),
        b'n' => {
            assert!(reader.null().unwrap());
            Value::Null
        }
        _ => number(reader),
    }
}

fn number(reader: &mut Reader<'_>) -> Value {
    let mut copy = reader.clone();
    if let Ok(integer) = copy.u64() {
        *reader = copy;
        return Value::from(integer);
    }
    let mut copy = reader.clone();
    if let Ok(integer) = copy.i64() {
        *reader = copy;
        return Value::from(integer);
    }
    Value::from(reader.f64().unwrap())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn validity_is_that_of_serde_json(bytes in mutated()) {
        let theirs = serde_json::from_slice::<Value>(&bytes).is_ok();
        prop_assert_eq!(full(&bytes), theirs, "{}", String::from_utf8_lossy(&bytes));
        prop_assert!(!theirs || skipped(&bytes), "a valid document can be skipped");
    }

    #[test]
    fn what_is_decoded_is_what_was_written(document in document(), pretty: bool) {
        let text = if pretty {
            serde_json::to_string_pretty(&document).unwrap()
        } else {
            document.to_string()
        };
        let theirs: Value = serde_json::from_str(&text).unwrap();
        let ours = value(&mut Reader::new(&text));
        prop_assert!(close(&ours, &theirs), "{ours} {theirs}");
    }

    #[test]
    fn an_envelope_never_panics(bytes in mutated()) {
        let _ = Envelope::parse(&bytes);
        let mut frame = b"{\"op\":0,\"t\":\"X\",\"d\":".to_vec();
        frame.extend_from_slice(&bytes);
        frame.push(b'}');
        if serde_json::from_slice::<Value>(&frame).is_ok() {
            prop_assert!(Envelope::parse(&frame).is_ok());
        }
    }
}

/// Equal, up to the last bits of a fraction: `serde_json` rounds these its own way.
fn close(ours: &Value, theirs: &Value) -> bool {
    match (ours, theirs) {
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
            (a - b).abs() <= a.abs() * 1e-12
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(key, a)| b.get(key).is_some_and(|b| close(a, b)))
        }
        _ => ours == theirs,
    }
}
