//! Objects and their keys.

use super::{KeyOrder, OrderedKey, Reader, Unescape, order};
use crate::wire::Malformed;

/// Room for a key with escapes; a longer one is none that anybody asks for.
const KEY: usize = 64;

/// Stands for a key that is none of ours.
const UNKNOWN: &str = "\\";

/// Room for a key with escapes.
pub(crate) const KEY_ROOM: [u8; KEY] = [0; KEY];

impl<'a> Reader<'a> {
    /// Reads an object: for each key, in order, `field` must read or skip one value.
    ///
    /// A key that comes twice is handed out twice; let the last one win. A value that `field`
    /// refuses is passed over and noted, unless its key comes again. Keys are unescaped.
    ///
    /// # Errors
    /// [`Malformed`] if it is no object, or its structure is broken.
    #[inline]
    pub fn object<F>(&mut self, field: F) -> Result<(), Malformed>
    where
        F: FnMut(&str, &mut Self) -> Result<(), Malformed>,
    {
        self.object_in(KeyOrder::NONE, field)
    }

    /// Reads an object like [`Reader::object`], faster if its keys come in this order.
    #[inline]
    pub(crate) fn object_in<F>(
        &mut self,
        order: &'static KeyOrder<()>,
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
        order: &'static KeyOrder<P>,
        named: impl Fn(&str) -> P,
        mut field: F,
    ) -> Result<(), Malformed>
    where
        F: FnMut(P, &str, &mut Self) -> Result<(), Malformed>,
    {
        self.object_at_once(order, |found, key, reader| {
            let part = match found {
                Some(part) => part,
                None => named(key),
            };
            let (at, depth) = (reader.at, reader.depth);
            match field(part, key, reader) {
                Ok(()) => Ok(()),
                Err(fault) => {
                    (reader.at, reader.depth) = (at, depth);
                    reader.pass_refused(key, fault)
                }
            }
        })
    }

    /// Reads an object: `field` gets each key, and its part if it came in the order. What `field`
    /// has against a value counts at once, even if the key comes again.
    #[inline]
    pub(crate) fn object_at_once<P: Copy, F>(
        &mut self,
        order: &'static KeyOrder<P>,
        field: F,
    ) -> Result<(), Malformed>
    where
        F: FnMut(Option<P>, &str, &mut Self) -> Result<(), Malformed>,
    {
        match self.enters_object()? {
            true => self.rest_at_once(order, field),
            false => Ok(()),
        }
    }

    /// Reads an object like [`Reader::object_at_once`], from a key on that comes next.
    #[inline]
    pub(crate) fn rest_at_once<P: Copy, F>(
        &mut self,
        order: &'static KeyOrder<P>,
        mut field: F,
    ) -> Result<(), Malformed>
    where
        F: FnMut(Option<P>, &str, &mut Self) -> Result<(), Malformed>,
    {
        let mut expected = order.keys();
        loop {
            let (mut rest, mut room) = (expected, None);
            let known = match self.expected_key(&mut rest) {
                None if !order.keys().is_empty() => {
                    rest = &[];
                    self.known_key(order)
                }
                found => found,
            };
            let (part, key) = match known {
                Some(key) => {
                    // Once keys come in another order, none is expected any more.
                    expected = rest;
                    (Some(key.part()), key.name())
                }
                // It stands in no order, and the others may still come in theirs.
                None => (None, self.key(room.insert(KEY_ROOM))?),
            };
            field(part, key, self)?;
            if !self.passes(b",") && !self.object_ends()? {
                return Ok(());
            }
        }
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
        if self.passes(b",") {
            return Ok(true);
        }
        self.object_ends()
    }

    /// Passes the bracket that closes an object, or blanks and a comma after all; whether another
    /// key comes.
    #[inline(never)]
    pub(crate) fn object_ends(&mut self) -> Result<bool, Malformed> {
        if self.passes(b"}") {
            self.close();
            return Ok(false);
        }
        let goes_on = self.goes_on(b'}', "an object is not closed")?;
        if !goes_on {
            self.close();
        }
        Ok(goes_on)
    }

    /// Passes a key that is expected, with its colon.
    #[inline]
    fn expected_key<P: Copy>(
        &mut self,
        expected: &mut &'static [OrderedKey<P>],
    ) -> Option<&'static OrderedKey<P>> {
        if expected.is_empty() {
            return None;
        }
        let key = self.quoted_ahead(|text| OrderedKey::next(expected, text))?;
        self.advance(key.name().len().wrapping_add(3));
        Some(key)
    }

    /// Passes a key in any place of the order, with its colon.
    #[inline(always)]
    pub(crate) fn any_key<P: Copy>(
        &mut self,
        order: &'static KeyOrder<P>,
    ) -> Option<&'static OrderedKey<P>> {
        if self.byte() != Some(b'"') {
            self.eat_blank();
        }
        let key = match self.ahead::<{ 1 + order::BYTES }>() {
            Some([b'"', text @ ..]) => order.find(text)?,
            Some(_) | None => return self.odd_key(order),
        };
        self.advance(key.name().len().wrapping_add(3));
        self.eat_blank();
        Some(key)
    }

    /// The same for a key behind several blanks, or near the end of the text.
    #[cold]
    #[inline(never)]
    fn odd_key<P: Copy>(&mut self, order: &'static KeyOrder<P>) -> Option<&'static OrderedKey<P>> {
        self.peek();
        let key = self.quoted_ahead(|text| order.find(text))?;
        self.advance(key.name().len().wrapping_add(3));
        self.eat_blank();
        Some(key)
    }

    /// [`Reader::any_key`], apart from where it is called.
    #[inline(never)]
    fn known_key<P: Copy>(
        &mut self,
        order: &'static KeyOrder<P>,
    ) -> Option<&'static OrderedKey<P>> {
        self.any_key(order)
    }

    /// Passes the blank that some write behind each comma and each colon.
    #[inline]
    pub(in crate::wire) fn eat_blank(&mut self) {
        if self.byte() == Some(b' ') {
            self.advance(1);
        }
    }

    /// Whether a key of the order is next, if none of it is written in an odd form.
    #[inline(never)]
    pub(crate) fn has_known_key<P: Copy>(&self, order: &'static KeyOrder<P>) -> bool {
        let mut ahead = Self::new(self.text);
        ahead.at = self.at;
        ahead.known_key(order).is_some()
    }

    /// What `find` finds behind a quote that is ahead; the text has zeros behind its end.
    #[inline]
    fn quoted_ahead<T>(&self, find: impl FnOnce(&[u8; order::BYTES]) -> Option<T>) -> Option<T> {
        let end;
        let ahead: &[u8; 1 + order::BYTES] = match self.ahead() {
            Some(ahead) => ahead,
            None => {
                end = self.last_ahead();
                &end
            }
        };
        match ahead {
            [b'"', text @ ..] => find(text),
            _ => None,
        }
    }

    /// The last bytes of the text, and zeros.
    #[cold]
    pub(super) fn last_ahead<const N: usize>(&self) -> [u8; N] {
        let (mut ahead, rest) = ([0; N], self.rest());
        let rest = rest.get(..N).unwrap_or(rest);
        if let Some(to) = ahead.get_mut(..rest.len()) {
            to.copy_from_slice(rest);
        }
        ahead
    }

    /// Passes a key and its colon. One that is no text, or too long, is none that anybody knows.
    pub(crate) fn key<'r>(&mut self, room: &'r mut [u8; KEY]) -> Result<&'r str, Malformed>
    where
        'a: 'r,
    {
        let start = self.at;
        let (inside, escaped) = match self.string() {
            Ok(string) => string,
            Err(fault) => (self.unknown_key(start, fault)?, false),
        };
        self.expect(b':', "a colon is missing")?;
        if escaped {
            return Ok(unescaped(Unescape::new(inside), room).unwrap_or(UNKNOWN));
        }
        Ok(inside)
    }

    /// Passes a string with characters or escapes that are none.
    #[cold]
    fn unknown_key(&mut self, start: usize, fault: Malformed) -> Result<&'static str, Malformed> {
        self.at = start;
        match self.peek() {
            Some(b'"') => self.skip().map(|()| UNKNOWN),
            _ => Err(fault),
        }
    }

    /// Reads an object and checks all of it, the keys too.
    pub(super) fn whole_object(&mut self) -> Result<(), Malformed> {
        let mut goes_on = self.enters_object()?;
        while goes_on {
            self.string()?;
            self.expect(b':', "a colon is missing")?;
            self.value()?;
            goes_on = self.object_goes_on()?;
        }
        Ok(())
    }

    /// Passes a value that was refused, and notes it unless its key comes again.
    #[cold]
    #[inline(never)]
    fn pass_refused(&mut self, key: &str, fault: Malformed) -> Result<(), Malformed> {
        let place = self.pass_odd(fault)?;
        if !self.comes_again(key) {
            self.note(place, fault.what);
        }
        Ok(())
    }

    /// Whether the rest of the object has this key, or is broken.
    fn comes_again(&self, key: &str) -> bool {
        let mut ahead = Self::new(self.text);
        (ahead.at, ahead.depth) = (self.at, self.depth);
        let mut room = KEY_ROOM;
        while ahead.eat(b',') {
            match ahead.key(&mut room) {
                Ok(other) if other != key && ahead.skip().is_ok() => {}
                Ok(_) | Err(_) => return true,
            }
        }
        false
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
