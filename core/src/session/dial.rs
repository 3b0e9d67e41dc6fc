//! Why a connection could not be opened.

use core::fmt;
use core::time::Duration;

/// Why a connection could not be opened, as far as the host knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DialFailure {
    /// The host's name has no address, or nobody could be asked for it.
    NameNotFound,
    /// The host is there, and nobody listens at the port.
    Refused,
    /// There is no way to the host.
    Unreachable,
    /// The operating system gave up waiting for the host.
    TimedOut,
    /// The process has as many files and sockets open as it may.
    Files,
    /// No TLS could be agreed upon, or the certificate is not trusted.
    Tls,
    /// The server answered with a status, in place of an upgrade.
    Status {
        /// The HTTP status.
        code: u16,
        /// How long it asks to wait, from its answer on. It is obeyed up to
        /// [`Timing::longest_backoff`](crate::config::Timing::longest_backoff).
        retry_after: Option<Duration>,
    },
    /// The server does not speak WebSocket.
    NoWebSocket,
    /// The address leads out of TLS, or over a network without it, and nobody has allowed that: it
    /// was not dialled, since the token would be there for all to read.
    Plaintext,
    /// The address makes no sense, and was not dialled.
    Address,
    /// For another reason, or for one that the host does not know.
    #[default]
    Other,
}

impl DialFailure {
    /// Its name in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::NameNotFound => "dial_name_not_found",
            Self::Refused => "dial_refused",
            Self::Unreachable => "dial_unreachable",
            Self::TimedOut => "dial_given_up",
            Self::Files => "dial_files",
            Self::Tls => "dial_tls",
            Self::Status { .. } => "dial_status",
            Self::NoWebSocket => "dial_no_websocket",
            Self::Plaintext => "dial_plaintext",
            Self::Address => "dial_address",
            Self::Other => "dial_other",
        }
    }

    /// How long the server asks to wait.
    pub(crate) const fn retry_after(self) -> Option<Duration> {
        match self {
            Self::Status { retry_after, .. } => retry_after,
            Self::NameNotFound
            | Self::Refused
            | Self::Unreachable
            | Self::TimedOut
            | Self::Files
            | Self::Tls
            | Self::NoWebSocket
            | Self::Plaintext
            | Self::Address
            | Self::Other => None,
        }
    }

    /// What to do about it if it stays, in one line. The shard tries again by itself.
    #[must_use]
    pub const fn remedy(self) -> &'static str {
        match self {
            Self::NameNotFound => "check the host's name, and whether names can be looked up here",
            Self::Refused => "check host and port, and whether the server runs",
            Self::Unreachable => "check the network, and any firewall on the way",
            Self::TimedOut => "check the network, and whether the host is up",
            Self::Files => "close files and sockets, or raise the limit on them (ulimit -n)",
            Self::Tls => {
                "check that the port speaks TLS, this machine's clock, the host's name and certificate, and the roots that the TLS configuration trusts"
            }
            Self::Status { .. } => "wait; if it stays, look at the service's status",
            Self::NoWebSocket => "check that the address is that of a gateway",
            Self::Plaintext => {
                "give an address that starts with wss:// or https://, or allow plaintext by name if nobody can listen on the way"
            }
            Self::Address => "give an address that starts with wss://",
            Self::Other => "look at the log for what the host says",
        }
    }
}

impl fmt::Display for DialFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameNotFound => f.write_str("the host's name was not found"),
            Self::Refused => f.write_str("the host refuses connections"),
            Self::Unreachable => f.write_str("the host cannot be reached"),
            Self::TimedOut => f.write_str("the host does not answer"),
            Self::Files => f.write_str("too many files are open"),
            Self::Tls => f.write_str("there is no secure connection"),
            Self::Status { code, retry_after } => {
                write!(f, "the server answered with status {code}")?;
                match retry_after {
                    Some(wait) => write!(f, " and asks to wait {wait:?}"),
                    None => Ok(()),
                }
            }
            Self::NoWebSocket => f.write_str("the server does not speak WebSocket"),
            Self::Plaintext => f.write_str("the token does not go there without TLS"),
            Self::Address => f.write_str("the address makes no sense"),
            Self::Other => f.write_str("the connection could not be opened"),
        }
    }
}
