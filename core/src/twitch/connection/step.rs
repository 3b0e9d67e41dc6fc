//! The outputs of a connection.

use core::ops::Deref;
use core::time::Duration;

use smallvec::SmallVec;

use crate::session::DialFailure;
use crate::twitch::{IrcCommand, IrcMessage, Login, ParseError};

/// What the connection wants done or reports, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<'i> {
    /// Open a socket.
    Connect,
    /// The socket is open: answer with
    /// [`ConnectionInput::LoginGranted`](super::ConnectionInput::LoginGranted) when the account may
    /// log in.
    WantLogin,
    /// Send a line.
    Send(IrcCommand),
    /// Close the socket, or give up dialling; answer with
    /// [`ConnectionInput::Closed`](super::ConnectionInput::Closed).
    Close,
    /// Logged in, as this login.
    Ready(Login),
    /// A message that the connection does not answer itself.
    Message(IrcMessage<'i>),
    /// A line that is no message; the connection goes on.
    Malformed(ParseError),
    /// The server will end this connection soon: open another.
    Reconnect,
    /// No use any more, and why. Comes once, before `Ended`.
    Lost(End),
    /// The socket is gone. Nothing follows.
    Ended,
}

/// Why a connection was lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum End {
    /// The socket could not be opened.
    DialFailed(DialFailure),
    /// The socket did not open in time.
    DialTimeout,
    /// No login was granted in time.
    GrantTimeout,
    /// The token is bad, expired or lacks the scope for chat: a fresh one is needed.
    BadToken,
    /// The server does not take the login, whatever the token: it can never succeed.
    BadLogin,
    /// The server refused the login for a reason that may pass.
    LoginRefused,
    /// The server did not answer the login in time.
    LoginTimeout,
    /// The server was silent and did not answer a PING.
    Deaf,
    /// The server, or something in between, closed the connection.
    Closed,
    /// We closed it.
    Stopped,
}

impl End {
    /// Its name in metrics; a dial that failed is named after why.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::DialFailed(why) => why.label(),
            Self::DialTimeout => "dial_timed_out",
            Self::GrantTimeout => "grant_timed_out",
            Self::BadToken => "bad_token",
            Self::BadLogin => "bad_login",
            Self::LoginRefused => "login_refused",
            Self::LoginTimeout => "login_timed_out",
            Self::Deaf => "deaf",
            Self::Closed => "closed",
            Self::Stopped => "stopped",
        }
    }

    /// How long the server asks to wait before the next dial.
    pub(in crate::twitch) fn asked_wait(self) -> Duration {
        match self {
            Self::DialFailed(why) => why.retry_after().unwrap_or_default(),
            Self::DialTimeout
            | Self::GrantTimeout
            | Self::BadToken
            | Self::BadLogin
            | Self::LoginRefused
            | Self::LoginTimeout
            | Self::Deaf
            | Self::Closed
            | Self::Stopped => Duration::ZERO,
        }
    }
}

/// The steps that one input leads to, in order. Borrows the input, not the connection.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct Steps<'i>(SmallVec<[Step<'i>; 4]>);

impl<'i> Steps<'i> {
    pub(super) fn push(&mut self, step: Step<'i>) {
        self.0.push(step);
    }
}

impl<'i> Deref for Steps<'i> {
    type Target = [Step<'i>];

    fn deref(&self) -> &[Step<'i>] {
        &self.0
    }
}

impl<'i> IntoIterator for Steps<'i> {
    type Item = Step<'i>;
    type IntoIter = StepIter<'i>;

    fn into_iter(self) -> StepIter<'i> {
        StepIter(self.0.into_iter())
    }
}

/// Takes the steps one by one.
#[derive(Debug)]
pub struct StepIter<'i>(smallvec::IntoIter<[Step<'i>; 4]>);

impl<'i> Iterator for StepIter<'i> {
    type Item = Step<'i>;

    fn next(&mut self) -> Option<Step<'i>> {
        self.0.next()
    }
}
