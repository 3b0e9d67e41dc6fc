//! Passing over what nobody wants.

use super::block::{BLOCK, Strings};
use super::reader::MAX_DEPTH;
use super::scan::ends_word;
use super::{Reader, scan};
use crate::wire::Malformed;

/// The open brackets around a place, a bit for each.
#[derive(Default)]
struct Brackets {
    /// The innermost is the lowest bit: 1 for an object.
    kinds: u128,
    count: u8,
}

impl Brackets {
    fn open(&mut self, object: bool) {
        self.kinds = (self.kinds << 1) | u128::from(object);
        self.count = self.count.wrapping_add(1);
    }

    /// Closes the innermost one; whether it is of this kind.
    fn close(&mut self, object: bool) -> bool {
        let matches = self.kinds & 1 == u128::from(object);
        self.kinds >>= 1;
        self.count = self.count.wrapping_sub(1);
        matches
    }
}

impl<'a> Reader<'a> {
    /// Passes over one value, checking its structure alone.
    ///
    /// # Errors
    /// [`Malformed`] if a string does not end, brackets do not match or nest too deeply, or there
    /// is no value.
    pub fn skip(&mut self) -> Result<(), Malformed> {
        match self.peek() {
            Some(b'"') => {
                self.advance(1);
                self.skip_string()
            }
            Some(b'{' | b'[') => self.skip_container(),
            Some(b'n') if self.passes_plain_null() => Ok(()),
            Some(b'1'..=b'9') if self.usual_u64().is_some() => Ok(()),
            _ => self.skip_word(),
        }
    }

    /// Passes over one value like [`Reader::skip`] and returns its text.
    ///
    /// # Errors
    /// As [`Reader::skip`].
    pub fn raw(&mut self) -> Result<&'a str, Malformed> {
        self.peek();
        let start = self.at;
        self.skip()?;
        Ok(self.text.get(start..self.at).unwrap_or_default())
    }

    /// Counts the elements of an array, checking the structure alone.
    ///
    /// # Errors
    /// [`Malformed`] if it is no array, or as [`Reader::skip`].
    pub fn count(&mut self) -> Result<usize, Malformed> {
        let mut count = 0_usize;
        self.array(|reader| {
            count = count.saturating_add(1);
            reader.skip()
        })?;
        Ok(count)
    }

    /// From behind the opening quote to behind the closing one.
    #[inline]
    fn skip_string(&mut self) -> Result<(), Malformed> {
        loop {
            self.advance(scan::until_end(self.rest()));
            match self.byte() {
                Some(b'"') => break,
                Some(_) => self.advance(2),
                None => return Err(self.fault("a string does not end")),
            }
        }
        self.advance(1);
        Ok(())
    }

    fn skip_container(&mut self) -> Result<(), Malformed> {
        let (mut brackets, mut strings) = (Brackets::default(), Strings::default());
        while self.at < self.text.len() {
            let last;
            let block = match self.ahead() {
                Some(block) => block,
                None => {
                    last = self.last_ahead();
                    &last
                }
            };
            let (start, mut marks) = (self.at, strings.brackets(block));
            while marks != 0 {
                let place = marks.trailing_zeros() as usize;
                marks &= marks.wrapping_sub(1);
                self.at = start.wrapping_add(place).wrapping_add(1);
                let byte = block.get(place).copied().unwrap_or_default();
                if is_bracket(byte) && self.bracket(byte, &mut brackets)? {
                    return Ok(());
                }
            }
            self.at = start.wrapping_add(BLOCK);
        }
        self.at = self.text.len();
        Err(self.fault(match strings.is_inside() {
            true => "a string does not end",
            false => "a bracket is not closed",
        }))
    }

    /// Counts a bracket in, or out; whether it was the last one.
    #[inline]
    fn bracket(&self, byte: u8, brackets: &mut Brackets) -> Result<bool, Malformed> {
        let object = byte | 0x06 == b'{' | 0x06;
        if byte & 0x04 == 0 {
            brackets.open(object);
            if self.depth.saturating_add(brackets.count) > MAX_DEPTH {
                return Err(self.fault("nested too deeply"));
            }
            return Ok(false);
        }
        if !brackets.close(object) {
            return Err(self.fault("brackets do not match"));
        }
        Ok(brackets.count == 0)
    }

    /// A number, a boolean or null, unchecked.
    #[inline]
    fn skip_word(&mut self) -> Result<(), Malformed> {
        let rest = self.rest();
        let length = rest.iter().take_while(|&&byte| !ends_word(byte)).count();
        if length == 0 {
            return Err(self.fault("not a value"));
        }
        self.advance(length);
        Ok(())
    }
}

/// Whether it is one of `{`, `}`, `[` and `]`.
const fn is_bracket(byte: u8) -> bool {
    matches!(byte, b'{' | b'}' | b'[' | b']')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    #[test]
    fn structure_is_checked_and_no_more() {
        for text in [
            "{}",
            "[1,{\"a\":\"]\"}]",
            "\"\\\"\"",
            "tru",
            "[\"\t\\x\"]",
            "{\"a\" 1}",
        ] {
            let mut reader = Reader::new(text);
            assert_eq!(reader.raw(), Ok(text));
            assert_eq!(reader.end(), Ok(()));
        }
        for text in [
            "", "[", "[}", "{]", "[[]", "\"a", "\"a\\\"", "[\"a]", ",", "}", "\"\\",
        ] {
            assert!(Reader::new(text).skip().is_err(), "{text}");
        }
    }

    /// Where the container at the start of a text ends, found byte by byte.
    fn end_of_container(text: &[u8]) -> Option<usize> {
        let (mut open, mut inside, mut at) = (Vec::new(), false, 0);
        loop {
            match (*text.get(at)?, inside) {
                (b'"', _) => inside = !inside,
                (b'\\', true) => at += 1,
                (byte @ (b'{' | b'['), false) => open.push(byte + 2),
                (byte @ (b'}' | b']'), false) if open.pop() != Some(byte) => return None,
                _ => {}
            }
            at += 1;
            if open.is_empty() {
                return Some(at);
            }
        }
    }

    proptest! {
        #[test]
        fn containers_end_where_their_brackets_do(
            inside in prop::collection::vec("[\\[\\]{}]|\"|\\\\|[,:]|[a_Yy\u{e9}]{1,9}", 0..40),
        ) {
            let text = std::format!("[{}]]]]", inside.concat());
            let mut reader = Reader::new(&text);
            let read = reader.skip().is_ok().then_some(reader.at);
            prop_assert_eq!(read, end_of_container(text.as_bytes()), "{}", text);
        }
    }

    #[test]
    fn elements_are_counted() {
        assert_eq!(Reader::new("[]").count(), Ok(0));
        assert_eq!(Reader::new("[{},[1,2],\"a,b\"]").count(), Ok(3));
        assert!(Reader::new("{}").count().is_err());
    }
}
