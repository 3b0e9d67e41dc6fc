//! The little that a session reads of payloads.

use core::time::Duration;

use crate::wire::json::Reader;
use crate::wire::{Malformed, Text};

/// The heartbeat interval of Hello's data.
///
/// # Errors
/// [`Malformed`] if there is none, or it is no whole number of milliseconds.
pub(crate) fn hello(data: &str) -> Result<Duration, Malformed> {
    let mut reader = Reader::new(data);
    let mut interval = Err(Malformed::new("no heartbeat_interval", 0));
    reader.object(|key, reader| match key {
        "heartbeat_interval" => {
            interval = reader.u64();
            interval.map(|_| ())
        }
        _ => reader.skip(),
    })?;
    interval.map(Duration::from_millis)
}

/// What READY tells about the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NewSession<'a> {
    pub(crate) id: Text<'a>,
    pub(crate) url: Text<'a>,
}

/// Reads the session of READY's data.
///
/// # Errors
/// [`Malformed`] if there is no session id. Without an address to resume at, the base address
/// serves.
pub(crate) fn ready(data: &str) -> Result<NewSession<'_>, Malformed> {
    let mut reader = Reader::new(data);
    let mut session = NewSession {
        id: Text::default(),
        url: Text::default(),
    };
    reader.object(|key, reader| {
        match key {
            "session_id" => session.id = reader.text()?,
            "resume_gateway_url" if reader.peek() == Some(b'"') => session.url = reader.text()?,
            "resume_gateway_url" => {
                session.url = Text::default();
                reader.skip()?;
            }
            _ => reader.skip()?,
        }
        Ok(())
    })?;
    if session.id.is_empty() {
        return Err(Malformed::new("no session_id", 0));
    }
    Ok(session)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hello_needs_an_interval() {
        let data = r#"{"_trace":["x"],"heartbeat_interval":41250}"#;
        assert_eq!(hello(data), Ok(Duration::from_millis(41_250)));
        for data in [
            "{}",
            "null",
            "[]",
            r#"{"heartbeat_interval":"1"}"#,
            r#"{"heartbeat_interval":-1}"#,
        ] {
            assert!(hello(data).is_err(), "{data}");
        }
    }

    #[test]
    fn ready_needs_a_session_and_may_lack_an_address() {
        let session = ready(r#"{"session_id":"a\u0062","resume_gateway_url":"wss://x"}"#).unwrap();
        assert_eq!(
            (session.id, session.url),
            (Text::plain("ab"), Text::plain("wss://x"))
        );
        assert!(
            ready(r#"{"session_id":"a","resume_gateway_url":"x","resume_gateway_url":null}"#)
                .unwrap()
                .url
                .is_empty()
        );
        for data in ["{}", "null", r#"{"session_id":1}"#, r#"{"session_id":""}"#] {
            assert!(ready(data).is_err(), "{data}");
        }
    }
}
