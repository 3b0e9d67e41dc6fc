//! IRCv3 message tags, read in place.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

use crate::twitch::scan;

/// The tags of a message: borrowed, in wire order, found without an index.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct Tags<'a>(&'a str);

impl<'a> Tags<'a> {
    /// `raw` is what stands between `@` and the blank, checked by the message parser.
    pub(super) const fn new(raw: &'a str) -> Self {
        Self(raw)
    }

    /// The tags as they are on the wire, without `@`; empty when there are none.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Whether the message has no tags.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The value of a tag; of several with this key the last one counts, as IRCv3 has it.
    #[must_use]
    pub fn get(self, key: &str) -> Option<TagValue<'a>> {
        self.iter()
            .filter(|(name, _)| *name == key)
            .last()
            .map(|(_, value)| value)
    }

    /// Every tag in wire order, duplicates too.
    #[must_use]
    pub const fn iter(self) -> TagIter<'a> {
        TagIter(self.0)
    }
}

impl<'a> IntoIterator for Tags<'a> {
    type Item = (&'a str, TagValue<'a>);
    type IntoIter = TagIter<'a>;

    fn into_iter(self) -> TagIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Tags<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Goes through the tags of a message.
#[derive(Clone, Copy, Debug)]
pub struct TagIter<'a>(&'a str);

impl<'a> Iterator for TagIter<'a> {
    type Item = (&'a str, TagValue<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let text = self.0;
        let Some(end) = scan::find_either(b'=', b';', text.as_bytes()) else {
            self.0 = "";
            return Some((text, TagValue::EMPTY));
        };
        let (key, rest) = (scan::head(text, end), scan::tail(text, end));
        if text.as_bytes().get(end) == Some(&b';') {
            self.0 = rest;
            return Some((key, TagValue::EMPTY));
        }
        let (value, rest) = TagValue::take(rest);
        self.0 = rest;
        Some((key, value))
    }
}

/// The value of a tag. A missing value and an empty one are the same thing.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TagValue<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> TagValue<'a> {
    const EMPTY: Self = Self {
        raw: "",
        escaped: false,
    };

    /// Splits a value from the tags that follow it, and notes on the way whether it has escapes.
    #[inline]
    fn take(text: &'a str) -> (Self, &'a str) {
        let bytes = text.as_bytes();
        let mut end = scan::find_either(b';', b'\\', bytes);
        let escaped = end.is_some_and(|end| bytes.get(end) == Some(&b'\\'));
        if escaped {
            end = scan::find(b';', bytes);
        }
        let (raw, rest) = match end {
            Some(end) => (scan::head(text, end), scan::tail(text, end)),
            None => (text, ""),
        };
        (Self { raw, escaped }, rest)
    }

    /// The value as it is on the wire, escapes and all.
    #[must_use]
    pub const fn raw(self) -> &'a str {
        self.raw
    }

    /// The value with its escapes undone; borrowed when it has none.
    ///
    /// `\:` is `;`, `\s` a blank, `\\` a backslash, `\r` and `\n` CR and LF; any other escaped
    /// character stands for itself, and a lone backslash at the end is dropped (IRCv3).
    #[must_use]
    #[inline]
    pub fn unescape(self) -> Cow<'a, str> {
        if self.escaped {
            Cow::Owned(self.without_escapes())
        } else {
            Cow::Borrowed(self.raw)
        }
    }

    fn without_escapes(self) -> String {
        let mut text = String::with_capacity(self.raw.len());
        let (plain, mut rest) = scan::split(self.raw, b'\\');
        text.push_str(plain);
        while let Some(escaped) = rest {
            let mut chars = escaped.chars();
            match chars.next() {
                None => break,
                Some(':') => text.push(';'),
                Some('s') => text.push(' '),
                Some('r') => text.push('\r'),
                Some('n') => text.push('\n'),
                Some(other) => text.push(other),
            }
            let (plain, more) = scan::split(chars.as_str(), b'\\');
            text.push_str(plain);
            rest = more;
        }
        text
    }
}

impl fmt::Debug for TagValue<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.raw, f)
    }
}

/// Appends a value with the five escapes that tags know.
pub(super) fn escape(value: &str, out: &mut String) {
    for letter in value.chars() {
        match letter {
            ';' => out.push_str("\\:"),
            ' ' => out.push_str("\\s"),
            '\\' => out.push_str("\\\\"),
            '\r' => out.push_str("\\r"),
            '\n' => out.push_str("\\n"),
            other => out.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_duplicate_wins_and_no_value_is_an_empty_one() {
        let tags = Tags::new("a=1;b;a=2;c=;+x/y=z=w");
        assert_eq!(tags.get("a").unwrap().raw(), "2");
        assert_eq!(tags.get("b"), tags.get("c"));
        assert_eq!(tags.get("+x/y").unwrap().raw(), "z=w");
        assert_eq!(tags.get("d"), None);
        assert_eq!(tags.iter().count(), 5);
    }

    #[test]
    fn escapes_follow_the_table() {
        let text = |raw| TagValue::take(raw).0.unescape();
        assert_eq!(text("a\\:b\\s\\\\c\\r\\n"), "a;b \\c\r\n");
        assert_eq!(text("\\b\\é\\"), "bé");
        assert_eq!(text("\\\\s"), "\\s");
        assert!(matches!(text("plain"), Cow::Borrowed("plain")));
    }
}
