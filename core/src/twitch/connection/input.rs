//! The inputs of a connection.

use crate::Token;
use crate::session::DialFailure;
use crate::twitch::Login;

/// What happened to a connection.
#[derive(Clone, Copy, Debug)]
pub enum ConnectionInput<'i> {
    /// The time of [`Connection::poll_timeout`](super::Connection::poll_timeout) has come, or
    /// it is just a moment to look at the clock.
    Timeout,
    /// The socket is open.
    Opened,
    /// The account's login budget allows to log in, as this.
    LoginGranted(&'i Identity),
    /// A frame or some whole lines arrived.
    Frame(&'i [u8]),
    /// The socket has ended.
    Closed,
    /// The socket could not be opened.
    DialFailed(DialFailure),
}

/// Who logs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Nobody: reads everything, sends nothing. The login is `justinfan` and digits.
    Anonymous(Login),
    /// An account.
    Account {
        /// Its login; the token decides, so [`Step::Ready`](super::Step::Ready) may name another.
        login: Login,
        /// Its token, with or without `oauth:`.
        token: Token,
    },
}
