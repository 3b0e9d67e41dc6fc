//! Messages to be said.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::action::SayId;
use crate::twitch::{EncodeError, IrcCommand, Room};

/// The most characters of a message that Twitch takes; it would cut the rest.
pub const LONGEST_TEXT: usize = 500;

/// Which message goes first when budget is short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Before all others.
    High,
    /// In between.
    #[default]
    Normal,
    /// After all others.
    Low,
}

/// Something to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// Where.
    pub room: Room,
    /// What, up to [`LONGEST_TEXT`] characters; see [`Say::split`].
    pub text: String,
    /// The `id` of the message that this replies to.
    pub reply_to: Option<String>,
    /// How much hurry it has.
    pub priority: Priority,
}

impl Say {
    /// A message of normal priority.
    #[must_use]
    pub fn new(room: Room, text: impl Into<String>) -> Self {
        Self {
            room,
            text: text.into(),
            reply_to: None,
            priority: Priority::Normal,
        }
    }

    /// Makes it a reply to the message with this `id`.
    #[must_use]
    pub fn reply_to(mut self, id: impl Into<String>) -> Self {
        self.reply_to = Some(id.into());
        self
    }

    /// The same in as many messages as its text needs, cut between words; a word of more than
    /// [`LONGEST_TEXT`] characters is cut itself. Each spends budget of its own.
    #[must_use]
    pub fn split(self) -> Vec<Self> {
        let (lead, mut rest) = match self.text.strip_prefix(ACTION) {
            Some(rest) => (ACTION, rest),
            None => ("", self.text.as_str()),
        };
        let room = LONGEST_TEXT.saturating_sub(lead.len());
        let mut parts = Vec::new();
        while parts.is_empty() || !rest.trim().is_empty() {
            let (part, tail) = cut(rest, room);
            let text = alloc::format!("{lead}{}", part.trim_end());
            parts.push(Self {
                room: self.room,
                text,
                reply_to: self.reply_to.clone(),
                priority: self.priority,
            });
            rest = tail.trim_start();
        }
        parts
    }

    /// Sets its priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }
}

/// `/me`, which is said again before each part.
const ACTION: &str = "/me ";

/// Cuts a text at the last blank within so many characters, or in a word that is longer.
fn cut(text: &str, characters: usize) -> (&str, &str) {
    let Some((end, _)) = text.char_indices().nth(characters) else {
        return (text, "");
    };
    let (head, tail) = text.split_at_checked(end).unwrap_or((text, ""));
    if tail.starts_with(char::is_whitespace) {
        return (head, tail);
    }
    match head.trim_end().rfind(char::is_whitespace) {
        Some(blank) if !head.get(..blank).unwrap_or_default().trim().is_empty() => {
            text.split_at_checked(blank).unwrap_or((head, tail))
        }
        Some(_) | None => (head, tail),
    }
}

/// Why something cannot be said. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SayError {
    /// The text is empty.
    Empty,
    /// The text has so many characters: more than [`LONGEST_TEXT`]. [`Say::split`] makes several
    /// messages of it.
    TooLong(usize),
    /// The text or the reply's id cannot be sent.
    Encode(EncodeError),
    /// Too many messages wait already; see [`PoolConfig::say_queue`](super::PoolConfig).
    QueueFull,
    /// There is no such manager, or it does not run.
    NotRunning,
}

impl fmt::Display for SayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is nothing to say"),
            Self::TooLong(characters) => write!(
                f,
                "a text of {characters} characters, of which {LONGEST_TEXT} can be said"
            ),
            Self::Encode(error) => fmt::Display::fmt(error, f),
            Self::QueueFull => f.write_str("too many messages wait already"),
            Self::NotRunning => f.write_str("the manager does not run"),
        }
    }
}

impl core::error::Error for SayError {}

impl Say {
    /// The line that says it; the server's confirmation names `id`.
    pub(super) fn command(&self, id: SayId) -> IrcCommand {
        IrcCommand::Say {
            room: self.room,
            text: self.text.clone(),
            reply_to: self.reply_to.clone(),
            nonce: alloc::format!("{}", id.get()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(text: &str) -> Vec<String> {
        let say = Say::new(Room::new("a").unwrap(), text).reply_to("m1");
        let parts = say.split();
        assert!(
            parts
                .iter()
                .all(|part| part.reply_to.as_deref() == Some("m1"))
        );
        assert!(
            parts
                .iter()
                .all(|part| part.text.chars().count() <= LONGEST_TEXT)
        );
        parts.into_iter().map(|part| part.text).collect()
    }

    #[test]
    fn a_text_is_cut_between_words() {
        assert_eq!(parts("short"), ["short"]);
        assert_eq!(parts(""), [""]);
        let words = "four ".repeat(250);
        let all = parts(&words);
        assert_eq!(all.len(), 3);
        assert_eq!(all.join(" "), words.trim_end());
        let exact = "x".repeat(LONGEST_TEXT);
        assert_eq!(parts(&exact), core::slice::from_ref(&exact));
        assert_eq!(
            parts(&alloc::format!("{exact} y")),
            [exact.clone(), "y".into()]
        );
        assert_eq!(parts(&alloc::format!("y {exact}")), ["y".into(), exact]);
    }

    #[test]
    fn a_long_word_is_cut_in_characters_and_an_action_stays_one() {
        let word = "\u{e9}".repeat(1001);
        let all = parts(&word);
        assert_eq!(
            all.iter()
                .map(|part| part.chars().count())
                .collect::<Vec<_>>(),
            [500, 500, 1]
        );
        assert_eq!(all.concat(), word);
        let all = parts(&alloc::format!("/me {}", "four ".repeat(150)));
        assert_eq!(all.len(), 2);
        assert!(all.iter().all(|part| part.starts_with("/me four")));
    }
}
