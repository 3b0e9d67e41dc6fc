//! Payloads without what their users have written: ids, names, texts and addresses replaced.

use headcount_core::wire::Name;

use super::key::ScrubKey;
use super::meaning::{ID_DIGITS, Meaning, is_word};

/// Objects and arrays deeper than this say nothing of what is in them.
const DEEPEST: usize = 256;

/// Replaces what is in JSON in place. Every byte stays where it was, also of what is no JSON.
pub(super) struct Scrubber {
    /// Without one everything stays as it is.
    key: Option<ScrubKey>,
    levels: Vec<NestedLevel>,
    /// Levels beyond the deepest.
    deeper: usize,
    /// Whether the bot's own code has written it.
    is_own: bool,
    /// Whether its event answers requests of the bot's; `None` until its name has come.
    answers: Option<bool>,
}

/// An object or an array that is open.
#[derive(Clone, Copy)]
struct NestedLevel {
    is_object: bool,
    awaits_key: bool,
    meaning: Meaning,
}

impl Scrubber {
    pub(super) fn new(key: ScrubKey) -> Self {
        Self::with(Some(key))
    }

    /// One for recordings without anybody's data: everything stays as it is.
    pub(super) fn none() -> Self {
        Self::with(None)
    }

    fn with(key: Option<ScrubKey>) -> Self {
        Self {
            key,
            levels: Vec::new(),
            deeper: 0,
            is_own: false,
            answers: None,
        }
    }

    /// The id that stands for this one.
    pub(super) fn id(&mut self, id: u64) -> u64 {
        self.key.as_mut().map_or(id, |key| key.id(id))
    }

    /// A text outside of JSON.
    pub(super) fn text(&self, text: &str) -> String {
        let mut bytes = text.as_bytes().to_vec();
        self.replace_text(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    }

    fn replace_text(&self, text: &mut [u8]) {
        if let Some(key) = &self.key {
            key.replace_text(text);
        }
    }

    /// One document that the bot's own code has written.
    pub(super) fn own_json(&mut self, bytes: &mut [u8]) {
        self.is_own = true;
        self.json(bytes);
        self.is_own = false;
    }

    /// One document.
    pub(super) fn json(&mut self, bytes: &mut [u8]) {
        if self.key.is_none() {
            return;
        }
        self.levels.clear();
        self.deeper = 0;
        // What the bot has written names its own requests.
        self.answers = self.is_own.then_some(true);
        let mut at = 0;
        while at < bytes.len() {
            at += match bytes[at] {
                b'{' | b'[' => self.open(bytes[at] == b'{'),
                b'}' | b']' => self.close(),
                b',' => self.next_is_key(true),
                b':' => self.next_is_key(false),
                b'"' => self.string(&mut bytes[at..]),
                b'-' | b'0'..=b'9' => self.number(&mut bytes[at..]),
                b' ' | b'\t' | b'\n' | b'\r' => 1,
                _ => other(&mut bytes[at..]),
            };
        }
    }

    fn open(&mut self, is_object: bool) -> usize {
        if self.levels.len() < DEEPEST {
            let meaning = match is_object {
                true => Meaning::Unknown,
                // What is in an array is what its key says.
                false => self.meaning(),
            };
            self.levels.push(NestedLevel {
                is_object,
                awaits_key: is_object,
                meaning,
            });
        } else {
            self.deeper += 1;
        }
        1
    }

    fn close(&mut self) -> usize {
        match self.deeper.checked_sub(1) {
            Some(deeper) => self.deeper = deeper,
            None => drop(self.levels.pop()),
        }
        1
    }

    fn next_is_key(&mut self, is_key: bool) -> usize {
        if let Some(level) = self.levels.last_mut().filter(|_| self.deeper == 0) {
            level.awaits_key = is_key && level.is_object;
        }
        1
    }

    fn meaning(&self) -> Meaning {
        let level = self.levels.last().filter(|_| self.deeper == 0);
        level.map_or(Meaning::Unknown, |level| level.meaning)
    }

    /// A string from its quote on; how many bytes it has. One without an end is scrubbed as well.
    fn string(&mut self, bytes: &mut [u8]) -> usize {
        let mut end = 1;
        while end < bytes.len() && bytes[end] != b'"' {
            end += 1 + usize::from(bytes[end] == b'\\');
        }
        let end = end.min(bytes.len());
        let (text, rest) = bytes[1..].split_at_mut(end - 1);
        let depth = self.levels.len();
        match self.levels.last_mut().filter(|_| self.deeper == 0) {
            Some(level) if level.awaits_key => {
                let is_own = self.is_own;
                level.meaning = match is_own {
                    true => Meaning::of_own_key(text),
                    false => Meaning::of_key(text, depth),
                };
                match is_own {
                    true => self.value(text, Meaning::Own),
                    false if is_word(text) => {}
                    false => self.value(text, Meaning::Unknown),
                }
            }
            _ => {
                let meaning = self.meaning();
                if meaning == Meaning::Nonce && self.answers.is_none() {
                    self.answers = Some(answer_is_named(rest));
                }
                self.value(text, meaning);
            }
        }
        (end + 1).min(bytes.len())
    }

    fn value(&mut self, text: &mut [u8], meaning: Meaning) {
        if meaning == Meaning::EventName {
            self.answers = Some(answers_requests(text));
        }
        // A message has a nonce too, which whoever sent it has written.
        let is_foreign = meaning == Meaning::Nonce && self.answers != Some(true);
        let stays = meaning.keeps(text) && !is_foreign;
        if !stays && text != b"0" {
            self.replace(text);
        }
    }

    fn replace(&mut self, text: &mut [u8]) {
        match id_of(text) {
            Some(id) => write(text, self.id(id)),
            None if text.iter().all(u8::is_ascii_digit) => self.replace_digits(text),
            None => self.replace_text(text),
        }
    }

    /// Digits that are no id, as they begin with a zero or are too large, stay none.
    fn replace_digits(&self, digits: &mut [u8]) {
        let Some(first) = digits.first().copied() else {
            return;
        };
        self.replace_text(digits);
        if self.key.is_some() {
            digits[0] = if first == b'0' { b'0' } else { b'9' };
        }
    }

    fn number(&mut self, bytes: &mut [u8]) -> usize {
        let is_part = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
        let length = bytes.iter().take_while(|byte| is_part(byte)).count();
        let number = &mut bytes[..length];
        let from = usize::from(number[0] == b'-');
        let (whole, rest) = split_digits(&mut number[from..]);
        let is_replaced = match self.meaning() {
            Meaning::Id | Meaning::Written => true,
            Meaning::Bits | Meaning::Own => false,
            _ => whole.len() >= ID_DIGITS,
        };
        if is_replaced {
            match id_of(whole) {
                Some(id) => write(whole, self.id(id)),
                None => self.replace_digits(whole),
            }
            if let [b'.', fraction @ ..] = rest {
                self.replace_text(split_digits(fraction).0);
            }
        }
        length
    }
}

/// The digits that these bytes begin with, and what follows.
fn split_digits(bytes: &mut [u8]) -> (&mut [u8], &mut [u8]) {
    let digits = bytes.iter().take_while(|byte| byte.is_ascii_digit());
    let length = digits.count();
    bytes.split_at_mut(length)
}

/// Whether an event of this name says which member request it is about.
fn answers_requests(name: &[u8]) -> bool {
    let names = [Name::GuildMembersChunk, Name::RateLimited];
    names.iter().any(|it| it.as_str().as_bytes() == name)
}

/// Whether what follows names such an event. In a text its quotes would be escaped.
fn answer_is_named(rest: &[u8]) -> bool {
    let name: &[u8] = br#""t":""#;
    let mut behind = rest
        .windows(name.len())
        .enumerate()
        .filter(|(_, it)| *it == name);
    behind.any(|(at, _)| {
        let named = rest[at + name.len()..].split(|byte| *byte == b'"').next();
        named.is_some_and(answers_requests)
    })
}

/// A word that JSON has, or a byte that has no place in it.
fn other(bytes: &mut [u8]) -> usize {
    let words: [&[u8]; 3] = [b"true", b"false", b"null"];
    if let Some(word) = words.iter().find(|word| bytes.starts_with(word)) {
        return word.len();
    }
    bytes[0] = b'?';
    1
}

/// The id that these digits are, if it would be written so.
fn id_of(digits: &[u8]) -> Option<u64> {
    let is_plain =
        digits.first().is_some_and(|first| *first != b'0') && digits.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(digits).ok().filter(|_| is_plain)?;
    text.parse().ok()
}

/// Writes an id over one of as many digits.
fn write(digits: &mut [u8], id: u64) {
    let mut rest = id;
    for place in digits.iter_mut().rev() {
        *place = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

#[cfg(test)]
mod tests;
