//! The contents of a JSON string, borrowed from the payload and unescaped only when asked for.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use core::cmp::Ordering;
use core::fmt::{self, Write as _};
use core::hash::{Hash, Hasher};

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};

use super::json::Unescape;

/// A text of a payload: valid, and kept as it came until its characters are wanted.
///
/// Equality, order and hash are those of the unescaped characters, so that it does not matter how
/// the peer chose to write them. `Text<'static>` owns its characters.
#[derive(Clone)]
pub struct Text<'a>(TextForm<'a>);

#[derive(Clone)]
enum TextForm<'a> {
    /// No escapes: the characters themselves.
    Plain(&'a str),
    /// The inside of a JSON string whose escapes have been checked.
    Escaped(&'a str),
    Owned(Box<str>),
}

impl<'a> Text<'a> {
    /// A text of these characters; a backslash is a backslash.
    #[must_use]
    pub const fn plain(characters: &'a str) -> Self {
        Self(TextForm::Plain(characters))
    }

    /// The inside of a JSON string that the reader has checked.
    pub(crate) const fn checked(inside: &'a str, escaped: bool) -> Self {
        if escaped {
            Self(TextForm::Escaped(inside))
        } else {
            Self(TextForm::Plain(inside))
        }
    }

    /// The characters, without allocating unless there are escapes.
    #[must_use]
    pub fn as_cow(&self) -> Cow<'_, str> {
        match &self.0 {
            TextForm::Plain(text) => Cow::Borrowed(text),
            TextForm::Owned(text) => Cow::Borrowed(text),
            TextForm::Escaped(inside) => Cow::Owned(unescaped(inside)),
        }
    }

    /// The characters if they stand in the payload as they are: `None` when there are escapes.
    #[must_use]
    pub const fn as_plain(&self) -> Option<&str> {
        match &self.0 {
            TextForm::Plain(text) => Some(text),
            TextForm::Owned(text) => Some(text),
            TextForm::Escaped(_) => None,
        }
    }

    /// The characters if they are borrowed as they are.
    pub(crate) fn into_plain(self) -> Option<&'a str> {
        match self.0 {
            TextForm::Plain(text) => Some(text),
            TextForm::Escaped(_) | TextForm::Owned(_) => None,
        }
    }

    /// The characters one by one, never allocating.
    #[must_use]
    pub fn chars(&self) -> Unescape<'_> {
        match &self.0 {
            TextForm::Plain(text) => Unescape::plain(text),
            TextForm::Owned(text) => Unescape::plain(text),
            TextForm::Escaped(inside) => Unescape::new(inside),
        }
    }

    /// An upper bound of the length in bytes, exact when there are no escapes.
    #[must_use]
    pub const fn len_hint(&self) -> usize {
        match &self.0 {
            TextForm::Plain(text) | TextForm::Escaped(text) => text.len(),
            TextForm::Owned(text) => text.len(),
        }
    }

    /// Whether there are no characters at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len_hint() == 0
    }

    /// The same text, owning its characters.
    #[must_use]
    pub fn into_owned(self) -> Text<'static> {
        Text(TextForm::Owned(self.into_boxed_str()))
    }

    /// Bytes on the heap.
    pub(crate) const fn heap_bytes(&self) -> usize {
        match &self.0 {
            TextForm::Plain(_) | TextForm::Escaped(_) => 0,
            TextForm::Owned(text) => text.len(),
        }
    }

    /// The characters in a box of their own.
    #[must_use]
    pub fn into_boxed_str(self) -> Box<str> {
        match self.0 {
            TextForm::Plain(text) => text.into(),
            TextForm::Owned(text) => text,
            TextForm::Escaped(inside) => unescaped(inside).into_boxed_str(),
        }
    }
}

/// The characters of the inside of a string.
fn unescaped(inside: &str) -> String {
    let mut text = String::with_capacity(inside.len());
    Unescape::new(inside).runs(|run| text.push_str(run));
    text
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        match self.as_plain() {
            Some(text) => text == other,
            None => self.chars().eq(other.chars()),
        }
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl PartialEq<Text<'_>> for Text<'_> {
    fn eq(&self, other: &Text<'_>) -> bool {
        match other.as_plain() {
            Some(text) => *self == *text,
            None => self.chars().eq(other.chars()),
        }
    }
}

impl Eq for Text<'_> {}

impl PartialOrd for Text<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.chars().cmp(other.chars())
    }
}

impl Hash for Text<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for character in self.chars() {
            state.write_u32(u32::from(character));
        }
        state.write_u8(0xff);
    }
}

impl Default for Text<'_> {
    fn default() -> Self {
        Self::plain("")
    }
}

impl<'a> From<&'a str> for Text<'a> {
    fn from(characters: &'a str) -> Self {
        Self::plain(characters)
    }
}

impl From<String> for Text<'_> {
    fn from(characters: String) -> Self {
        Self(TextForm::Owned(characters.into_boxed_str()))
    }
}

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_plain() {
            Some(text) => f.pad(text),
            None => self
                .chars()
                .try_for_each(|character| f.write_char(character)),
        }
    }
}

impl fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.as_cow(), f)
    }
}

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self.as_plain() {
            Some(text) => to.serialize_str(text),
            None => to.collect_str(self),
        }
    }
}

impl<'de> Deserialize<'de> for Text<'_> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<'de, str>::deserialize(from)?;
        Ok(Self(TextForm::Owned(text.into_owned().into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::ToString;

    fn escaped(inside: &str) -> Text<'_> {
        Text::checked(inside, true)
    }

    #[test]
    fn equality_and_order_are_those_of_the_characters() {
        assert_eq!(escaped(r"a\u0062c"), Text::plain("abc"));
        assert_eq!(escaped(r"\ud83d\ude00"), "\u{1f600}");
        assert_ne!(escaped(r"a\\b"), Text::plain(r"a\\b"));
        assert!(escaped(r"\u0061") < Text::plain("b"));
        assert_eq!(size_of::<Text<'_>>(), 24);
        assert_eq!(size_of::<Option<Text<'_>>>(), 24);
    }

    #[test]
    fn an_owned_text_shows_and_serialises_the_characters() {
        let text = escaped(r#"tab\tquote\" \/ \u00e9"#).into_owned();
        assert_eq!(text.to_string(), "tab\tquote\" / \u{e9}");
        let json = serde_json::to_string(&escaped(r#"a\"b"#)).unwrap();
        assert_eq!(json, r#""a\"b""#);
        assert_eq!(
            serde_json::from_str::<Text<'static>>(&json).unwrap(),
            "a\"b"
        );
    }
}
