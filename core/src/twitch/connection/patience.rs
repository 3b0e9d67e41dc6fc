//! How long a connection waits, and for what.

use core::time::Duration;

use crate::bounds::{ConfigError, wait};

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ConnectionWait {
    /// The socket to open.
    Dial,
    /// The login to be granted.
    Grant,
    /// The server's welcome.
    Welcome,
    /// Anything from the server, before it is asked.
    Silence,
    /// The server's PONG, or anything else.
    Pong,
    /// The socket to end.
    Close,
}

/// How long a connection waits, each with its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the socket to open: 15 s.
    pub dial: Duration,
    /// For the login to be granted: 60 s.
    pub grant: Duration,
    /// For the welcome: 15 s.
    pub welcome: Duration,
    /// For anything at all before it sends a PING: 60 s.
    pub silence: Duration,
    /// For the answer to its PING: 10 s.
    pub pong: Duration,
    /// For the socket to end after a close: 5 s.
    pub close: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            dial: Duration::from_secs(15),
            grant: Duration::from_secs(60),
            welcome: Duration::from_secs(15),
            silence: Duration::from_secs(60),
            pong: Duration::from_secs(10),
            close: Duration::from_secs(5),
        }
    }
}

impl Patience {
    pub(in crate::twitch) fn check(&self) -> Result<(), ConfigError> {
        let Self {
            dial,
            grant,
            welcome,
            silence,
            pong,
            close,
        } = self;
        wait("dial", *dial)?;
        wait("grant", *grant)?;
        wait("welcome", *welcome)?;
        wait("silence", *silence)?;
        wait("pong", *pong)?;
        wait("close", *close)
    }
}
