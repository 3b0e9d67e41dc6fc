//! The reader itself: where it stands, words, and arrays.

use alloc::boxed::Box;

use super::scan::ends_word;
use crate::wire::Malformed;
use crate::wire::misread::MisreadLog;

/// How deep containers may nest: one more is malformed, as it is for `serde_json`.
pub const MAX_DEPTH: u8 = 127;

/// Reads one JSON text from front to back.
///
/// After an error the reader stands anywhere; drop it.
///
/// [`Reader::object`] and [`Reader::list`] are tolerant: a value that its reader refuses is passed
/// over and noted, as long as its structure is sound.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    pub(super) depth: u8,
    /// Keys have come in another order than that of servers, or behind blanks.
    is_unusual: bool,
    /// What was not understood so far: nothing, nearly always.
    pub(super) misreads: Option<Box<MisreadLog>>,
}

/// A place to which a reader can return.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Checkpoint {
    at: usize,
    depth: u8,
    misreads: usize,
}

impl<'a> Reader<'a> {
    /// Starts at the front of `text`.
    #[must_use]
    pub const fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            depth: 0,
            is_unusual: false,
            misreads: None,
        }
    }

    /// Starts within the outermost object of `text`.
    pub(in crate::wire) const fn inside(text: &'a str, at: usize) -> Self {
        let mut reader = Self::new(text);
        (reader.at, reader.depth) = (at, 1);
        reader
    }

    /// The reader's place.
    #[inline]
    pub(crate) fn mark(&self) -> Checkpoint {
        Checkpoint {
            at: self.at,
            depth: self.depth,
            misreads: self.misreads.as_ref().map_or(0, |log| log.len()),
        }
    }

    /// Stands again where it stood, having noted nothing since.
    #[inline]
    pub(crate) fn return_to(&mut self, mark: Checkpoint) {
        (self.at, self.depth) = (mark.at, mark.depth);
        if let Some(log) = &mut self.misreads {
            log.truncate(mark.misreads);
        }
    }

    /// Whether anything has been noted since it stood there.
    pub(crate) fn has_noted_since(&self, mark: Checkpoint) -> bool {
        self.mark().misreads > mark.misreads
    }

    /// Reads again at a place that was passed, and comes back having noted nothing.
    #[cold]
    pub(crate) fn detour<T>(&mut self, to: Checkpoint, read: impl FnOnce(&mut Self) -> T) -> T {
        let (at, depth, misreads) = (self.at, self.depth, self.misreads.take());
        (self.at, self.depth) = (to.at, to.depth);
        let value = read(self);
        (self.at, self.depth, self.misreads) = (at, depth, misreads);
        value
    }

    /// Takes out what was not understood so far.
    pub(crate) const fn take_misreads(&mut self) -> Option<Box<MisreadLog>> {
        self.misreads.take()
    }

    /// Puts back what was taken out, in place of what has been noted since.
    pub(crate) fn set_misreads(&mut self, misreads: Option<Box<MisreadLog>>) {
        self.misreads = misreads;
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

    /// Whether keys have come in another order than that of servers, or behind blanks.
    #[inline]
    pub(crate) const fn is_unusual(&self) -> bool {
        self.is_unusual
    }

    /// Keys come in another order than that of servers, or behind blanks.
    #[inline]
    pub(crate) const fn set_unusual(&mut self) {
        self.is_unusual = true;
    }

    /// Stands again where it stood so many bytes before.
    #[inline]
    pub(crate) fn step_back(&mut self, bytes: usize) {
        self.at = self.at.wrapping_sub(bytes);
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

    /// All of the text, from its start.
    pub(crate) const fn whole_text(&self) -> &'a str {
        self.text
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
    pub(super) fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), Malformed> {
        if self.eat(byte) {
            Ok(())
        } else {
            Err(self.fault(what))
        }
    }

    #[inline]
    pub(super) fn open(&mut self, byte: u8, what: &'static str) -> Result<(), Malformed> {
        self.expect(byte, what)?;
        if self.depth >= MAX_DEPTH {
            return Err(self.fault("nested too deeply"));
        }
        self.depth = self.depth.wrapping_add(1);
        Ok(())
    }

    #[inline]
    pub(super) fn close(&mut self) {
        self.depth = self.depth.wrapping_sub(1);
    }

    /// Passes these bytes, if they are next.
    #[inline(always)]
    pub(crate) fn passes<const N: usize>(&mut self, bytes: &'static [u8; N]) -> bool {
        let found = self.ahead().is_some_and(|ahead| same(ahead, bytes));
        if found {
            self.advance(N);
        }
        found
    }

    /// Passes a comma, or the closing bracket: whether there is more.
    #[inline]
    pub(super) fn goes_on(&mut self, end: u8, what: &'static str) -> Result<bool, Malformed> {
        if self.eat(b',') {
            return Ok(true);
        }
        self.expect(end, what).map(|()| false)
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
                self.eat_blank();
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
        if self.is_in_word() {
            return Err(self.fault("not a value"));
        }
        Ok(())
    }

    /// Whether a number, a boolean or null goes on: it is all of it or none.
    #[inline]
    pub(super) fn is_in_word(&self) -> bool {
        self.byte().is_some_and(|byte| !ends_word(byte))
    }

    /// Reads any value and checks all of it.
    ///
    /// # Errors
    /// [`Malformed`] for whatever `serde_json` refuses too.
    pub fn value(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'{') => self.whole_object(),
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

/// Whether bytes are the same: compared as words, of which the last may overlap.
#[inline(always)]
fn same<const N: usize>(one: &[u8; N], other: &[u8; N]) -> bool {
    if let (Some(last), Some(other_last)) = (one.last_chunk::<8>(), other.last_chunk::<8>()) {
        let pairs = one.as_chunks::<8>().0.iter().zip(other.as_chunks::<8>().0);
        let differs = |sum, (one, other): (&[u8; 8], &[u8; 8])| {
            sum | (u64::from_le_bytes(*one) ^ u64::from_le_bytes(*other))
        };
        return pairs.fold(differs(0, (last, other_last)), differs) == 0;
    }
    if let (Some(first), Some(other_first)) = (one.first_chunk::<4>(), other.first_chunk::<4>())
        && let (Some(last), Some(other_last)) = (one.last_chunk::<4>(), other.last_chunk::<4>())
    {
        let differs =
            |one: &[u8; 4], other: &[u8; 4]| u32::from_le_bytes(*one) ^ u32::from_le_bytes(*other);
        return differs(first, other_first) | differs(last, other_last) == 0;
    }
    one == other
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_passed_if_each_is_the_same() {
        fn check<const N: usize>(bytes: &'static [u8; N]) {
            let text = core::str::from_utf8(bytes).unwrap();
            let longer = std::format!("{text}x");
            let mut reader = Reader::new(&longer);
            assert!(reader.passes(bytes), "{text}");
            assert_eq!(reader.place(), N);
            for place in 0..N {
                let mut other = longer.clone();
                other.replace_range(place..=place, "#");
                assert!(!Reader::new(&other).passes(bytes), "{other}");
            }
            assert!(!Reader::new(&text[1..]).passes(bytes), "{text}");
        }
        check(b",");
        check(b"abc");
        check(b"null");
        check(b"abcdefg");
        check(b"abcdefgh");
        check(b"abcdefghijk");
        check(b"abcdefghijklmnopqrstuvwxyz");
    }

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
}
