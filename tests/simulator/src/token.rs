//! The bot's token, which no `Debug` shows.
use std::fmt;

/// A token without its `Bot ` prefix.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// The token in `text`, with or without the prefix; `None` when nothing is left.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim_start();
        let bare = text.strip_prefix("Bot ").unwrap_or(text).trim();
        (!bare.is_empty()).then(|| Self(bare.to_owned()))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_does_not_matter_and_nothing_is_shown() {
        assert_eq!(Token::new("Bot abc"), Token::new("abc"));
        assert_eq!(Token::new("Bot "), None);
        assert_eq!(format!("{:?}", Token::new("abc")), "Some(Token(..))");
    }
}
