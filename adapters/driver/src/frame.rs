//! Outgoing text frames (RFC 6455, 5.2), made here so that they never pass through a logger.
//!
//! The WebSocket crate logs each frame that it sends at trace level, in clear text, and the
//! identify payload holds the token.

use async_tungstenite::tungstenite::protocol::frame::Frame;
use async_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};

use crate::{Error, ErrorKind};

/// Room for the longest frame header, in bytes.
const HEADER_BYTES: usize = 14;

/// One whole text message as a masked client frame.
pub(crate) fn text(text: &str) -> Result<Vec<u8>, Error> {
    let mut mask = [0; 4];
    getrandom::fill(&mut mask).map_err(|e| {
        Error::with_source(ErrorKind::Config, "the system gives no random numbers", e)
    })?;
    let mut frame = Frame::message(text.to_owned(), OpCode::Data(Data::Text), true);
    frame.header_mut().mask = Some(mask);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + text.len());
    frame.format(&mut bytes).map_err(|e| {
        Error::with_source(
            ErrorKind::Broken,
            "a message cannot be framed",
            e.to_string(),
        )
    })?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_unmasks_to_the_text() {
        for length in [0, 1, 125, 126, 4096, 70_000] {
            let words = "x".repeat(length);
            let bytes = text(&words).expect("framed");
            let header = bytes.len() - length;
            assert_eq!(bytes[0], 0x81, "final text");
            assert_eq!(bytes[1] & 0x80, 0x80, "masked");
            let mask = &bytes[header - 4..header];
            let clear = bytes[header..]
                .iter()
                .zip(mask.iter().cycle())
                .map(|(b, m)| b ^ m);
            assert!(clear.eq(words.bytes()), "{length}");
        }
    }
}
