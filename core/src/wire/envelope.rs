//! The frame around every payload.

use super::field::Read as _;
use super::json::{KEY_ROOM, Reader, last_places, until_end};
use super::packed::quoted;
use super::{Field, Malformed, Misreads, Name, Text};

/// An envelope: what kind of payload it is, and the payload's text.
///
/// Of a key that comes twice the last one counts. The nesting is at most
/// [`MAX_DEPTH`](super::json::MAX_DEPTH), the envelope included.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// The opcode, as it came.
    pub op: u64,
    /// The sequence number, of a dispatch alone.
    pub seq: Option<u64>,
    /// The dispatch's name, of a dispatch alone.
    pub name: Option<Text<'a>>,
    /// The raw JSON of `d`; `"null"` if there is none. Its structure has been checked.
    pub data: &'a str,
}

impl<'a> Envelope<'a> {
    /// Reads a frame without allocating. A sequence or a name that cannot be read is none.
    ///
    /// # Errors
    /// [`Malformed`] if the frame is no UTF-8, no object, or has no `op` that can be read.
    pub fn parse(frame: &'a [u8]) -> Result<Self, Malformed> {
        Self::read(text(frame)?, |_, reader| reader.raw()).map(|(envelope, _)| envelope)
    }

    /// Reads a frame, and says what of the envelope was not understood; `data` reads `d` and
    /// returns its text, knowing what came before it.
    pub(super) fn read<F>(text: &'a str, mut data: F) -> Result<(Self, Misreads), Malformed>
    where
        F: FnMut(&Head<'a>, &mut Reader<'a>) -> Result<&'a str, Malformed>,
    {
        let mut reader = Reader::new(text);
        let (mut head, mut seq, mut d) = (Head::default(), Field::Absent, "null");
        let mut goes_on = reader.enters_object()?;
        while goes_on {
            match EnvelopeKey::read(&mut reader)? {
                // Of an opcode that comes twice the last one counts, whatever it is.
                EnvelopeKey::Opcode => head.op = reader.tolerate(Reader::u64)?,
                EnvelopeKey::Sequence => seq = reader.tolerate(Field::read)?.unwrap_or_default(),
                EnvelopeKey::Name => {
                    let name = reader.tolerate(Field::<Text<'_>>::read)?;
                    head.name = name.and_then(Field::into_value);
                }
                EnvelopeKey::Data => d = data(&head, &mut reader)?,
                EnvelopeKey::Other => reader.skip()?,
            }
            goes_on = reader.object_goes_on()?;
        }
        reader.end()?;
        let envelope = Self {
            op: head.op.ok_or_else(|| reader.fault("no op"))?,
            seq: seq.into_value(),
            name: head.name,
            data: d,
        };
        let log = reader.take_misreads();
        Ok((
            envelope,
            log.map(|log| log.locate(text)).unwrap_or_default(),
        ))
    }

    /// Which dispatch it is: [`Name::Unknown`] for a name that this version does not know and for
    /// no name at all.
    #[must_use]
    pub fn kind(&self) -> Name {
        match &self.name {
            Some(name) => Name::from_wire(&name.as_cow()),
            None => Name::Unknown,
        }
    }
}

/// What a key of an envelope stands for.
enum EnvelopeKey {
    Opcode,
    Sequence,
    Name,
    Data,
    Other,
}

impl EnvelopeKey {
    /// Passes a key and its colon, in whatever order they come.
    #[inline]
    fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        reader.eat_blank();
        if reader.passes(quoted!("d")) {
            return Ok(Self::Data);
        }
        if reader.passes(quoted!("t")) {
            return Ok(Self::Name);
        }
        if reader.passes(quoted!("s")) {
            return Ok(Self::Sequence);
        }
        if reader.passes(quoted!("op")) {
            return Ok(Self::Opcode);
        }
        Self::read_any(reader)
    }

    /// The same for one that is spelt in an odd way, or not known.
    #[inline(never)]
    fn read_any(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        let mut room = KEY_ROOM;
        Ok(match reader.key(&mut room)? {
            "op" => Self::Opcode,
            "s" => Self::Sequence,
            "t" => Self::Name,
            "d" => Self::Data,
            _ => Self::Other,
        })
    }
}

/// What a frame has said so far of what it is.
#[derive(Clone, Debug, Default)]
pub(super) struct Head<'a> {
    op: Option<u64>,
    name: Option<Text<'a>>,
}

impl Head<'_> {
    /// The name of a dispatch as it is known by now, or as it seems to stand behind the data, in
    /// which case that has to be looked at again; [`Name::Unknown`] if it is none, or there is no
    /// name.
    pub(super) fn dispatch(&self, frame: &str) -> Name {
        match (self.op, &self.name) {
            (Some(0), Some(name)) => name.as_plain().map_or(Name::Unknown, Name::from_wire),
            (Some(0) | None, None) => last_name(frame),
            _ => Name::Unknown,
        }
    }
}

/// The name in the last bytes of a frame; [`Name::Unknown`] if they do not look as if they had one.
#[inline(never)]
fn last_name(frame: &str) -> Name {
    let behind_key = |colon| {
        let (before, after) = frame.as_bytes().split_at_checked(colon)?;
        before.ends_with(br#""t""#).then_some(after)
    };
    let value = last_places(frame.as_bytes(), b':').find_map(behind_key);
    let name = value.and_then(|value| {
        let value = value.strip_prefix(b":")?;
        let value = value.strip_prefix(b" ").unwrap_or(value);
        let name = value.strip_prefix(b"\"")?;
        name.get(..until_end(name))
    });
    name.map_or(Name::Unknown, Name::from_bytes)
}

/// The frame as text.
pub(super) fn text(frame: &[u8]) -> Result<&str, Malformed> {
    simdutf8::basic::from_utf8(frame).or_else(|_| {
        // The slower one knows where it goes wrong.
        core::str::from_utf8(frame)
            .map_err(|error| Malformed::new("not UTF-8", error.valid_up_to()))
    })
}
#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn a_dispatch_is_taken_apart() {
        let frame = br#" {"t":"GUILD_DELETE","s":7,"op":0,"d":{"id":"1"}, "x":[1]} "#;
        let envelope = Envelope::parse(frame).unwrap();
        assert_eq!((envelope.op, envelope.seq), (0, Some(7)));
        assert_eq!(envelope.kind(), Name::GuildDelete);
        assert_eq!(envelope.data, r#"{"id":"1"}"#);
    }

    #[test]
    fn the_last_of_two_keys_counts() {
        let frame = br#"{"op":0,"s":"x","s":1,"op":10,"d":1,"d":{"a":2},"t":5,"t":null}"#;
        let envelope = Envelope::parse(frame).unwrap();
        assert_eq!(
            (envelope.op, envelope.seq, envelope.name),
            (10, Some(1), None)
        );
        assert_eq!(envelope.data, r#"{"a":2}"#);
    }

    #[test]
    fn what_is_superseded_counts_as_little_with_junk_behind_it() {
        for junk in ["4\0", "4x", "4.", "-4x", "truex", "nullx", "null\0", "tru"] {
            let frame = std::format!("{{\"op\":{junk},\"s\":{junk},\"s\":1,\"op\":10}}");
            let envelope = Envelope::parse(frame.as_bytes()).unwrap();
            assert_eq!((envelope.op, envelope.seq), (10, Some(1)), "{junk}");
            let frame = std::format!("{{\"op\":10,\"op\":{junk}}}");
            assert!(Envelope::parse(frame.as_bytes()).is_err(), "{junk}");
        }
    }

    #[test]
    fn absent_and_null_are_none() {
        let envelope = Envelope::parse(br#"{"op":11}"#).unwrap();
        assert_eq!(
            (envelope.seq, envelope.name, envelope.data),
            (None, None, "null")
        );
    }

    #[test]
    fn an_unknown_name_keeps_its_text() {
        let envelope = Envelope::parse(br#"{"op":0,"t":"BRAND_NEW","s":1,"d":null}"#).unwrap();
        assert_eq!(envelope.kind(), Name::Unknown);
        assert_eq!(envelope.name, Some(Text::plain("BRAND_NEW")));
    }

    #[test]
    fn a_sequence_or_a_name_of_an_odd_form_is_read_or_none() {
        for (text, seq) in [
            ("\"7\"", Some(7)),
            ("7.0", Some(7)),
            ("-1", None),
            ("{}", None),
        ] {
            let frame = std::format!("{{\"op\":0,\"t\":\"RESUMED\",\"s\":{text}}}");
            let envelope = Envelope::parse(frame.as_bytes()).unwrap();
            assert_eq!(
                (envelope.seq, envelope.kind()),
                (seq, Name::Resumed),
                "{text}"
            );
        }
        for name in ["1", "\"\\ud800\"", "[]"] {
            let frame = std::format!("{{\"op\":0,\"t\":{name},\"s\":1}}");
            let (envelope, misreads) = Envelope::read(&frame, |_, reader| reader.raw()).unwrap();
            assert_eq!((envelope.seq, envelope.name), (Some(1), None), "{name}");
            assert_eq!((misreads.count(), misreads.places()[0].path()), (1, "t"));
        }
    }

    #[test]
    fn nonsense_is_malformed() {
        for frame in [
            &b""[..],
            b"not json",
            b"[]",
            b"null",
            b"{}",
            b"{\"op\":-1}",
            b"{\"op\":1.5}",
            b"{\"op\":\"0\"}",
            b"{\"op\":null}",
            b"{\"op\":99999999999999999999}",
            b"{\"op\":0}x",
            b"{\"op\":0",
            b"{\"op\":0,\"d\":[}",
            b"{\"op\":0,\"d\":\"\xff\"}",
        ] {
            assert!(
                Envelope::parse(frame).is_err(),
                "{}",
                String::from_utf8_lossy(frame)
            );
        }
    }
}
