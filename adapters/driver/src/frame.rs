//! Outgoing frames (RFC 6455, 5.2), made here so that they never pass through a logger.
//!
//! The WebSocket crate logs each frame that it sends at trace level, in clear text, and the
//! identify payload holds the token.

use std::io;

use tungstenite::Utf8Bytes;
use tungstenite::protocol::CloseFrame;
use tungstenite::protocol::frame::Frame;
use tungstenite::protocol::frame::coding::{Data, OpCode};

/// Room for the longest frame header, in bytes.
const HEADER_BYTES: usize = 14;

/// One whole text message as a masked client frame.
pub(crate) fn text(text: &str) -> io::Result<Vec<u8>> {
    let text = text.to_owned();
    masked(Frame::message(text, OpCode::Data(Data::Text), true))
}

/// The answer to a ping.
pub(crate) fn pong(ping: &[u8]) -> io::Result<Vec<u8>> {
    masked(Frame::pong(ping.to_vec()))
}

/// A close frame with a code and no words.
pub(crate) fn close(code: u16) -> io::Result<Vec<u8>> {
    let (code, reason) = (code.into(), Utf8Bytes::default());
    masked(Frame::close(Some(CloseFrame { code, reason })))
}

/// The frame's bytes, under a mask of the system's random numbers.
fn masked(mut frame: Frame) -> io::Result<Vec<u8>> {
    let mut mask = [0; 4];
    getrandom::fill(&mut mask).map_err(io::Error::other)?;
    frame.header_mut().mask = Some(mask);
    let mut bytes = Vec::with_capacity(HEADER_BYTES + frame.payload().len());
    frame
        .format(&mut bytes)
        .map_err(|e| io::Error::other(e.to_string()))?;
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
