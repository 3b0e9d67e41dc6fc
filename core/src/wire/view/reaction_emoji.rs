//! Emojis to react with.

use serde::{Deserialize, Serialize};

use crate::id::EmojiId;
use crate::wire::field::{Part, Read};
use crate::wire::packed::{Cursor, Form, Packed, Payload, Sink};
use crate::wire::{Field, Malformed, Text, json::Reader};

/// An emoji to react with.
///
/// One whose id cannot be read is none: it is not the ordinary emoji of that name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReactionEmoji<'i> {
    /// The id of a custom one; null for an ordinary one.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub id: Field<EmojiId>,
    /// The name, or the emoji itself.
    #[serde(default, skip_serializing_if = "Field::is_absent")]
    pub name: Field<Text<'i>>,
    /// Whether it moves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub animated: Option<bool>,
}

impl ReactionEmoji<'_> {
    /// An emoji of which nothing is said.
    #[must_use]
    pub const fn bare() -> Self {
        Self {
            id: Field::Absent,
            name: Field::Absent,
            animated: None,
        }
    }

    /// Whether it is the same emoji: the ids decide, and the names only where there are none.
    #[must_use]
    pub fn is(&self, other: &ReactionEmoji<'_>) -> bool {
        match (self.id.value(), other.id.value()) {
            (None, None) => self.name.value() == other.name.value(),
            (one, another) => one == another,
        }
    }

    /// The same emoji, borrowing nothing.
    #[must_use]
    pub fn into_owned(self) -> ReactionEmoji<'static> {
        ReactionEmoji {
            id: self.id,
            name: self.name.map(Text::into_owned),
            animated: self.animated,
        }
    }
}

impl<'i> Read<'i> for ReactionEmoji<'i> {
    fn read(reader: &mut Reader<'i>) -> Result<Self, Malformed> {
        let (mut id, mut name, mut animated) = (Some(Field::Absent), Field::Absent, None);
        reader.object(|key, reader| {
            match key {
                "id" => id = reader.tolerate(Field::read)?,
                "name" => name = reader.tolerate(Field::read)?.unwrap_or_default(),
                "animated" => animated = reader.tolerate(Reader::flag)?,
                _ => reader.skip()?,
            }
            Ok(())
        })?;
        let id = id.ok_or_else(|| reader.fault("an emoji whose id cannot be read"))?;
        Ok(Self { id, name, animated })
    }
}

impl Part for ReactionEmoji<'_> {
    type Owned = ReactionEmoji<'static>;

    fn own(self) -> ReactionEmoji<'static> {
        self.into_owned()
    }

    fn heap(&self) -> usize {
        self.name.heap()
    }
}

/// A byte with the states of the three parts, and these.
impl<'a> Payload<'a> for ReactionEmoji<'a> {
    #[allow(clippy::cast_possible_truncation, reason = "six bits")]
    fn put(&self, sink: &mut Sink) {
        let states = self.id.state() | self.name.state() << 2 | self.animated.state() << 4;
        sink.byte(states as u8);
        self.id.pack(sink);
        self.name.pack(sink);
        self.animated.pack(sink);
    }

    fn take(_: Form, from: &mut Cursor<'a>) -> Option<Self> {
        let states = u64::from(from.byte()?);
        Some(Self {
            id: Packed::unpack(states & 3, from),
            name: Packed::unpack((states >> 2) & 3, from),
            animated: Packed::unpack((states >> 4) & 3, from),
        })
    }
}
