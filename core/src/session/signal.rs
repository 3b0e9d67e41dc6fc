//! What a session reacts to.

use core::time::Duration;

use crate::session::dial::DialFailure;
use crate::session::phase::OnStop;

/// What a state has to react to: an input of the host, or a payload that has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal<'a> {
    /// Look at the clock.
    Timeout,
    /// The connection is open.
    Opened,
    /// The connection could not be opened.
    DialFailed(DialFailure),
    /// The connection ended.
    Closed(Option<u16>),
    /// The fleet lets us identify.
    Granted,
    /// What the server sent may lie unread, whatever is waited for among it; for so long nothing
    /// was read.
    Unread(Duration),
    /// The user wants it to end.
    Stop(OnStop),
    /// The user wants another connection, and another session if this one is to end.
    Restart(OnStop),
    /// The host cannot run the shard any more.
    Crashed,
    /// Op 10.
    Hello(Duration),
    /// Op 11.
    Answered,
    /// Op 1.
    BeatAsked,
    /// Op 7.
    ReconnectAsked,
    /// Op 9.
    InvalidSession { resumable: bool },
    /// Op 0.
    Dispatch {
        sequence: Option<u64>,
        kind: SessionDispatch<'a>,
    },
}

/// The dispatches that mean something to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SessionDispatch<'a> {
    /// A new session.
    Ready { id: &'a str, url: &'a str },
    /// READY of a session that it does not name, or not so that it can be read.
    Nameless,
    /// The end of a replay.
    Resumed,
    /// Any other.
    Other,
}

/// Whether a dispatch goes on to the tracker and the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Forwarding {
    /// It does.
    Forward,
    /// Its sequence was seen before in this session.
    Repeated,
    /// There is no session that it could belong to.
    OutOfPlace,
}
