//! Parts of a payload that are kept as JSON.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use serde::de::{Deserialize, Deserializer, Error as _};
use serde::ser::{Serialize, Serializer};

use super::field::{Part, Read};
use super::packed::{Cursor, Form, Payload, Sink};
use super::{Malformed, Text, json::Reader};

/// A value kept as the JSON it came as, checked to the last byte.
///
/// For what is deep and seldom looked at, such as embeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Json<'i>(Cow<'i, str>);

/// What most messages have of embeds and components.
const EMPTY: &str = "[]";

impl<'i> Json<'i> {
    /// The value that this text is.
    ///
    /// # Errors
    /// [`Malformed`] if it is no JSON, or nested too deeply.
    pub fn new(text: &'i str) -> Result<Self, Malformed> {
        let mut reader = Reader::new(text);
        reader.value()?;
        reader.end()?;
        Ok(Self(Cow::Borrowed(text)))
    }

    /// The text, ready for a parser.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<'i> Read<'i> for Json<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        if reader.passes(b"[]") {
            return Ok(Self(Cow::Borrowed(EMPTY)));
        }
        Self::new(reader.raw()?.trim())
    }
}

/// Usually a text; in the other form an empty list.
impl<'a> Payload<'a> for Json<'a> {
    fn form(&self) -> Form {
        match &*self.0 {
            EMPTY => Form::Other,
            _ => Form::Usual,
        }
    }

    fn put(&self, sink: &mut Sink) {
        if self.form() == Form::Usual {
            sink.text(&Text::plain(&self.0), 0);
        }
    }

    fn take(form: Form, from: &mut Cursor<'a>) -> Option<Self> {
        let text = match form {
            Form::Usual => core::str::from_utf8(from.counted()?).ok()?,
            Form::Other => EMPTY,
        };
        Some(Self(Cow::Borrowed(text)))
    }

    fn pass(form: Form, from: &mut Cursor<'a>) {
        if form == Form::Usual {
            from.counted();
        }
    }
}

impl Part for Json<'_> {
    type Owned = Json<'static>;

    fn own(self) -> Json<'static> {
        if &*self.0 == EMPTY {
            return Json(Cow::Borrowed(EMPTY));
        }
        let text: Box<str> = self.0.into_owned().into();
        Json(Cow::Owned(text.into()))
    }

    fn heap(&self) -> usize {
        match &self.0 {
            Cow::Borrowed(_) => 0,
            Cow::Owned(text) => text.capacity(),
        }
    }
}

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Json<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Json::new(&text).map_err(D::Error::custom)?;
        Ok(Self(Cow::Owned(text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_json_and_stays_it() {
        let mut reader = Reader::new(r#" {"a":[1,"\u00e9"]} "#);
        let json = Json::read(&mut reader).unwrap();
        assert_eq!(json.as_str(), r#"{"a":[1,"\u00e9"]}"#);
        let text = serde_json::to_string(&json).unwrap();
        assert_eq!(serde_json::from_str::<Json<'_>>(&text).unwrap(), json);
        assert!(serde_json::from_str::<Json<'_>>("\"{\"").is_err());
        for text in [r#"{"a":nul}"#, "{\"a\":[01]}", r#"["\x"]"#] {
            assert!(Json::read(&mut Reader::new(text)).is_err(), "{text}");
        }
    }
}
