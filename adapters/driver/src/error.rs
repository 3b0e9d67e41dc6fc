//! What can go wrong outside the core.

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service does not know the token. Trying again with the same one is useless.
    InvalidToken,
    /// The host cannot be found or reached. It may work later.
    Network,
    /// The service asks to wait.
    RateLimited {
        /// How long, from when the answer came.
        retry_after: Duration,
    },
    /// The service answered with a status that means trouble on its side or ours.
    Status {
        /// The HTTP status.
        code: u16,
    },
    /// The peer said something that makes no sense.
    Nonsense,
    /// A URL given by the caller or the peer cannot be dialled.
    Url,
    /// The TLS handshake failed, mostly because the certificate is not trusted.
    Tls,
    /// The compressed stream is broken.
    Compression,
    /// The peer sent a message that is larger than the limit for it.
    TooLarge,
    /// A deadline passed: dialling, or a write that did not finish.
    Timeout,
    /// The connection broke without a close frame.
    Broken,
    /// The command was not taken because too many are queued.
    QueueFull,
    /// The bot or the shard has stopped.
    Stopped,
    /// A setting cannot be used. Nothing was started.
    Config,
}

impl ErrorKind {
    /// What to do about it, in one short sentence.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::InvalidToken => "copy the bot's token again, or reset it in the developer portal",
            Self::Network => "check the network, the host name and any firewall, then try again",
            Self::RateLimited { .. } => "wait that long, then try again",
            Self::Status { .. } => {
                "try again in a minute; if it stays, look at the service's status"
            }
            Self::Nonsense => "check that the address is that of a gateway",
            Self::Url => "give a URL that starts with ws://, wss://, http:// or https://",
            Self::Tls => "check the clock and the certificate, or give a TLS configuration",
            Self::Compression => "the shard reconnects; if it stays, switch compression off",
            Self::TooLarge => "the shard reconnects; if it stays, raise the limit on messages",
            Self::Timeout | Self::Broken => "the shard reconnects by itself",
            Self::QueueFull => "wait until earlier commands were sent, then try again",
            Self::Stopped => "start a new bot",
            Self::Config => "correct the setting",
        }
    }
}

/// A failure outside the core: its kind, one line about it, and its cause.
///
/// Neither `Display` nor `Debug` nor the source ever holds the token.
pub struct Error {
    kind: ErrorKind,
    detail: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// A failure without a deeper cause.
    pub(crate) fn new(kind: ErrorKind, detail: impl Into<String>) -> Self {
        let detail = detail.into();
        Self {
            kind,
            detail,
            source: None,
        }
    }

    /// A failure with the error that led to it.
    pub(crate) fn with_source(
        kind: ErrorKind,
        detail: impl Into<String>,
        source: impl Into<Box<dyn StdError + Send + Sync>>,
    ) -> Self {
        let detail = detail.into();
        Self {
            kind,
            detail,
            source: Some(source.into()),
        }
    }

    /// What kind of failure this is.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What happened, without the remedy.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl fmt::Display for Error {
    /// One line: what happened, and what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.detail, self.kind.remedy())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("detail", &self.detail)
            .field("source", &self.source)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source
            .as_deref()
            .map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn display_is_one_line_with_a_remedy() {
        let error = Error::with_source(ErrorKind::Tls, "no trust", std::io::Error::other("deep"));
        assert_eq!(error.to_string().lines().count(), 1);
        assert!(error.to_string().contains("no trust") && error.to_string().contains("clock"));
        assert_eq!(
            error.source().map(ToString::to_string).as_deref(),
            Some("deep")
        );
    }
}
