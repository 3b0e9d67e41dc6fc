//! Voice sessions.

use alloc::string::String;
use core::fmt;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::field::{Part, Read};
use super::hex;
use super::packed::{Cursor, Form, Payload, Sink};
use super::{Malformed, Text, json::Reader};

/// The id of a voice session, as small as it can be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VoiceSession<'i> {
    /// 32 hexadecimal digits in lower case.
    Digits([u8; 16]),
    /// Any other text.
    Other(Text<'i>),
}

impl<'i> VoiceSession<'i> {
    /// The session with this id.
    #[must_use]
    pub fn new(id: Text<'i>) -> Self {
        let digits = match id.as_plain() {
            Some(plain) => hex::sixteen_bytes(plain.as_bytes()),
            None => hex::sixteen_bytes(id.as_cow().as_bytes()),
        };
        digits.map_or(Self::Other(id), Self::Digits)
    }

    /// The same session, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> VoiceSession<'static> {
        match self {
            Self::Digits(bytes) => VoiceSession::Digits(bytes),
            Self::Other(id) => VoiceSession::Other(id.into_owned()),
        }
    }
}

impl fmt::Display for VoiceSession<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Digits(bytes) => hex::write(bytes, f),
            Self::Other(id) => id.fmt(f),
        }
    }
}

impl Serialize for VoiceSession<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for VoiceSession<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let id = String::deserialize(from)?;
        Ok(VoiceSession::new(Text::plain(&id)).into_owned())
    }
}

impl<'i> Read<'i> for VoiceSession<'i> {
    #[inline]
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        match hex::quoted(reader) {
            Some(bytes) => Ok(Self::Digits(bytes)),
            None => reader.text().map(Self::new),
        }
    }
}

/// Usually sixteen bytes; otherwise a text.
impl<'a> Payload<'a> for VoiceSession<'a> {
    const NOTHING: Option<Self> = Some(Self::Other(Text::plain("")));

    fn is_nothing(&self) -> bool {
        matches!(self, Self::Other(id) if id.is_empty())
    }

    fn form(&self) -> Form {
        match self {
            Self::Digits(_) => Form::Usual,
            Self::Other(_) => Form::Other,
        }
    }

    fn put(&self, sink: &mut Sink) {
        match self {
            Self::Digits(bytes) => sink.put(bytes),
            Self::Other(id) => sink.text(id, 0),
        }
    }

    fn take(form: Form, from: &mut Cursor<'a>) -> Option<Self> {
        Some(match form {
            Form::Usual => Self::Digits(from.array()?),
            Form::Other => Self::Other(Text::take(form, from)?),
        })
    }
}

impl Part for VoiceSession<'_> {
    type Owned = VoiceSession<'static>;

    fn own(self) -> VoiceSession<'static> {
        self.into_owned()
    }

    fn heap(&self) -> usize {
        match self {
            Self::Digits(_) => 0,
            Self::Other(id) => id.heap_bytes(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    #[test]
    fn every_id_comes_back_as_it_was_and_usual_ones_take_no_heap() {
        let usual = "0123456789abcdef0123456789abcdef";
        for id in [usual, "0123456789ABCDEF0123456789abcdef", "", "x", "\u{e9}"] {
            let json = serde_json::to_string(id).unwrap();
            let read = VoiceSession::read(&mut Reader::new(&json)).unwrap();
            assert_eq!(read.to_string(), id);
            assert_eq!(serde_json::to_string(&read).unwrap(), json);
            let again: VoiceSession<'_> = serde_json::from_str(&json).unwrap();
            assert_eq!(again, read);
            assert_eq!(again.heap() == 0, id == usual || id.is_empty(), "{id}");
        }
        assert_eq!(size_of::<Option<VoiceSession<'_>>>(), 24);
    }
}
