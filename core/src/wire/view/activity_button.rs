//! Buttons of activities.

use serde::{Deserialize, Serialize};

use crate::wire::field::{Part, Read};
use crate::wire::packed::{Cursor, Form, Payload, Sink};
use crate::wire::{Field, Malformed, Text, json::Reader};

/// A button beside an activity.
///
/// Servers send bots the label alone, as a text; an object with a label and a `url` is understood
/// too.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ActivityButton<'i> {
    /// What stands on it.
    pub label: Text<'i>,
    /// Where it leads, if the payload says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<Text<'i>>,
}

impl<'i> Read<'i> for ActivityButton<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        if reader.peek() == Some(b'"') {
            let label = reader.text()?;
            return Ok(Self { label, url: None });
        }
        let (mut label, mut url) = (None, None);
        reader.object(|key, reader| {
            match key {
                "label" => label = reader.tolerate(Reader::text)?,
                "url" => {
                    let read = reader.tolerate(<Field<Text<'i>> as Read<'i>>::read)?;
                    url = read.and_then(Field::into_value);
                }
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        match label {
            Some(label) => Ok(Self { label, url }),
            None => Err(reader.fault("a button without a label")),
        }
    }
}

impl Part for ActivityButton<'_> {
    type Owned = ActivityButton<'static>;

    fn own(self) -> ActivityButton<'static> {
        ActivityButton {
            label: self.label.into_owned(),
            url: self.url.map(Text::into_owned),
        }
    }

    fn heap(&self) -> usize {
        let url = self.url.as_ref().map_or(0, Text::heap_bytes);
        self.label.heap_bytes().saturating_add(url)
    }
}

/// Usually the label alone.
impl<'a> Payload<'a> for ActivityButton<'a> {
    fn form(&self) -> Form {
        match self.url {
            None => Form::Usual,
            Some(_) => Form::Other,
        }
    }

    fn put(&self, sink: &mut Sink) {
        self.label.put(sink);
        if let Some(url) = &self.url {
            url.put(sink);
        }
    }

    fn take(form: Form, from: &mut Cursor<'a>) -> Option<Self> {
        let label = Text::take(Form::Usual, from)?;
        let url = match form {
            Form::Usual => None,
            Form::Other => Some(Text::take(Form::Usual, from)?),
        };
        Some(Self { label, url })
    }
}
