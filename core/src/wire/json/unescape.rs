//! The characters of a JSON string, one by one.

use core::str::Chars;

use super::until_end;

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

    /// Hands out all characters, in order: those between two escapes together.
    pub(crate) fn runs(mut self, mut to: impl FnMut(&str)) {
        while !self.rest.as_str().is_empty() {
            let rest = self.rest.as_str();
            let length = match self.escaped {
                true => until_end(rest.as_bytes()),
                false => rest.len(),
            };
            let (run, rest) = rest.split_at_checked(length).unwrap_or((rest, ""));
            to(run);
            self.rest = rest.chars();
            if let Some(character) = self.next() {
                to(character.encode_utf8(&mut [0; 4]));
            }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::string::String;

    #[test]
    fn runs_are_all_characters() {
        for inside in [
            "",
            "plain \u{e9}",
            r"\n",
            r"\\\\",
            r#"a\"b\/c\\"#,
            r"\ud83d\ude00\u0041x",
            r"x\u00e9",
        ] {
            for text in [Unescape::new(inside), Unescape::plain(inside)] {
                let mut runs = String::new();
                text.clone().runs(|run| runs.push_str(run));
                assert_eq!(runs, text.collect::<String>(), "{inside}");
            }
        }
    }
}
