//! The little that a session reads of payloads.

use crate::wire::json::Reader;
use crate::wire::{Malformed, Text};

/// The session, as READY describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SessionStart<'a> {
    pub(crate) id: Text<'a>,
    pub(crate) url: Text<'a>,
}

/// Reads the session of READY's data.
///
/// # Errors
/// [`Malformed`] if there is no session id. Without an address to resume at, the base address
/// serves.
pub(crate) fn ready(data: &str) -> Result<SessionStart<'_>, Malformed> {
    let mut reader = Reader::new(data);
    let mut session = SessionStart {
        id: Text::default(),
        url: Text::default(),
    };
    reader.object(|key, reader| {
        match key {
            "session_id" => session.id = reader.tolerate(Reader::text)?.unwrap_or_default(),
            "resume_gateway_url" => {
                session.url = reader.tolerate(Reader::text)?.unwrap_or_default();
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
