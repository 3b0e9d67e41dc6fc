//! Writes JSON by hand: commands are few and small, and a heartbeat must not allocate.

use alloc::string::String;
use core::fmt::{self, Write};

/// An object or array under construction at the end of a text.
///
/// The caller closes what it opened; members are separated by the writer.
pub(crate) struct Writer<'b> {
    text: &'b mut String,
    fresh: bool,
}

impl<'b> Writer<'b> {
    /// Starts at the end of `text`.
    pub(crate) const fn new(text: &'b mut String) -> Self {
        Self { text, fresh: true }
    }

    fn separate(&mut self) {
        if !self.fresh {
            self.text.push(',');
        }
        self.fresh = false;
    }

    /// An element of an array, or the value after a key.
    pub(crate) fn raw(&mut self, value: &impl fmt::Display) {
        self.separate();
        // Writing to a `String` cannot fail.
        let _ = write!(self.text, "{value}");
    }

    /// A text, with the escapes that JSON demands.
    pub(crate) fn string(&mut self, value: &str) {
        self.separate();
        self.text.push('"');
        for letter in value.chars() {
            match letter {
                '"' => self.text.push_str("\\\""),
                '\\' => self.text.push_str("\\\\"),
                control if control < ' ' => {
                    let _ = write!(self.text, "\\u{:04x}", u32::from(control));
                }
                plain => self.text.push(plain),
            }
        }
        self.text.push('"');
    }

    /// An id, in its string form.
    pub(crate) fn id(&mut self, id: &impl fmt::Display) {
        self.separate();
        let _ = write!(self.text, "\"{id}\"");
    }

    /// The value `null`, or what `write` makes of the one there is.
    pub(crate) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.raw(&"null"),
        }
    }

    /// The key of the next value.
    pub(crate) fn key(&mut self, key: &str) -> &mut Self {
        self.string(key);
        self.text.push(':');
        self.fresh = true;
        self
    }

    /// An object whose members `fill` writes.
    pub(crate) fn object(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nest('{', '}', fill);
    }

    /// An array whose elements `fill` writes.
    pub(crate) fn array(&mut self, fill: impl FnOnce(&mut Self)) {
        self.nest('[', ']', fill);
    }

    fn nest(&mut self, open: char, close: char, fill: impl FnOnce(&mut Self)) {
        self.separate();
        self.text.push(open);
        self.fresh = true;
        fill(self);
        self.text.push(close);
        self.fresh = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_reads_back() {
        let awkward = "\"\\\n\u{1}\u{7f}é\u{1f600}";
        let mut text = String::new();
        Writer::new(&mut text).object(|w| {
            w.key("a").string(awkward);
            w.key("b").array(|w| {
                w.raw(&1);
                w.option(None::<u8>, |w, n| w.raw(&n));
                w.option(Some(2), |w, n| w.raw(&n));
                w.object(|_| ());
            });
            w.key("c").raw(&true);
        });
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"a": awkward, "b": [1, null, 2, {}], "c": true})
        );
    }
}
