//! Why a swap has no answer.

use std::error::Error;
use std::fmt;

use redis::{ErrorKind, RedisError, ServerErrorKind};

/// Why Redis gave no answer. Whatever the reason, it is not known whether an entry was written:
/// the machine of leases takes it as [`Swapped::Unknown`](headcount_core::fleet::lease::Swapped).
#[derive(Debug)]
#[non_exhaustive]
pub enum CoordinatorError {
    /// The address is none, or asks for what this build cannot do.
    Address(RedisError),
    /// There is no connection, or it ended.
    Unreachable(RedisError),
    /// No answer came in time.
    TimedOut,
    /// Redis takes no writes now: it is full, read only, or still loading its data.
    Refused(RedisError),
    /// The user may not do this, or is not who it says.
    Forbidden(RedisError),
    /// What Redis said, or what is in the entry, is not understood: of another version, perhaps.
    NotUnderstood,
    /// Something else.
    Other(RedisError),
}

/// What Redis said to the first command that failed, where several were sent at once.
pub(crate) fn single(error: RedisError) -> RedisError {
    let errors = error.clone().into_server_errors();
    let first = errors.and_then(|errors| errors.first().map(|(_, first)| first.clone()));
    first.map_or(error, RedisError::from)
}

impl CoordinatorError {
    pub(crate) fn of(error: RedisError) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if error.is_io_error() || error.is_connection_dropped() {
            return Self::Unreachable(error);
        }
        let is_full = matches!(error.code(), Some("OOM" | "MISCONF" | "NOREPLICAS"));
        let detail = error.detail().unwrap_or_default();
        let is_forbidden_in_a_script = detail.starts_with("The user executing the script can't");
        match error.kind() {
            ErrorKind::Server(
                ServerErrorKind::ReadOnly
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::MasterDown
                | ServerErrorKind::ClusterDown,
            ) => Self::Refused(error),
            ErrorKind::Server(ServerErrorKind::NoPerm) | ErrorKind::AuthenticationFailed => {
                Self::Forbidden(error)
            }
            ErrorKind::InvalidClientConfig => Self::Address(error),
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => Self::NotUnderstood,
            _ if is_full => Self::Refused(error),
            _ if is_forbidden_in_a_script => Self::Forbidden(error),
            _ => Self::Other(error),
        }
    }
}

impl fmt::Display for CoordinatorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address(_) => {
                "the address of Redis cannot be used: it is redis://HOST, or rediss:// with TLS"
            }
            Self::Unreachable(_) => "Redis cannot be reached",
            Self::TimedOut => "Redis gave no answer in time",
            Self::Refused(_) => "Redis takes no writes",
            Self::Forbidden(_) => "Redis does not let this user in, or not do this",
            Self::NotUnderstood => "what Redis said is not understood",
            Self::Other(_) => "Redis refused a command",
        })
    }
}

impl Error for CoordinatorError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Address(error)
            | Self::Unreachable(error)
            | Self::Refused(error)
            | Self::Forbidden(error)
            | Self::Other(error) => Some(error),
            Self::TimedOut | Self::NotUnderstood => None,
        }
    }
}
