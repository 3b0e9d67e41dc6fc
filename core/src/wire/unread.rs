//! A frame of which only the head is read.

use super::{Envelope, Frame, Misreads, Name, Text};

/// The longest name that is looked for, in bytes.
const LONGEST: usize = 64;

impl<'a> Frame<'a> {
    /// A dispatch whose data is not read, and so is `null` here; `is_unread` says so of its name.
    ///
    /// `None` for any other frame, and for one in whose text not the name, the sequence and the
    /// opcode come first, in this order and without blanks, as the gateway sends them. What follows
    /// them is not looked at, but for the bracket that closes the frame.
    pub(crate) fn unread(frame: &'a [u8], is_unread: impl FnOnce(Name) -> bool) -> Option<Self> {
        let (text, rest) = name(frame.strip_prefix(br#"{"t":""#)?)?;
        let (sequence, rest) = number(rest.strip_prefix(br#","s":"#)?)?;
        rest.strip_prefix(br#","op":0,"d":"#)?.strip_suffix(b"}")?;
        let name = Name::from_wire(text);
        is_unread(name).then(|| Self {
            envelope: Envelope {
                op: 0,
                seq: Some(sequence),
                name: Some(Text::plain(text)),
                data: "null",
            },
            name,
            view: Ok(None),
            misreads: Misreads::default(),
        })
    }
}

/// Capital letters and what else names have, up to the quote behind them.
fn name(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let part = bytes.get(..LONGEST).unwrap_or(bytes);
    let length = part.iter().position(|&byte| byte == b'"')?;
    let (name, rest) = bytes.split_at_checked(length)?;
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let name = Some(name).filter(|name| name.iter().all(is_plain))?;
    Some((core::str::from_utf8(name).ok()?, rest.get(1..)?))
}

/// A number without a sign, and without a zero in front.
fn number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let is_digit = |byte: &&u8| byte.is_ascii_digit();
    let length = bytes.iter().take_while(is_digit).take(20).count();
    let (digits, rest) = bytes.split_at_checked(length)?;
    if let [b'0', _, ..] = digits {
        return None;
    }
    Some((core::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kind::Kinds;
    use std::format;

    #[test]
    fn the_head_says_what_the_whole_frame_says() {
        for (name, sequence) in [("TYPING_START", 0), ("BRAND_NEW", u64::MAX), ("", 7)] {
            let text = format!(r#"{{"t":"{name}","s":{sequence},"op":0,"d":{{"a":[1]}}}}"#);
            let whole = Frame::parse(text.as_bytes(), Kinds::empty()).unwrap();
            let head = Frame::unread(text.as_bytes(), |name| name == whole.name).unwrap();
            assert_eq!(head.name, whole.name);
            assert_eq!(head.envelope.data, "null");
            let data = whole.envelope.data;
            assert_eq!(
                Envelope {
                    data,
                    ..head.envelope
                },
                whole.envelope
            );
            assert_eq!(Frame::unread(text.as_bytes(), |_| false), None);
        }
    }

    #[test]
    fn what_is_not_in_the_usual_form_is_left_to_be_read() {
        for text in [
            r#"{"t":null,"s":null,"op":10,"d":{}}"#,
            r#"{"t":"TYPING_START","s":1,"op":1,"d":{}}"#,
            r#"{"t":"TYPING_START","s":null,"op":0,"d":{}}"#,
            r#"{"t":"TYPING_START","s":,"op":0,"d":{}}"#,
            r#"{"t":"TYPING_START","s":01,"op":0,"d":{}}"#,
            r#"{"t":"TYPING_START","s":-1,"op":0,"d":{}}"#,
            r#"{"t":"TYPING_START","s":1.0,"op":0,"d":{}}"#,
            r#"{"t":"TYPING_START","s":18446744073709551616,"op":0,"d":{}}"#,
            r#"{"t":"TYPING_START","s":1,"op":0,"x":{}}"#,
            r#"{"t":"TYPING_START","s":1,"op":0,"d":{}"#,
            r#"{"t":"TYPING\u005fSTART","s":1,"op":0,"d":{}}"#,
            r#"{"s":1,"t":"TYPING_START","op":0,"d":{}}"#,
            r#"{ "t":"TYPING_START","s":1,"op":0,"d":{}}"#,
            r#"{"t":"TYPING_START","s":1,"op":0,"d":"#,
            r#"{"t":"TYPING_START"#,
            "",
        ] {
            // The last bracket but one of "d":{} may close the frame: its text is not looked at.
            let read = Frame::unread(text.as_bytes(), |_| true);
            let cut = text == r#"{"t":"TYPING_START","s":1,"op":0,"d":{}"#;
            assert_eq!(read.is_some(), cut, "{text}");
        }
    }
}
