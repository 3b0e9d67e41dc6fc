//! What can go wrong outside the core.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use headcount_core::session::{DialFailure, Halt};
use headcount_core::wire::close::Fatal;

/// What kind of failure an [`Error`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The service does not know the token. Trying again with the same one is useless.
    InvalidToken,
    /// The host's name has no address, or nobody could be asked for it.
    NameNotFound,
    /// The host is there, and nobody listens at the port.
    Refused,
    /// The host cannot be reached, or the network broke off. It may work later.
    Network,
    /// The process has as many files and sockets open as it may.
    Files,
    /// The service asks to wait.
    RateLimited {
        /// How long, from when the answer came.
        retry_after: Duration,
    },
    /// The service answered with a status that means trouble on its side or ours.
    Status {
        /// The HTTP status.
        code: u16,
        /// How long the service asks to wait, from when the answer came.
        retry_after: Option<Duration>,
    },
    /// The peer said something that makes no sense.
    Nonsense,
    /// A URL given by the caller or the peer cannot be dialled.
    Url,
    /// A URL leads out of TLS, or over a network without it, and nobody has allowed that: it was
    /// not dialled, since the token would be there for all to read.
    Plaintext,
    /// The TLS handshake failed, mostly because the certificate is not trusted.
    Tls,
    /// The compressed stream is broken.
    Compression,
    /// A message of the peer is larger than the limit.
    TooLarge,
    /// A deadline passed: of a question to the service, of a dial, or of a write.
    Timeout,
    /// The connection broke without a close frame.
    Broken,
    /// The command was not taken because too many are queued.
    QueueFull,
    /// The bot or the shard has stopped.
    Stopped,
    /// Every shard has ended, and the gateway has refused this one for good.
    Halted(Fatal),
    /// Every shard has ended, and the code that ran this one panicked.
    Crashed,
    /// A setting cannot be used. Nothing was started.
    Config,
    /// The folder for the bot's state cannot be used. Nothing was started.
    State,
    /// Another process uses the folder for the bot's state. Nothing was started.
    StateInUse,
    /// A recording cannot be written out. The bot goes on.
    Recording,
}

impl ErrorKind {
    /// What to do about it, in one short sentence.
    #[must_use]
    pub fn remedy(self) -> &'static str {
        match self {
            Self::InvalidToken => "copy the bot's token again, or reset it in the developer portal",
            Self::NameNotFound => DialFailure::NameNotFound.remedy(),
            Self::Refused => DialFailure::Refused.remedy(),
            Self::Network => DialFailure::Unreachable.remedy(),
            Self::Files => DialFailure::Files.remedy(),
            Self::RateLimited { .. } => "wait that long, then try again",
            Self::Status { .. } => {
                "try again in a minute; if it stays, look at the service's status"
            }
            Self::Nonsense => "check that the address is that of a gateway",
            Self::Url => "give a URL that starts with ws://, wss://, http:// or https://",
            Self::Plaintext => DialFailure::Plaintext.remedy(),
            Self::Tls => DialFailure::Tls.remedy(),
            Self::Compression => "connect again; if it stays, switch compression off",
            Self::TooLarge => "connect again; if it stays, allow larger messages",
            Self::Timeout => "check the network and the service's status, then try again",
            Self::Broken => "check the network, then connect again",
            Self::QueueFull => "wait until earlier commands were sent, then try again",
            Self::Stopped => "start a new bot",
            Self::Halted(fatal) => fatal.remedy(),
            Self::Crashed => Halt::Crashed.remedy().unwrap_or_default(),
            Self::Config => "correct the setting",
            Self::State => "give a folder on a local disk that this user may write to",
            Self::Recording => {
                "give a path on a disk that has room, in a folder that this user owns"
            }
            Self::StateInUse => "stop the other process, or give each bot a folder of its own",
        }
    }

    /// What kind of failure it is when a connection to a host could not be opened.
    pub(crate) fn of_connect(error: &io::Error) -> Self {
        if is_out_of_files(error) {
            return Self::Files;
        }
        match error.kind() {
            io::ErrorKind::NotFound => Self::NameNotFound,
            io::ErrorKind::ConnectionRefused => Self::Refused,
            io::ErrorKind::TimedOut => Self::Timeout,
            _ => Self::Network,
        }
    }
}

/// Whether the process, or the whole system, may open no further file; also where that is why a
/// name could not be looked up.
fn is_out_of_files(error: &io::Error) -> bool {
    let limits: [i32; 2] = if cfg!(windows) {
        [10_024, 10_024] // WSAEMFILE
    } else {
        [23, 24] // ENFILE, EMFILE
    };
    let inner = error
        .get_ref()
        .map(|inner| inner as &(dyn StdError + 'static));
    let own = error.raw_os_error();
    let deeper = std::iter::successors(inner, |&error| error.source())
        .find_map(|error| error.downcast_ref::<io::Error>()?.raw_os_error());
    own.or(deeper).is_some_and(|code| limits.contains(&code))
}

/// A failure outside the core: its kind, one line about it, and its cause.
///
/// `{}` is one line with the remedy, `{:#}` the same with every cause behind it. Neither they nor
/// `Debug` nor the source ever hold the token.
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

    /// What the core has to know of a dial that failed so.
    pub(crate) fn dial_failure(&self) -> DialFailure {
        match self.kind {
            ErrorKind::NameNotFound => DialFailure::NameNotFound,
            ErrorKind::Refused => DialFailure::Refused,
            ErrorKind::Network | ErrorKind::Broken => DialFailure::Unreachable,
            ErrorKind::Files => DialFailure::Files,
            ErrorKind::Status { code, retry_after } => DialFailure::Status { code, retry_after },
            ErrorKind::Nonsense | ErrorKind::TooLarge => DialFailure::NoWebSocket,
            ErrorKind::Url => DialFailure::Address,
            ErrorKind::Plaintext => DialFailure::Plaintext,
            ErrorKind::Tls => DialFailure::Tls,
            ErrorKind::Timeout => DialFailure::TimedOut,
            ErrorKind::InvalidToken
            | ErrorKind::RateLimited { .. }
            | ErrorKind::Compression
            | ErrorKind::QueueFull
            | ErrorKind::Stopped
            | ErrorKind::Halted(_)
            | ErrorKind::Crashed
            | ErrorKind::Config
            | ErrorKind::State
            | ErrorKind::StateInUse
            | ErrorKind::Recording => DialFailure::Other,
        }
    }
}

/// Two errors are equal if they are of one kind and read the same.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        (self.kind, &self.detail) == (other.kind, &other.detail)
    }
}

impl fmt::Display for Error {
    /// One line: what happened, with `{:#}` every cause, and what to do about it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.detail)?;
        if f.alternate() {
            let mut said = self.detail.clone();
            for cause in std::iter::successors(self.source(), |&error| error.source()) {
                // Many errors say what their cause says.
                let text = cause.to_string().replace('\n', " ");
                if !said.ends_with(&text) {
                    write!(f, ": {text}")?;
                }
                said = text;
            }
        }
        write!(f, " ({})", self.kind.remedy())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.kind)
            .field("detail", &self.detail)
            .field("source", &self.source)
            .field("remedy", &self.kind.remedy())
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
    fn display_is_one_line_with_a_remedy_and_every_cause_if_asked() {
        let deep = io::Error::new(io::ErrorKind::InvalidData, rustls::Error::DecryptError);
        let error = Error::with_source(ErrorKind::Tls, "no trust", deep);
        assert_eq!(error.to_string().lines().count(), 1);
        assert!(error.to_string().contains("no trust") && error.to_string().contains("clock"));
        let whole = format!("{error:#}");
        assert!(whole.starts_with("no trust: cannot decrypt"), "{whole}");
        assert_eq!(whole.matches("decrypt").count(), 1, "{whole}");
        assert!(whole.ends_with(&format!("({})", ErrorKind::Tls.remedy())));
    }

    #[test]
    fn a_limit_on_files_is_found_however_deep_it_lies() {
        let files = || io::Error::from_raw_os_error(if cfg!(windows) { 10_024 } else { 24 });
        let within = io::Error::new(io::ErrorKind::NotFound, files());
        for error in [files(), within] {
            assert_eq!(ErrorKind::of_connect(&error), ErrorKind::Files);
        }
        for (kind, expected) in [
            (io::ErrorKind::NotFound, ErrorKind::NameNotFound),
            (io::ErrorKind::ConnectionRefused, ErrorKind::Refused),
            (io::ErrorKind::TimedOut, ErrorKind::Timeout),
            (io::ErrorKind::NetworkUnreachable, ErrorKind::Network),
        ] {
            assert_eq!(ErrorKind::of_connect(&kind.into()), expected);
        }
    }
}
