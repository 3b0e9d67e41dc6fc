//! Strings.

use super::{Reader, scan};
use crate::wire::{Malformed, Text};

impl<'a> Reader<'a> {
    /// Reads a string, borrowing what is between the quotes.
    ///
    /// # Errors
    /// [`Malformed`] for no string, a control character, an unknown escape, half a surrogate pair
    /// or an end within.
    #[inline]
    pub fn text(&mut self) -> Result<Text<'a>, Malformed> {
        let (inside, escaped) = self.string()?;
        Ok(Text::checked(inside, escaped))
    }

    /// Reads a string: what is between the quotes, and whether there are escapes.
    #[inline]
    pub(super) fn string(&mut self) -> Result<(&'a str, bool), Malformed> {
        let start = self.at.wrapping_add(1);
        let Some(short) = self.short_string() else {
            return self.long_string();
        };
        let inside = self.text.get(start..start.wrapping_add(short.len()));
        Ok((inside.unwrap_or_default(), false))
    }

    /// Reads a string of less than 32 bytes without escapes, if one is next; returns its
    /// characters.
    #[inline(always)]
    pub(crate) fn short_string(&mut self) -> Option<&'a [u8]> {
        let [b'"', bytes @ ..] = self.ahead::<{ 1 + scan::SHORT }>()? else {
            return None;
        };
        let inside = bytes.get(..scan::until_quote(bytes)?)?;
        self.advance(inside.len().wrapping_add(2));
        Some(inside)
    }

    /// Reads a string that is long, or odd.
    #[inline(never)]
    fn long_string(&mut self) -> Result<(&'a str, bool), Malformed> {
        if !self.eat(b'"') {
            return Err(self.fault("not a string"));
        }
        let start = self.at;
        self.advance(scan::until_special(self.rest()));
        let escaped = self.byte() != Some(b'"');
        if escaped {
            self.text_with_escapes()?;
        }
        let inside = self.text.get(start..self.at).unwrap_or_default();
        self.advance(1);
        Ok((inside, escaped))
    }

    /// Goes on to the closing quote.
    #[cold]
    fn text_with_escapes(&mut self) -> Result<(), Malformed> {
        loop {
            match self.byte() {
                Some(b'"') => return Ok(()),
                Some(b'\\') => self.escape()?,
                Some(_) => return Err(self.fault("a control character in a string")),
                None => return Err(self.fault("a string does not end")),
            }
            self.advance(scan::until_special(self.rest()));
        }
    }

    fn escape(&mut self) -> Result<(), Malformed> {
        self.advance(1);
        match self.byte() {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => self.advance(1),
            Some(b'u') => return self.unicode_escape(),
            _ => return Err(self.fault("an unknown escape")),
        }
        Ok(())
    }

    fn unicode_escape(&mut self) -> Result<(), Malformed> {
        match self.hex()? {
            0xdc00..=0xdfff => Err(self.fault("half a surrogate pair")),
            0xd800..=0xdbff => {
                if !self.rest().starts_with(b"\\u") {
                    return Err(self.fault("half a surrogate pair"));
                }
                self.advance(1);
                match self.hex()? {
                    0xdc00..=0xdfff => Ok(()),
                    _ => Err(self.fault("half a surrogate pair")),
                }
            }
            _ => Ok(()),
        }
    }

    /// Reads `uXXXX`.
    fn hex(&mut self) -> Result<u32, Malformed> {
        self.advance(1);
        let mut value = 0_u32;
        for _ in 0..4 {
            let digit = self.byte().and_then(|byte| char::from(byte).to_digit(16));
            let Some(digit) = digit else {
                return Err(self.fault("not a hexadecimal digit"));
            };
            value = (value << 4) | digit;
            self.advance(1);
        }
        Ok(value)
    }
}
