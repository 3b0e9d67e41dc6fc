//! A frame with the view of its dispatch, read in one pass.

use super::envelope::text;
use super::head::UsualHead;
use super::json::Reader;
use super::packed::RecordPools;
use super::view::View;
use super::view::wanted::wanted;
use super::{Envelope, Malformed, MisreadLog, Misreads, Name, Text};
use crate::kind::Kinds;

/// An envelope, and what its data means.
///
/// The same as [`Envelope::parse`] and then [`View::parse`], for every frame. It is faster if the
/// name and the opcode come before the data, as they do: the data is read once.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Frame<'a> {
    /// The envelope.
    pub envelope: Envelope<'a>,
    /// Which dispatch it is, by [`Envelope::kind`].
    pub name: Name,
    /// Of a dispatch, what [`View::parse`] says; of other payloads, nothing.
    pub view: Result<Option<View<'a>>, Malformed>,
    /// What of the envelope, and of a dispatch's data, was not understood.
    pub misreads: Misreads,
}

/// A view that was read with its frame.
struct ReadEarly<'a> {
    name: Name,
    view: View<'a>,
    misreads: Option<MisreadLog>,
}

/// The opcode of a dispatch.
const DISPATCH: u64 = 0;

impl<'a> Frame<'a> {
    /// Reads a frame and what is wanted of its data: what setup and member requests need, and
    /// these kinds.
    ///
    /// # Errors
    /// As [`Envelope::parse`]. A dispatch whose data is malformed is none; see [`Frame::view`].
    pub fn parse(frame: &'a [u8], kinds: Kinds) -> Result<Self, Malformed> {
        Self::read(frame, kinds, &mut RecordPools::default())
    }

    /// The same; a row that comes alone is written into the pool if nobody else holds that, and
    /// afterwards a handle of it is there again.
    pub(crate) fn read(
        frame: &'a [u8],
        kinds: Kinds,
        pools: &mut RecordPools,
    ) -> Result<Self, Malformed> {
        let text = text(frame)?;
        match Self::read_usual(text, kinds, pools) {
            Some(frame) => Ok(frame),
            None => Self::read_any(text, kinds, pools),
        }
    }

    /// Reads a dispatch in the form in which the gateway sends it; `None` for any other frame, and
    /// for one whose data is malformed. One that has more behind its data is read for nothing.
    fn read_usual(text: &'a str, kinds: Kinds, pools: &mut RecordPools) -> Option<Self> {
        let [.., last, b'}'] = text.as_bytes() else {
            return None;
        };
        if last.is_ascii_whitespace() {
            return None;
        }
        let head = UsualHead::read(text.as_bytes())?;
        let mut reader = Reader::inside(text, head.data);
        reader.peek();
        let start = reader.place();
        let mut view = Ok(None);
        if wanted(head.name, kinds) {
            view = View::read(head.name, &mut reader, kinds, pools);
        } else {
            reader.skip().ok()?;
        }
        match &view {
            Ok(Some(view)) => view.spare(pools),
            Ok(None) if reader.place() > start => {}
            Ok(None) | Err(_) => return None,
        }
        let data = reader.since(start);
        if !reader.passes(b"}") || reader.remaining() > 0 {
            return None;
        }
        let log = reader.take_misreads().map(|log| log.from(start));
        Some(Self {
            envelope: Envelope {
                op: DISPATCH,
                seq: Some(head.sequence),
                name: Some(head.text()),
                data,
            },
            name: head.name,
            view,
            misreads: log.map(|log| log.locate(data)).unwrap_or_default(),
        })
    }

    /// Reads a frame in whatever form.
    #[inline(never)]
    fn read_any(text: &'a str, kinds: Kinds, pools: &mut RecordPools) -> Result<Self, Malformed> {
        let mut early = None;
        let (envelope, mut misreads) = Envelope::read(text, |head, reader| {
            let mark = reader.mark();
            reader.peek();
            let (start, name) = (reader.place(), head.dispatch(reader.whole_text()));
            let outside = reader.take_misreads();
            early = View::read_in(name, reader, kinds, pools).map(|view| ReadEarly {
                name,
                view,
                misreads: reader.take_misreads().map(|log| log.from(start)),
            });
            reader.set_misreads(outside);
            if early.is_none() {
                reader.return_to(mark);
                return reader.raw();
            }
            Ok(reader.since(start))
        })?;
        let name = match &early {
            Some(early) if envelope.name == Some(Text::plain(early.name.as_str())) => early.name,
            Some(_) | None => envelope.kind(),
        };
        let view = match early {
            _ if envelope.op != DISPATCH => Ok(None),
            Some(early) if early.name == name => {
                early.view.spare(pools);
                if let Some(log) = early.misreads {
                    misreads.append(log.locate(envelope.data));
                }
                Ok(Some(early.view))
            }
            Some(_) | None => {
                let (view, noted) = View::parse_noting(name, envelope.data, kinds);
                misreads.append(noted);
                view
            }
        };
        Ok(Self {
            envelope,
            name,
            view,
            misreads,
        })
    }

    /// Whether it is an event of the gateway.
    pub const fn is_dispatch(&self) -> bool {
        self.envelope.op == DISPATCH
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::format;

    fn kinds() -> Kinds {
        Kinds::all()
    }

    /// One pass and two passes see the same.
    fn agree(text: &str) -> Frame<'_> {
        let frame = Frame::parse(text.as_bytes(), kinds());
        let Ok(envelope) = Envelope::parse(text.as_bytes()) else {
            panic!("{text}");
        };
        let frame = frame.expect(text);
        assert_eq!(frame.envelope, envelope, "{text}");
        assert_eq!(frame.name, envelope.kind(), "{text}");
        if envelope.op == DISPATCH {
            let view = View::parse(envelope.kind(), envelope.data, kinds());
            assert_eq!(frame.view, view, "{text}");
            let (_, noted) = View::parse_noting(envelope.kind(), envelope.data, kinds());
            assert_eq!(frame.misreads, noted, "{text}");
        } else {
            assert_eq!(frame.view, Ok(None), "{text}");
        }
        frame
    }

    #[test]
    fn a_dispatch_is_viewed_whatever_the_order() {
        let data = r#"{"id":"1","unavailable":true}"#;
        for text in [
            format!(r#"{{"t":"GUILD_DELETE","s":1,"op":0,"d":{data}}}"#),
            format!(r#"{{"t":"GUILD_DELETE","s":1,"op":0,"d": {data} }}"#),
            format!(r#"{{"d":{data},"op":0,"s":1,"t":"GUILD_DELETE"}}"#),
            format!(r#"{{"t":"GUILD_UPDATE","op":0,"d":{data},"t":"GUILD_DELETE"}}"#),
            format!(r#"{{"t":"GUILD_DELETE","op":0,"d":{{"id":"2"}},"d":{data}}}"#),
            format!(r#"{{"t":"GUILD_DELETE","op":1,"d":{data},"op":0}}"#),
            format!(r#"{{"t":"GUILD\u005fDELETE","op":0,"d":{data}}}"#),
            format!(r#"{{"s": 1, "d": {data}, "t": "GUILD_DELETE", "op": 0}}"#),
            format!(r#"{{"d":{data},"t":"GUILD_DELETE","op":0,"x":{{"t":"GUILD_UPDATE"}}}}"#),
            format!(r#"{{"d":{data},"t":"GUILD_DELETE","op":0,"x":"\"t\":\"GUILD_UPDATE"}}"#),
        ] {
            let frame = agree(&text);
            assert!(
                matches!(frame.view, Ok(Some(View::GuildDelete(_)))),
                "{text}"
            );
            assert_eq!(frame.envelope.data, data);
        }
    }

    #[test]
    fn the_usual_form_says_what_any_other_would() {
        let usual = |text: &str, kinds| {
            let mut pools = RecordPools::default();
            let usual = Frame::read_usual(text, kinds, &mut pools);
            if let Some(usual) = &usual {
                assert_eq!(Ok(usual), Frame::read_any(text, kinds, &mut pools).as_ref());
            }
            usual.is_some()
        };
        for (data, kinds) in [
            (r#"{"id":"1","unavailable":true}"#, kinds()),
            (r#"{"id":"1","unavailable":"x"}"#, kinds()),
            (r#" {"id":"1"}"#, Kinds::empty()),
        ] {
            for (name, sequence) in [("GUILD_DELETE", 1), ("TYPING_START", 20), ("NEW", 300)] {
                let text = format!(r#"{{"t":"{name}","s":{sequence},"op":0,"d":{data}}}"#);
                assert!(usual(&text, kinds), "{text}");
            }
        }
        for text in [
            r#"{"t":"GUILD_DELETE","s":1,"op":0,"d":{"id":"1"},"x":1}"#,
            r#"{"t":"GUILD_DELETE","s":1,"op":0,"d":{"id":"1"}} "#,
            r#"{"t":"GUILD_DELETE","s":1,"op":0,"d":{"id":"1"}}}"#,
            r#"{"t":"GUILD_DELETE","s":1,"op":0,"d":{}}"#,
            r#"{"t":"GUILD_DELETE","s":1,"op":0,"d":{"id":"1"}"#,
            r#"{"t":"TYPING_START","s":1,"op":0,"d":[}"#,
            r#"{"t":"TYPING_START","s":1,"op":0,"d":}"#,
            r#"{"t":"TYPING_START","s":01,"op":0,"d":{}}"#,
            r#"{"t":"TYPING START","s":1,"op":0,"d":{}}"#,
            r#"{"s":1,"t":"GUILD_DELETE","op":0,"d":{"id":"1"}}"#,
        ] {
            assert!(!usual(text, kinds()), "{text}");
        }
    }

    #[test]
    fn what_is_no_dispatch_has_no_view() {
        for text in [
            r#"{"t":"GUILD_DELETE","op":0,"d":{"id":"1"},"op":11}"#,
            r#"{"t":"GUILD_DELETE","op":0,"d":{"id":"1"},"t":null}"#,
            r#"{"t":null,"s":null,"op":10,"d":{"heartbeat_interval":1}}"#,
            r#"{"op":11}"#,
        ] {
            assert_eq!(agree(text).view, Ok(None), "{text}");
        }
    }

    #[test]
    fn a_malformed_dispatch_keeps_its_envelope() {
        for data in ["{}", "null", "[]", r#"{"id":"x"}"#, r#"{"id":[]}"#] {
            let text = format!(r#"{{"t":"GUILD_DELETE","s":3,"op":0,"d":{data}}}"#);
            let frame = agree(&text);
            assert!(frame.view.is_err(), "{text}");
            assert_eq!(frame.envelope.seq, Some(3));
        }
        for data in ["{", r#"{"id":"1"]"#, r#"{"id":"1}"#] {
            let text = format!(r#"{{"t":"GUILD_DELETE","s":3,"op":0,"d":{data}}}"#);
            let two = Envelope::parse(text.as_bytes()).unwrap_err();
            assert_eq!(Frame::parse(text.as_bytes(), kinds()), Err(two), "{text}");
        }
    }

    #[test]
    fn nesting_is_bounded_by_the_whole_frame() {
        for depth in [124, 125, 126, 127] {
            let deep = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
            let data = format!(r#"{{"id":"1","x":{deep}}}"#);
            for head in [
                r#""t":"GUILD_DELETE","s":1,"op":0"#,
                r#""t":"GUILD_DELETE","op":0"#,
            ] {
                let text = format!(r#"{{{head},"d":{data}}}"#);
                let two = Envelope::parse(text.as_bytes()).map(|envelope| envelope.data);
                let one = Frame::parse(text.as_bytes(), kinds());
                assert_eq!(one.map(|frame| frame.envelope.data), two, "{depth}");
            }
        }
    }
}
