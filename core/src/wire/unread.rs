//! A frame of which only the head is read.

use super::head::UsualHead;
use super::{Envelope, Frame, Misreads, Name};

impl<'a> Frame<'a> {
    /// A dispatch whose data is not read, and so is `null` here; `is_unread` says so of its name.
    ///
    /// `None` for any other frame, and for one in whose text not the name, the sequence and the
    /// opcode come first, in this order and without blanks, as the gateway sends them. What follows
    /// them is not looked at, but for the bracket that closes the frame.
    pub(crate) fn unread(frame: &'a [u8], is_unread: impl FnOnce(Name) -> bool) -> Option<Self> {
        let head = UsualHead::read(frame)?;
        frame.get(head.data..)?.strip_suffix(b"}")?;
        is_unread(head.name).then(|| Self {
            envelope: Envelope {
                op: 0,
                seq: Some(head.sequence),
                name: Some(head.text()),
                data: "null",
            },
            name: head.name,
            view: Ok(None),
            misreads: Misreads::default(),
        })
    }
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
