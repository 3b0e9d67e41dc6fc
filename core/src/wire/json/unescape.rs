//! The characters of a JSON string, one by one.

use core::str::Chars;

/// Iterates over the characters of a string whose escapes have been checked.
#[derive(Clone, Debug)]
pub struct Unescape<'a> {
    rest: Chars<'a>,
    escaped: bool,
}

impl<'a> Unescape<'a> {
    /// Reads the inside of a JSON string.
    pub(crate) fn new(inside: &'a str) -> Self {
        Self {
            rest: inside.chars(),
            escaped: true,
        }
    }

    /// Reads plain characters.
    pub(crate) fn plain(characters: &'a str) -> Self {
        Self {
            rest: characters.chars(),
            escaped: false,
        }
    }

    fn escape(&mut self) -> Option<char> {
        Some(match self.rest.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => self.unicode(),
            other => other,
        })
    }

    /// A `\uXXXX`, or two of them for a character beyond the basic plane.
    fn unicode(&mut self) -> char {
        let first = self.hex();
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER);
        }
        self.rest.next();
        self.rest.next();
        let second = self.hex();
        let high = first.wrapping_sub(0xd800) << 10;
        let low = second.wrapping_sub(0xdc00) & 0x3ff;
        char::from_u32((high | low).wrapping_add(0x1_0000)).unwrap_or(char::REPLACEMENT_CHARACTER)
    }

    fn hex(&mut self) -> u32 {
        self.rest.by_ref().take(4).fold(0, |value, digit| {
            (value << 4) | digit.to_digit(16).unwrap_or(0)
        })
    }
}

impl Iterator for Unescape<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        match self.rest.next()? {
            '\\' if self.escaped => self.escape(),
            character => Some(character),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, self.rest.size_hint().1)
    }
}
