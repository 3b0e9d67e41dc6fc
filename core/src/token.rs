//! The secret, wrapped so that it cannot leak by accident.

use alloc::sync::Arc;
use core::fmt;

/// A bot's token. `Debug` hides it, it has no `Display`, and it does not serialise.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(Arc<str>);

impl Token {
    /// Wraps a token as issued; blanks around it and a leading `Bot ` are taken off, since a
    /// resume with that prefix has been refused by the real gateway.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = text.trim();
        Self(Arc::from(
            text.strip_prefix("Bot ").unwrap_or(text).trim_start(),
        ))
    }

    /// The place of a token that was left out.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn none() -> Self {
        Self(Arc::from(""))
    }

    /// The secret itself. Only what writes it to the wire should call this.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prefix_goes_and_the_secret_stays_hidden() {
        let token = Token::new(" Bot abc.def\n");
        assert_eq!(token.expose(), "abc.def");
        assert_eq!(alloc::format!("{token:?}"), "Token(hidden)");
    }
}
