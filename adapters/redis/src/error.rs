//! Why a swap has no answer.

use std::error::Error;
use std::sync::Arc;
use std::{fmt, io};

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
    /// There is no secure connection: the server's certificate is not trusted, it does not trust
    /// this process, or the certificates of [`RedisTls`](crate::RedisTls) cannot be read.
    Tls(RedisError),
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

/// What Redis, and what Valkey says of a command in a script that the user may not run.
const FORBIDDEN_IN_A_SCRIPT: [&str; 2] = [
    "The user executing the script can't",
    "ACL failure in script: ",
];

impl CoordinatorError {
    const fn cause(&self) -> Option<&RedisError> {
        match self {
            Self::Address(error)
            | Self::Unreachable(error)
            | Self::Tls(error)
            | Self::Refused(error)
            | Self::Forbidden(error)
            | Self::Other(error) => Some(error),
            Self::TimedOut | Self::NotUnderstood => None,
        }
    }

    pub(crate) fn of(error: RedisError) -> Self {
        if error.is_timeout() {
            return Self::TimedOut;
        }
        if is_of_tls(&error) {
            return Self::Tls(error);
        }
        if error.is_io_error() || error.is_connection_dropped() {
            return Self::Unreachable(error);
        }
        let is_full = matches!(error.code(), Some("OOM" | "MISCONF" | "NOREPLICAS"));
        let detail = error.detail().unwrap_or_default();
        let is_forbidden_in_a_script = FORBIDDEN_IN_A_SCRIPT
            .iter()
            .any(|text| detail.starts_with(text));
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

/// Whether TLS failed: its errors come as data that are not valid, and a connection has no others.
fn is_of_tls(error: &RedisError) -> bool {
    let Some(source) = error.source() else {
        return false;
    };
    let shared = source.downcast_ref::<Arc<dyn Error + Send + Sync>>();
    let inner = shared.map_or(source, |shared| &**shared);
    let of_io = inner.downcast_ref::<io::Error>();
    of_io.is_some_and(|error| error.kind() == io::ErrorKind::InvalidData)
}

impl fmt::Display for CoordinatorError {
    /// What it means, and what Redis or the connection said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Address(_) => {
                "the address of Redis cannot be used: it is redis://HOST, or rediss:// with TLS"
            }
            Self::Unreachable(_) => "Redis cannot be reached",
            Self::Tls(_) => "there is no secure connection to Redis",
            Self::TimedOut => "Redis gave no answer in time",
            Self::Refused(_) => "Redis takes no writes",
            Self::Forbidden(_) => "Redis does not let this user in, or not do this",
            Self::NotUnderstood => "what Redis said is not understood",
            Self::Other(_) => "Redis refused a command",
        })?;
        match self.cause() {
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl Error for CoordinatorError {
    /// What lies behind the cause, which the text says.
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause()?.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_script_may_not_do_is_forbidden_in_the_words_of_redis_and_of_valkey() {
        for said in [
            "The user executing the script can't run this command or subcommand script",
            "ACL failure in script: User bot has no permissions to run the 'hmget' command",
        ] {
            let said = (ErrorKind::Extension, "ERR", said.to_owned());
            let error = CoordinatorError::of(said.into());
            assert!(matches!(error, CoordinatorError::Forbidden(_)), "{error:?}");
        }
    }
}
