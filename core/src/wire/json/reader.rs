//! The reader itself: where it stands, and the two containers.

use super::{Key, Unescape, order};
use crate::wire::Malformed;

/// How deep containers may nest: one more is malformed, as it is for `serde_json`.
pub const MAX_DEPTH: u8 = 127;

/// Room for a key with escapes; a longer one is none that anybody asks for.
const KEY: usize = 64;

/// Room for a key with escapes.
pub(crate) const KEY_ROOM: [u8; KEY] = [0; KEY];

/// Reads one JSON text from front to back.
///
/// After an error the reader stands anywhere; drop it.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) depth: u8,
}

impl<'a> Reader<'a> {
    /// Starts at the front of `text`.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
        }
    }

    /// How many bytes have not been read.
    #[must_use]
    pub const fn remaining(&self) -> usize {
        self.text.len().saturating_sub(self.at)
    }

    /// A fault at the reader's place.
    #[cold]
    #[must_use]
    pub fn fault(&self, what: &'static str) -> Malformed {
        Malformed::new(what, self.at)
    }

    #[inline]
    pub(super) fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    pub(super) fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// The next bytes, which stay unread.
    #[inline]
    pub(crate) fn ahead<const N: usize>(&self) -> Option<&'a [u8; N]> {
        self.text.as_bytes().get(self.at..)?.first_chunk()
    }

    /// Passes over bytes that have been looked at.
    #[inline]
    pub(crate) fn advance(&mut self, bytes: usize) {
        self.at = self.at.wrapping_add(bytes);
    }

    /// Passes over blanks and returns the byte after them, which stays unread.
    #[inline]
    pub fn peek(&mut self) -> Option<u8> {
        match self.byte() {
            Some(byte) if byte > b' ' => Some(byte),
            _ => self.peek_behind_blanks(),
        }
    }

    #[cold]
    #[inline(never)]
    fn peek_behind_blanks(&mut self) -> Option<u8> {
        loop {
            match self.byte() {
                Some(b' ' | b'\n' | b'\r' | b'\t') => self.advance(1),
                other => return other,
            }
        }
    }

    /// The text from the byte `start` to the reader's place.
    pub(crate) fn since(&self, start: usize) -> &'a str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// Where the reader stands, in bytes from the start.
    pub(crate) const fn place(&self) -> usize {
        self.at
    }

    #[inline]
    pub(super) fn eat(&mut self, byte: u8) -> bool {
        let found = self.byte() == Some(byte) || self.peek() == Some(byte);
        if found {
            self.advance(1);
        }
        found
    }

    #[inline]
    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Malformed> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.fault(what))
        }
    }

    #[inline]
    fn open(&mut self, byte: u8, what: &'static str) -> Result<(), Malformed> {
        self.expect(byte, what)?;
        if self.depth >= MAX_DEPTH {
            return Err(self.fault("nested too deeply"));
        }
        self.depth = self.depth.wrapping_add(1);
        Ok(())
    }

    #[inline]
    fn close(&mut self) {
        self.depth = self.depth.wrapping_sub(1);
    }

    /// Reads an object: for each key, in order, `field` must read or skip one value.
    ///
    /// A key that comes twice is handed out twice; let the last one win. What `field` has against
    /// a value does not count if its key comes again. Keys are unescaped.
    ///
    /// # Errors
    /// [`Malformed`] if it is no object, or what `field` says.
    #[inline]
    pub fn object<F>(&mut self, field: F) -> Result<(), Malformed>
    where
        F: FnMut(&str, &mut Self) -> Result<(), Malformed>,
    {
        self.object_in(&[], field)
    }

    /// Reads an object like [`Reader::object`], faster if its keys come in this order.
    #[inline]
    pub(crate) fn object_in<F>(
        &mut self,
        order: &'static [Key<()>],
        mut field: F,
    ) -> Result<(), Malformed>
    where
        F: FnMut(&str, &mut Self) -> Result<(), Malformed>,
    {
        self.object_of(order, |_| (), |(), key, reader| field(key, reader))
    }

    /// Reads an object like [`Reader::object_in`]; `named` says which part a key is.
    #[inline]
    pub(crate) fn object_of<P: Copy, F>(
        &mut self,
        order: &'static [Key<P>],
        named: impl Fn(&str) -> P,
        mut field: F,
    ) -> Result<(), Malformed>
    where
        F: FnMut(P, &str, &mut Self) -> Result<(), Malformed>,
    {
        self.members(order, |found, key, reader| {
            let part = match found {
                Some(part) => part,
                None => named(key),
            };
            let (at, depth) = (reader.at, reader.depth);
            match field(part, key, reader) {
                Ok(()) => Ok(()),
                Err(fault) => {
                    (reader.at, reader.depth) = (at, depth);
                    reader.pass_superseded(key, fault)
                }
            }
        })
    }

    /// Reads an object: `field` gets each key, and its part if it came in the order.
    #[inline]
    fn members<P: Copy, F>(
        &mut self,
        mut order: &'static [Key<P>],
        mut field: F,
    ) -> Result<(), Malformed>
    where
        F: FnMut(Option<P>, &str, &mut Self) -> Result<(), Malformed>,
    {
        if self.enters_object()? {
            loop {
                let mut room;
                let (part, key) = match self.expected_key(&mut order) {
                    Some(key) => (Some(key.part()), key.name()),
                    None => {
                        room = KEY_ROOM;
                        (None, self.key(&mut room)?)
                    }
                };
                field(part, key, self)?;
                if !self.object_goes_on()? {
                    break;
                }
            }
        }
        Ok(())
    }

    /// Passes the bracket that opens an object, and if nothing is in it the other one too;
    /// whether a key comes.
    #[inline]
    pub(crate) fn enters_object(&mut self) -> Result<bool, Malformed> {
        self.open(b'{', "not an object")?;
        let empty = self.eat(b'}');
        if empty {
            self.close();
        }
        Ok(!empty)
    }

    /// Passes what follows a value in an object; whether another key comes.
    #[inline]
    pub(crate) fn object_goes_on(&mut self) -> Result<bool, Malformed> {
        let goes_on = self.goes_on(b'}', "an object is not closed")?;
        if !goes_on {
            self.close();
        }
        Ok(goes_on)
    }

    /// Passes these bytes, if they are next.
    #[inline(always)]
    pub(crate) fn passes<const N: usize>(&mut self, bytes: &'static [u8; N]) -> bool {
        let found = self.ahead() == Some(bytes);
        if found {
            self.advance(N);
        }
        found
    }

    /// Passes a comma, or the closing bracket: whether there is more.
    #[inline]
    fn goes_on(&mut self, end: u8, what: &'static str) -> Result<bool, Malformed> {
        if self.eat(b',') {
            return Ok(true);
        }
        self.expect(end, what).map(|()| false)
    }

    /// Passes a key in the form that is expected, with its colon.
    #[inline]
    fn expected_key<P: Copy>(&mut self, order: &mut &'static [Key<P>]) -> Option<&'static Key<P>> {
        if order.is_empty() {
            return None;
        }
        let end;
        let ahead: &[u8; 1 + order::BYTES] = match self.ahead() {
            Some(ahead) => ahead,
            None => {
                end = self.last_ahead();
                &end
            }
        };
        let [b'"', text @ ..] = ahead else {
            return None;
        };
        let key = Key::next(order, text)?;
        self.advance(key.name().len().wrapping_add(3));
        Some(key)
    }

    /// The last bytes of the text, and zeros.
    #[cold]
    fn last_ahead<const N: usize>(&self) -> [u8; N] {
        let mut ahead = [0; N];
        for (to, from) in ahead.iter_mut().zip(self.rest()) {
            *to = *from;
        }
        ahead
    }

    /// Passes a key and its colon.
    pub(crate) fn key<'r>(&mut self, room: &'r mut [u8; KEY]) -> Result<&'r str, Malformed>
    where
        'a: 'r,
    {
        let (inside, escaped) = self.string()?;
        self.expect(b':', "a colon is missing")?;
        if escaped {
            return Ok(unescaped(Unescape::new(inside), room).unwrap_or("\\"));
        }
        Ok(inside)
    }

    /// Passes the value of a key that comes again, whatever is wrong with it.
    #[cold]
    fn pass_superseded(&mut self, key: &str, fault: Malformed) -> Result<(), Malformed> {
        self.skip().map_err(|_| fault)?;
        let mut ahead = self.clone();
        let mut room = KEY_ROOM;
        while ahead.eat(b',') {
            if ahead.key(&mut room).map_err(|_| fault)? == key {
                return Ok(());
            }
            ahead.skip().map_err(|_| fault)?;
        }
        Err(fault)
    }

    /// Reads an array: `element` must read or skip one value each time.
    ///
    /// # Errors
    /// [`Malformed`] if it is no array, or what `element` says.
    #[inline]
    pub fn array<F>(&mut self, mut element: F) -> Result<(), Malformed>
    where
        F: FnMut(&mut Self) -> Result<(), Malformed>,
    {
        self.open(b'[', "not an array")?;
        if !self.eat(b']') {
            loop {
                element(self)?;
                if !self.goes_on(b']', "an array is not closed")? {
                    break;
                }
            }
        }
        self.close();
        Ok(())
    }

    /// Reads `null` if it is next, and says whether it was.
    ///
    /// # Errors
    /// [`Malformed`] for a misspelt `null`.
    #[inline]
    pub fn null(&mut self) -> Result<bool, Malformed> {
        if self.passes_plain_null() {
            return Ok(true);
        }
        if self.peek() != Some(b'n') {
            return Ok(false);
        }
        self.word(b"null").map(|()| true)
    }

    /// Passes a null that a comma follows, as nearly all do; whether there was one.
    #[inline(always)]
    pub(crate) fn passes_plain_null(&mut self) -> bool {
        let found = self.ahead() == Some(b"null,");
        if found {
            self.advance(4);
        }
        found
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// [`Malformed`] for anything else.
    #[inline]
    pub fn bool(&mut self) -> Result<bool, Malformed> {
        match self.peek() {
            Some(b't') => self.word(b"true").map(|()| true),
            Some(b'f') => self.word(b"false").map(|()| false),
            _ => Err(self.fault("not a boolean")),
        }
    }

    #[inline]
    fn word<const N: usize>(&mut self, word: &'static [u8; N]) -> Result<(), Malformed> {
        if self.ahead() != Some(word) {
            return Err(self.fault("not a value"));
        }
        self.advance(N);
        Ok(())
    }

    /// Reads any value and checks all of it.
    ///
    /// # Errors
    /// [`Malformed`] for whatever `serde_json` refuses too.
    pub fn value(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'{') => self.members::<(), _>(&[], |_, _, reader| reader.value()),
            Some(b'[') => self.array(Self::value),
            Some(b'"') => self.text().map(drop),
            Some(b't' | b'f') => self.bool().map(drop),
            Some(b'n') => self.null().map(drop),
            _ => self.f64().map(drop),
        }
    }

    /// Checks that nothing but blanks is left.
    ///
    /// # Errors
    /// [`Malformed`] otherwise.
    pub fn end(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            None => Ok(()),
            Some(_) => Err(self.fault("something follows the value")),
        }
    }
}

/// Writes the characters into `room`; `None` if they do not fit.
#[cold]
fn unescaped(characters: impl Iterator<Item = char>, room: &mut [u8; KEY]) -> Option<&str> {
    let mut length = 0_usize;
    for character in characters {
        let end = length.wrapping_add(character.len_utf8());
        character.encode_utf8(room.get_mut(length..end)?);
        length = end;
    }
    core::str::from_utf8(room.get(..length)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;
    use std::vec::Vec;

    fn full(text: &str) -> Result<(), Malformed> {
        let mut reader = Reader::new(text);
        reader.value()?;
        reader.end()
    }

    #[test]
    fn the_grammar_is_that_of_serde_json() {
        let texts = [
            "",
            " ",
            "{}",
            "[]",
            " [ ] ",
            "nul",
            "null",
            "nullx",
            "tru",
            "true",
            "false",
            "0",
            "-0",
            "01",
            "1.",
            "1.5",
            ".5",
            "1e5",
            "1e",
            "1e+",
            "1e-5",
            "1e400",
            "-1e400",
            "-",
            "+1",
            "0e999",
            "123456789012345678901234567890",
            "\"\"",
            "\"a",
            "\"\\",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u00e9\"",
            "\"\\ud800\"",
            "\"\\ud800\\u0041\"",
            "\"\\udc00\"",
            "\"\\ud83d\\ude00\"",
            "\"\t\"",
            "\"\u{7f}\"",
            "[1,]",
            "[,1]",
            "[1 2]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "{a:1}",
            "{\"a\":1 \"b\":2}",
            "{\"a\":[1,{\"b\":null}]}",
            "[}",
            "{]",
            "[[1]",
            "1 1",
            "\u{feff}1",
            "[1]x",
            "{\"\\u0061\":1}",
            "\"\\ud83dx\"",
            "[\"\\\"\",\"\\\\\"]",
        ];
        for text in texts {
            let theirs = serde_json::from_str::<serde_json::Value>(text).is_ok();
            assert_eq!(full(text).is_ok(), theirs, "{text:?}");
        }
    }

    #[test]
    fn nesting_is_bounded_as_in_serde_json() {
        for depth in [126, 127, 128, 129, 100_000] {
            let mut text = "[".repeat(depth);
            text.push_str(&"]".repeat(depth));
            let theirs = serde_json::from_str::<serde_json::Value>(&text).is_ok();
            assert_eq!(full(&text).is_ok(), theirs, "{depth}");
            assert_eq!(Reader::new(&text).skip().is_ok(), theirs, "{depth}");
        }
    }

    #[test]
    fn keys_are_unescaped_and_come_in_order() {
        let mut keys = Vec::new();
        let long = "\\u0041".repeat(100);
        let text = std::format!("{{\"\\u0069d\":1,\"id\":2,\"{long}\":3}}");
        let read = Reader::new(&text).object(|key, reader| {
            keys.push(String::from(key));
            reader.skip()
        });
        assert_eq!(read, Ok(()));
        assert_eq!(keys, ["id", "id", "\\"]);
    }
}
