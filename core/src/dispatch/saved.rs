//! A dispatch that is held, as a checkpoint has it.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::Dispatch;
use crate::misunderstood::{Fault, Misunderstood};
use crate::wire::{Misreads, Name, Text};

/// [`Dispatch`] without what is displaced: nothing yet, as it is held. Of what was not understood
/// it has the number alone; the rest follows from the data.
#[derive(serde::Serialize, serde::Deserialize)]
struct SavedDispatch<'d> {
    name: Cow<'d, str>,
    sequence: Option<u64>,
    data: Cow<'d, str>,
    misunderstood: Option<u64>,
    unstored: bool,
    replayed: bool,
}

impl Serialize for Dispatch<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let saved = SavedDispatch {
            name: self.text.as_cow(),
            sequence: self.sequence,
            data: Cow::Borrowed(&self.data),
            misunderstood: self.misunderstood_count(),
            unstored: self.unstored,
            replayed: self.replayed,
        };
        saved.serialize(to)
    }
}

impl<'de> Deserialize<'de> for Dispatch<'static> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let saved = SavedDispatch::deserialize(from)?;
        let text: String = saved.name.into_owned();
        let (name, sequence) = (Name::from_wire(&text), saved.sequence);
        let misunderstood = saved.misunderstood.map(|count| {
            Box::new(Misunderstood {
                fault: Fault::Values,
                name: Some(name),
                sequence,
                count,
                misreads: Misreads::default(),
            })
        });
        Ok(Self {
            name,
            text: Text::plain(&text).into_owned(),
            sequence,
            data: Cow::Owned(saved.data.into_owned()),
            displaced: None,
            misunderstood,
            unstored: saved.unstored,
            replayed: saved.replayed,
        })
    }
}
