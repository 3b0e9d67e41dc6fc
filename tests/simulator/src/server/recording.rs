//! Recordings of what clients send, as JSON lines, without tokens.
//!
//! Each line has `t_ms` and one of `rest` (method and path), `open` (query and host), `payload`
//! or `close` (the code, or null); all but `rest` have the number of their `connection`.
use super::happening::{Happening, Observer};
use crate::edge::Millis;
use serde_json::{Value, json};
use std::io::Write;

/// What stands in a recording where the client sent its token.
pub const TOKEN: &str = "TOKEN";

/// An observer that writes what clients do to `sink`, line by line.
///
/// Tokens become [`TOKEN`], and the operating system's version in `properties` is left out.
/// A line that cannot be written is lost.
pub fn recorder(mut sink: impl Write + Send + 'static) -> Observer {
    Box::new(move |now, happening| {
        if let Some(line) = line(now, happening) {
            let _ = writeln!(sink, "{line}").and_then(|()| sink.flush());
        }
    })
}

fn line(t_ms: Millis, happening: &Happening<'_>) -> Option<Value> {
    Some(match happening {
        Happening::Rest { method, path, .. } => {
            json!({ "t_ms": t_ms, "rest": format!("{method} {path}") })
        }
        Happening::Opened {
            connection,
            query,
            resume_host,
        } => json!({
            "t_ms": t_ms,
            "connection": connection.get(),
            "open": { "query": query, "resume_host": resume_host },
        }),
        Happening::Received {
            connection,
            payload,
        } => json!({
            "t_ms": t_ms, "connection": connection.get(), "payload": redacted(payload),
        }),
        Happening::Closed { connection, code } => json!({
            "t_ms": t_ms, "connection": connection.get(), "close": code,
        }),
        Happening::Refused { .. }
        | Happening::Unanswered
        | Happening::Closing { .. }
        | Happening::Cut { .. }
        | Happening::Stuck { .. }
        | Happening::Violation(_) => return None,
    })
}

/// The payload without secrets; what is not JSON becomes its number of bytes.
fn redacted(payload: &[u8]) -> Value {
    match serde_json::from_slice(payload) {
        Ok(mut value) => {
            redact(&mut value);
            value
        }
        Err(_) => json!({ "bytes": payload.len() }),
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match key.as_str() {
                    "token" => *value = placeholder(value),
                    "os" | "$os" => name_only(value),
                    _ => redact(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The placeholder, with the `Bot ` in front that some clients send.
fn placeholder(token: &Value) -> Value {
    match token.as_str() {
        Some(text) if text.starts_with("Bot ") => format!("Bot {TOKEN}").into(),
        _ => TOKEN.into(),
    }
}

/// Keeps the name of an operating system, drops its version.
fn name_only(value: &mut Value) {
    let text = value.as_str().unwrap_or_default();
    let name = text
        .split([' ', '-', '_'])
        .next()
        .unwrap_or_default()
        .to_lowercase();
    *value = name.into();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::ConnectionId;

    #[test]
    fn tokens_and_versions_are_left_out() {
        let payload = br#"{"op":2,"d":{"token":"Bot s3cret","properties":{"os":"Linux 6.1.0-x"}}}"#;
        let connection = ConnectionId(4);
        let line = line(
            9,
            &Happening::Received {
                connection,
                payload,
            },
        )
        .unwrap();
        assert_eq!(line["payload"]["d"]["token"], "Bot TOKEN");
        assert_eq!(line["payload"]["d"]["properties"]["os"], "linux");
        assert_eq!((&line["t_ms"], &line["connection"]), (&json!(9), &json!(4)));
        assert!(!line.to_string().contains("s3cret"));
    }

    #[test]
    fn what_is_not_json_is_counted_and_not_kept() {
        let payload = b"token s3cret";
        let connection = ConnectionId(1);
        let line = line(
            0,
            &Happening::Received {
                connection,
                payload,
            },
        )
        .unwrap();
        assert_eq!(line["payload"], json!({ "bytes": payload.len() }));
    }
}
