//! One line of IRC, read in place.

use core::fmt;

use crate::twitch::scan;
use crate::twitch::{Room, TagValue, Tags};

/// The longest tag section that is read, `@` and the blank after it not counted, in bytes: IRCv3's
/// limit for what servers send.
pub const LONGEST_TAGS: usize = 8191;

/// The longest line that is read apart from its tags, in bytes. Twitch cuts chat at 500 characters,
/// so at 2000 bytes.
pub const LONGEST_REST: usize = 4096;

/// Why a line is no message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ParseError {
    /// The line is empty.
    Empty,
    /// It is not UTF-8.
    NotUtf8,
    /// It has a CR, an LF or a NUL within.
    ForbiddenByte,
    /// Its tags are over [`LONGEST_TAGS`].
    TagsTooLong,
    /// The rest of it is over [`LONGEST_REST`].
    TooLong,
    /// It has an `@` without tags, a tag without a key, or tags and nothing else.
    BadTags,
    /// It has a `:` without a prefix, or a prefix and nothing else.
    BadPrefix,
    /// The command is neither letters nor three digits.
    BadCommand,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "the line is empty",
            Self::NotUtf8 => "the line is not UTF-8",
            Self::ForbiddenByte => "the line has a CR, LF or NUL within",
            Self::TagsTooLong => "the tags are over 8191 bytes",
            Self::TooLong => "the line is over 4096 bytes without its tags",
            Self::BadTags => "the tags are malformed",
            Self::BadPrefix => "the prefix is malformed",
            Self::BadCommand => "the command is malformed",
        })
    }
}

impl core::error::Error for ParseError {}

/// A message, borrowed from its line: `[@tags ] [:prefix ] command params`.
///
/// Parsing allocates nothing. The commands are described at
/// <https://dev.twitch.tv/docs/chat/irc/>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IrcMessage<'a> {
    line: &'a str,
    tags: Tags<'a>,
    prefix: Option<Prefix<'a>>,
    command: &'a str,
    params: Params<'a>,
}

impl<'a> IrcMessage<'a> {
    /// Reads one line, with or without its line ending.
    ///
    /// # Errors
    /// [`ParseError`], one for each way in which a line can be wrong.
    pub fn parse(line: &'a [u8]) -> Result<Self, ParseError> {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            return Err(ParseError::Empty);
        }
        if line.len() > LONGEST_TAGS.saturating_add(LONGEST_REST).saturating_add(2) {
            return Err(ParseError::TooLong);
        }
        let line = core::str::from_utf8(line).map_err(|_| ParseError::NotUtf8)?;
        if has_forbidden(line.as_bytes()) {
            return Err(ParseError::ForbiddenByte);
        }
        let (tags, rest) = take_tags(line)?;
        if rest.len() > LONGEST_REST {
            return Err(ParseError::TooLong);
        }
        let (prefix, rest) = take_prefix(rest)?;
        let (command, params) = scan::split(rest, b' ');
        if !is_command(command) {
            return Err(ParseError::BadCommand);
        }
        Ok(Self {
            line,
            tags,
            prefix,
            command,
            params: Params(params.unwrap_or_default()),
        })
    }

    /// The whole line, without its ending.
    #[must_use]
    pub const fn line(&self) -> &'a str {
        self.line
    }

    /// The tags.
    #[must_use]
    pub const fn tags(&self) -> Tags<'a> {
        self.tags
    }

    /// The value of one tag, as it is on the wire.
    #[must_use]
    pub fn tag(&self, key: &str) -> Option<TagValue<'a>> {
        self.tags.get(key)
    }

    /// Who it is from; Twitch sends some messages without it.
    #[must_use]
    pub const fn prefix(&self) -> Option<Prefix<'a>> {
        self.prefix
    }

    /// The command as sent, upper-case letters from Twitch, or three digits.
    #[must_use]
    pub const fn command(&self) -> &'a str {
        self.command
    }

    /// The parameters.
    #[must_use]
    pub const fn params(&self) -> Params<'a> {
        self.params
    }

    /// The parameter with this number, from zero.
    #[must_use]
    pub fn param(&self, number: usize) -> Option<&'a str> {
        self.params.iter().nth(number)
    }

    /// The room that the first parameter names, if it names one.
    #[must_use]
    pub fn room(&self) -> Option<Room> {
        let first = self.param(0)?;
        first
            .strip_prefix('#')
            .and_then(|name| Room::new(name).ok())
    }

    /// What was said: the second parameter, without the wrapping of a `/me`; see
    /// [`is_action`](Self::is_action).
    #[must_use]
    pub fn text(&self) -> Option<&'a str> {
        let text = self.param(1)?;
        Some(action(text).unwrap_or(text))
    }

    /// Whether the text was said as `/me`.
    #[must_use]
    pub fn is_action(&self) -> bool {
        self.param(1).and_then(action).is_some()
    }
}

/// The text inside a CTCP ACTION.
fn action(text: &str) -> Option<&str> {
    let inner = text.strip_prefix("\u{1}ACTION ")?;
    Some(inner.strip_suffix('\u{1}').unwrap_or(inner))
}

/// Folds over blocks instead of stopping at a byte, so that many are compared at once.
fn has_forbidden(line: &[u8]) -> bool {
    let forbidden = |block: &[u8]| {
        block.iter().fold(false, |found, byte| {
            found | (*byte == b'\0') | (*byte == b'\r') | (*byte == b'\n')
        })
    };
    let (blocks, rest) = line.as_chunks::<32>();
    blocks.iter().any(|block| forbidden(block)) || forbidden(rest)
}

fn take_tags(line: &str) -> Result<(Tags<'_>, &str), ParseError> {
    let Some(tagged) = line.strip_prefix('@') else {
        return Ok((Tags::default(), line));
    };
    let end = scan::find_far(b' ', tagged.as_bytes()).unwrap_or(tagged.len());
    let tags = scan::head(tagged, end);
    if tags.len() > LONGEST_TAGS {
        return Err(ParseError::TagsTooLong);
    }
    let rest = scan::tail(tagged, end).trim_start_matches(' ');
    if rest.is_empty() || !has_keys(tags.as_bytes()) {
        return Err(ParseError::BadTags);
    }
    Ok((Tags::new(tags), rest))
}

/// Whether every tag has a key: none begins with `=` or `;` or at the end.
fn has_keys(tags: &[u8]) -> bool {
    let next = tags.get(1..).unwrap_or_default();
    let keyless = tags.iter().zip(next).fold(false, |found, (byte, next)| {
        found | ((*byte == b';') & ((*next == b';') | (*next == b'=')))
    });
    let first = tags.first().is_none_or(|byte| matches!(byte, b';' | b'='));
    !keyless && !first && tags.last() != Some(&b';')
}

fn take_prefix(line: &str) -> Result<(Option<Prefix<'_>>, &str), ParseError> {
    let Some(prefixed) = line.strip_prefix(':') else {
        return Ok((None, line));
    };
    let (prefix, rest) = scan::split(prefixed, b' ');
    let rest = rest.ok_or(ParseError::BadPrefix)?.trim_start_matches(' ');
    if prefix.is_empty() || rest.is_empty() {
        return Err(ParseError::BadPrefix);
    }
    Ok((Some(Prefix(prefix)), rest))
}

fn is_command(command: &str) -> bool {
    let bytes = command.as_bytes();
    let letters = !bytes.is_empty() && bytes.iter().all(u8::is_ascii_alphabetic);
    letters || (bytes.len() == 3 && bytes.iter().all(u8::is_ascii_digit))
}

/// Who a message is from: `nick!user@host`, or a host alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix<'a>(&'a str);

impl<'a> Prefix<'a> {
    /// The prefix as it is on the wire, without `:`.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// The nick: on Twitch the sender's login. `None` when the prefix is a server's name.
    #[must_use]
    pub fn nick(self) -> Option<&'a str> {
        let (nick, rest) = scan::split(self.0, b'!');
        rest.map(|_| nick)
    }

    /// The user part.
    #[must_use]
    pub fn user(self) -> Option<&'a str> {
        let (_, rest) = scan::split(self.0, b'!');
        rest.map(|rest| scan::split(rest, b'@').0)
    }

    /// The host: what follows `@`, or the whole of a server's name.
    #[must_use]
    pub fn host(self) -> Option<&'a str> {
        let (_, rest) = scan::split(self.0, b'!');
        match rest {
            Some(rest) => scan::split(rest, b'@').1,
            None => Some(self.0),
        }
    }
}

/// The parameters of a message. The last may hold blanks when it began with `:` on the wire.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Params<'a>(&'a str);

impl<'a> Params<'a> {
    /// The parameters as they are on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'a str {
        self.0
    }

    /// Each parameter in turn.
    #[must_use]
    pub const fn iter(self) -> ParamIter<'a> {
        ParamIter(Some(self.0))
    }
}

impl<'a> IntoIterator for Params<'a> {
    type Item = &'a str;
    type IntoIter = ParamIter<'a>;

    fn into_iter(self) -> ParamIter<'a> {
        self.iter()
    }
}

impl fmt::Debug for Params<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Goes through the parameters of a message.
#[derive(Clone, Copy, Debug)]
pub struct ParamIter<'a>(Option<&'a str>);

impl<'a> Iterator for ParamIter<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let rest = self.0?.trim_start_matches(' ');
        if let Some(trailing) = rest.strip_prefix(':') {
            self.0 = None;
            return Some(trailing);
        }
        let (param, rest) = scan::split(rest, b' ');
        self.0 = rest;
        (!param.is_empty()).then_some(param)
    }
}

/// The lines of one frame or read: split at LF, with a CR before it dropped; empty ones left out.
pub fn lines(frame: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = frame;
    core::iter::from_fn(move || {
        while !rest.is_empty() {
            let end = scan::find(b'\n', rest).unwrap_or(rest.len());
            let line = rest.get(..end).unwrap_or_default();
            rest = rest.get(end.saturating_add(1)..).unwrap_or_default();
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            if !line.is_empty() {
                return Some(line);
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec::Vec;

    fn parse(line: &str) -> Result<IrcMessage<'_>, ParseError> {
        IrcMessage::parse(line.as_bytes())
    }

    #[test]
    fn every_part_is_found() {
        let line = "@id=7;msg=a\\sb :ann!ann@ann.tmi.twitch.tv PRIVMSG #Room :hi : there\r\n";
        let message = parse(line).unwrap();
        assert_eq!(message.tag("msg").unwrap().unescape(), "a b");
        let prefix = message.prefix().unwrap();
        assert_eq!((prefix.nick(), prefix.user()), (Some("ann"), Some("ann")));
        assert_eq!(prefix.host(), Some("ann.tmi.twitch.tv"));
        assert_eq!(message.command(), "PRIVMSG");
        assert_eq!(message.room(), Room::new("room").ok());
        assert_eq!(message.text(), Some("hi : there"));
        assert_eq!(message.params().iter().count(), 2);
    }

    #[test]
    fn a_message_may_be_bare() {
        let message = parse("PING").unwrap();
        assert_eq!((message.param(0), message.prefix()), (None, None));
        let welcome = parse(":tmi.twitch.tv 001 bot :Welcome, GLHF!").unwrap();
        assert_eq!(welcome.prefix().unwrap().nick(), None);
        assert_eq!(welcome.prefix().unwrap().host(), Some("tmi.twitch.tv"));
        assert_eq!(parse("PRIVMSG #a :").unwrap().param(1), Some(""));
        assert_eq!(parse("A  b   c ").unwrap().params().iter().count(), 2);
        let waves = parse("PRIVMSG #a :\u{1}ACTION waves\u{1}").unwrap();
        assert_eq!((waves.text(), waves.is_action()), (Some("waves"), true));
    }

    #[test]
    fn what_is_wrong_is_said() {
        use ParseError::*;
        let long = |n| "x".repeat(n);
        for (line, error) in [
            ("".into(), Empty),
            ("\r\n".into(), Empty),
            (" PING".into(), BadCommand),
            ("@".into(), BadTags),
            ("@ PING".into(), BadTags),
            ("@a=1".into(), BadTags),
            ("@a=1 ".into(), BadTags),
            ("@=1 PING".into(), BadTags),
            ("@a;;b PING".into(), BadTags),
            ("@a; PING".into(), BadTags),
            (": PING".into(), BadPrefix),
            (":x".into(), BadPrefix),
            (":x ".into(), BadPrefix),
            ("12 a".into(), BadCommand),
            ("P1NG".into(), BadCommand),
            ("PING a\rb".into(), ForbiddenByte),
            ("PING a\0b".into(), ForbiddenByte),
            (alloc::format!("PING :{}", long(10_000)), TooLong),
            (alloc::format!("PING :{}", long(20_000)), TooLong),
            (alloc::format!("@a={} PING", long(8190)), TagsTooLong),
        ] {
            assert_eq!(parse(&line), Err(error), "{line}");
        }
        assert_eq!(IrcMessage::parse(b"PING :\xff"), Err(NotUtf8));
        assert!(parse(&alloc::format!("@a={} PING :{}", long(8189), long(4090))).is_ok());
    }

    #[test]
    fn a_frame_may_hold_many_lines() {
        let found: Vec<_> = lines(b"A\r\nB\n\r\n\nC d\rE\r\nF").collect();
        assert_eq!(found, [&b"A"[..], b"B", b"C d\rE", b"F"]);
    }
}
