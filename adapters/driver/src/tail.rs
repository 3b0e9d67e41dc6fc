//! The last bytes that a peer sent: the close frame among them whose reason is no UTF-8.
//!
//! The WebSocket crate refuses such a frame whole, but its code decides whether to come back. A
//! gateway's words that a proxy has cut to the 123 bytes a reason may have end like that.

use std::ops::RangeInclusive;

use tungstenite::Utf8Bytes;
use tungstenite::protocol::CloseFrame;

/// The longest payload of a control frame, in bytes (RFC 6455, 5.5).
const PAYLOAD_BYTES: usize = 125;

/// The longest close frame of a server, in bytes: it is not masked.
const FRAME_BYTES: usize = 2 + PAYLOAD_BYTES;

/// The codes that a close frame may have.
const CODES: RangeInclusive<u16> = 1000..=4999;

/// The first byte of a close frame: the last fragment, with opcode 8.
const CLOSE: u8 = 0x88;

#[derive(Default)]
pub(crate) struct Tail {
    bytes: Vec<u8>,
}

impl Tail {
    /// The peer has sent these bytes too.
    pub(crate) fn push(&mut self, read: &[u8]) {
        let new = &read[read.len().saturating_sub(FRAME_BYTES)..];
        let over = (self.bytes.len() + new.len()).saturating_sub(FRAME_BYTES);
        self.bytes.drain(..over);
        self.bytes.extend_from_slice(new);
    }

    /// The close frame that the peer sent last of all, if it is whole, its code is one that may be
    /// sent (RFC 6455, 7.4), and its reason is no UTF-8. What that has beside it is replaced.
    pub(crate) fn close_frame(&self) -> Option<CloseFrame> {
        (2..=PAYLOAD_BYTES).find_map(|length| {
            let start = self.bytes.len().checked_sub(2 + length)?;
            let &[CLOSE, count, first, second, ref reason @ ..] = &self.bytes[start..] else {
                return None;
            };
            let code = u16::from_be_bytes([first, second]);
            let is_whole = usize::from(count) == length && CODES.contains(&code);
            (is_whole && str::from_utf8(reason).is_err()).then(|| CloseFrame {
                code: code.into(),
                reason: Utf8Bytes::from(String::from_utf8_lossy(reason).into_owned()),
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code_after(reads: &[&[u8]]) -> Option<u16> {
        let mut tail = Tail::default();
        reads.iter().for_each(|read| tail.push(read));
        Some(tail.close_frame()?.code.into())
    }

    #[test]
    fn a_close_frame_is_found_at_the_end_of_what_was_read_and_nowhere_else() {
        let longest = [&[CLOSE, 125, 0x0F, 0xA4][..], &[0xFF; 123]].concat();
        let (head, rest) = longest.split_at(3);
        assert_eq!(code_after(&[&[7; 5_000], head, rest]), Some(4004));
        assert_eq!(code_after(&[&longest, b"more"]), None);
        assert_eq!(code_after(&[rest]), None, "not whole");
        assert_eq!(code_after(&[&[CLOSE, 3, 0x0F, 0xA4, 0xC3]]), Some(4004));
        assert_eq!(
            code_after(&[&[CLOSE, 2, 0x0F, 0xA4]]),
            None,
            "that can be read"
        );
        assert_eq!(code_after(&[&[CLOSE, 1, 0x0F]]), None);
        assert_eq!(code_after(&[]), None);
    }

    #[test]
    fn what_looks_like_a_close_frame_within_a_reason_is_none() {
        let inner = [&[0xC3, CLOSE, 32][..], &[b'a'; 31], &[0xC3]].concat();
        let length = u8::try_from(2 + inner.len()).expect("short");
        let frame = [&[CLOSE, length, 0x0F, 0xA4][..], &inner].concat();
        assert_eq!(code_after(&[&frame]), Some(4004));
    }
}
