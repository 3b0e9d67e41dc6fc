//! Writing one line of IRC, so that nobody can smuggle in a second one.

use alloc::string::String;
use core::fmt;

use crate::twitch::tags::escape;

/// How long a line may be, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The tag section, with `@` and the blank after it.
    pub tags: usize,
    /// What follows the tags, with its line ending.
    pub rest: usize,
    /// The whole line, with its line ending.
    pub line: usize,
}

impl Limits {
    /// What Twitch reads: 4096 bytes in all; IRCv3's 4096 for the tags.
    pub const TWITCH: Self = Self {
        tags: 4096,
        rest: 4096,
        line: 4096,
    };

    /// Plain IRCv3: 512 bytes and 4096 more for a client's tags.
    pub const IRC: Self = Self {
        tags: 4096,
        rest: 512,
        line: 4608,
    };

    /// What a server may send: 8191 bytes of tags, and Twitch's longest line.
    pub const SERVER: Self = Self {
        tags: 8193,
        rest: 4096,
        line: 12_289,
    };
}

/// Why a line was not written. Nothing was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EncodeError {
    /// A CR, an LF or a NUL outside a tag's value, or a NUL within one.
    ForbiddenByte,
    /// A tag's key is empty or has one of `;`, `=`, blank.
    BadKey,
    /// The prefix is empty or has a blank.
    BadPrefix,
    /// The command is neither letters nor three digits.
    BadCommand,
    /// A parameter before the last is empty, has a blank or begins with `:`.
    BadParam,
    /// The tags are over the limit.
    TagsTooLong,
    /// The line is over the limit.
    TooLong,
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ForbiddenByte => "CR, LF and NUL cannot be sent",
            Self::BadKey => "a tag's key is malformed",
            Self::BadPrefix => "the prefix is malformed",
            Self::BadCommand => "the command is malformed",
            Self::BadParam => "a parameter before the last is malformed",
            Self::TagsTooLong => "the tags are too long",
            Self::TooLong => "the line is too long",
        })
    }
}

impl core::error::Error for EncodeError {}

/// A message to be written. Clients leave the prefix out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line<'a> {
    /// Keys and values; values are escaped, an empty one is left out.
    pub tags: &'a [(&'a str, &'a str)],
    /// Who it is from.
    pub prefix: Option<&'a str>,
    /// The command.
    pub command: &'a str,
    /// The parameters; only the last may be empty, hold blanks or begin with `:`.
    pub params: &'a [&'a str],
}

impl Line<'_> {
    /// Appends the line and CRLF to `out`.
    ///
    /// # Errors
    /// [`EncodeError`]; then `out` is as it was.
    pub fn encode(&self, limits: Limits, out: &mut String) -> Result<(), EncodeError> {
        let start = out.len();
        let written = self.write(limits, out, start);
        if written.is_err() {
            out.truncate(start);
        }
        written
    }

    fn write(&self, limits: Limits, out: &mut String, start: usize) -> Result<(), EncodeError> {
        self.write_tags(out)?;
        let tags = out.len().saturating_sub(start);
        if tags > limits.tags {
            return Err(EncodeError::TagsTooLong);
        }
        if let Some(prefix) = self.prefix {
            if prefix.is_empty() || prefix.contains(' ') {
                return Err(EncodeError::BadPrefix);
            }
            out.push(':');
            push_clean(prefix, out)?;
            out.push(' ');
        }
        self.write_command(out)?;
        out.push_str("\r\n");
        let line = out.len().saturating_sub(start);
        if line > limits.line || line.saturating_sub(tags) > limits.rest {
            return Err(EncodeError::TooLong);
        }
        Ok(())
    }

    fn write_tags(&self, out: &mut String) -> Result<(), EncodeError> {
        let mut mark = '@';
        for (key, value) in self.tags {
            if key.is_empty() || key.contains([';', '=', ' ']) {
                return Err(EncodeError::BadKey);
            }
            out.push(mark);
            mark = ';';
            push_clean(key, out)?;
            if value.contains('\0') {
                return Err(EncodeError::ForbiddenByte);
            }
            if !value.is_empty() {
                out.push('=');
                escape(value, out);
            }
        }
        if !self.tags.is_empty() {
            out.push(' ');
        }
        Ok(())
    }

    fn write_command(&self, out: &mut String) -> Result<(), EncodeError> {
        let command = self.command.as_bytes();
        let letters = !command.is_empty() && command.iter().all(u8::is_ascii_alphabetic);
        let numeric = command.len() == 3 && command.iter().all(u8::is_ascii_digit);
        if !letters && !numeric {
            return Err(EncodeError::BadCommand);
        }
        out.push_str(self.command);
        let Some((last, before)) = self.params.split_last() else {
            return Ok(());
        };
        for param in before {
            if needs_colon(param) {
                return Err(EncodeError::BadParam);
            }
            out.push(' ');
            push_clean(param, out)?;
        }
        // Chat text always gets its colon; other lone words read better without.
        let text = self.params.len() > 1 || needs_colon(last);
        out.push_str(if text { " :" } else { " " });
        push_clean(last, out)
    }
}

fn needs_colon(param: &str) -> bool {
    param.is_empty() || param.starts_with(':') || param.contains(' ')
}

fn push_clean(text: &str, out: &mut String) -> Result<(), EncodeError> {
    if text.contains(['\r', '\n', '\0']) {
        return Err(EncodeError::ForbiddenByte);
    }
    out.push_str(text);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn encode(line: Line<'_>, limits: Limits) -> Result<String, EncodeError> {
        let mut out = String::from("kept");
        let result = line.encode(limits, &mut out);
        assert!(out.starts_with("kept") && (result.is_ok() || out.len() == 4));
        result.map(|()| out.split_off(4))
    }

    fn say(text: &str) -> Result<String, EncodeError> {
        let params = ["#a", text];
        let line = Line {
            command: "PRIVMSG",
            params: &params,
            ..Line::default()
        };
        encode(line, Limits::TWITCH)
    }

    #[test]
    fn nothing_can_be_smuggled_in() {
        assert_eq!(say("hi :x").unwrap(), "PRIVMSG #a :hi :x\r\n");
        for text in ["a\r\nQUIT", "a\nb", "a\0b"] {
            assert_eq!(say(text), Err(EncodeError::ForbiddenByte));
        }
        let with = |tags: &[(&str, &str)], params: &[&str]| {
            let command = "JOIN";
            let line = Line {
                tags,
                command,
                params,
                prefix: None,
            };
            encode(line, Limits::TWITCH)
        };
        assert_eq!(
            with(&[("k", "a\r\n;")], &["#a"]).unwrap(),
            "@k=a\\r\\n\\: JOIN #a\r\n"
        );
        assert_eq!(with(&[("k;x", "")], &[]), Err(EncodeError::BadKey));
        assert_eq!(with(&[("k\n", "")], &[]), Err(EncodeError::ForbiddenByte));
        assert_eq!(with(&[], &["#a b", "c"]), Err(EncodeError::BadParam));
        assert_eq!(with(&[], &[":a", "c"]), Err(EncodeError::BadParam));
    }

    #[test]
    fn limits_hold_to_the_byte() {
        let fits = "x".repeat(4096 - "PRIVMSG #a :\r\n".len());
        assert_eq!(say(&fits).unwrap().len(), 4096);
        assert_eq!(say(&(fits + "x")), Err(EncodeError::TooLong));
        let long = "x".repeat(512);
        let params = ["#a", long.as_str()];
        let tags = [("k", long.as_str())];
        let line = Line {
            command: "PRIVMSG",
            params: &params,
            ..Line::default()
        };
        assert_eq!(encode(line, Limits::IRC), Err(EncodeError::TooLong));
        let tagged = Line {
            tags: &tags,
            command: "PING",
            ..Line::default()
        };
        assert!(encode(tagged, Limits::IRC).is_ok());
        let limits = Limits {
            tags: 500,
            ..Limits::IRC
        };
        assert_eq!(encode(tagged, limits), Err(EncodeError::TagsTooLong));
    }
}
