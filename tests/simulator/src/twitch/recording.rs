//! Recordings of what clients send, as JSON lines, without tokens.
//!
//! Each line has `t_ms`, the number of the `connection`, and one of `open` (the transport),
//! `line` and `close`.
use super::server::{TwitchHappening, TwitchObserver};
use crate::edge::Millis;
use serde_json::{Value, json};
use std::io::Write;

/// What stands in a recording where the client sent its token.
pub const TOKEN: &str = "TOKEN";

/// An observer that writes what clients do to `sink`. A line that cannot be written is lost.
pub fn recorder(mut sink: impl Write + Send + 'static) -> TwitchObserver {
    Box::new(move |now, happening| {
        for line in lines(now, happening) {
            let _ = writeln!(sink, "{line}").and_then(|()| sink.flush());
        }
    })
}

fn lines(t_ms: Millis, happening: &TwitchHappening<'_>) -> Vec<Value> {
    match happening {
        TwitchHappening::Opened {
            connection,
            transport,
        } => {
            let open = format!("{transport:?}").to_lowercase();
            vec![json!({ "t_ms": t_ms, "connection": connection.get(), "open": open })]
        }
        TwitchHappening::Received { connection, bytes } => {
            let text = String::from_utf8_lossy(bytes);
            let lines = text.split(['\r', '\n']).filter(|line| !line.is_empty());
            let line = |line: &str| {
                let line = redacted(line);
                json!({ "t_ms": t_ms, "connection": connection.get(), "line": line })
            };
            lines.map(line).collect()
        }
        TwitchHappening::Closed { connection } => {
            vec![json!({ "t_ms": t_ms, "connection": connection.get(), "close": null })]
        }
        TwitchHappening::Violation(_) => Vec::new(),
    }
}

/// The line with the secret of a PASS replaced.
fn redacted(line: &str) -> String {
    match line.split_once(' ') {
        Some((command, secret)) if command.eq_ignore_ascii_case("PASS") => {
            let secret = secret.trim_start_matches(':');
            let scheme = if secret.starts_with("oauth:") {
                "oauth:"
            } else {
                ""
            };
            format!("{command} {scheme}{TOKEN}")
        }
        Some(_) | None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_secret_is_left_out() {
        assert_eq!(redacted("PASS oauth:s3cret"), "PASS oauth:TOKEN");
        assert_eq!(redacted("pass :s3cret"), "pass TOKEN");
        assert_eq!(redacted("NICK bot"), "NICK bot");
    }
}
