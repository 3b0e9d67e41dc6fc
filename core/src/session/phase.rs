//! The words of a session: its states, why they change, and what is waited for.

use core::fmt;

use crate::session::dial::DialFailure;
use crate::wire::close::Fatal;

/// A state of the connection's state machine; the page of the crate draws their transitions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Phase {
    /// No connection; waiting to start or for the back-off to pass.
    Idle,
    /// No connection; waiting for the fleet to grant an identify.
    Waiting,
    /// A connection has been asked for.
    Connecting,
    /// Connected, and waiting for Hello.
    Greeting,
    /// Waiting for READY.
    Identifying,
    /// Missed events are being replayed.
    Resuming,
    /// Events flow.
    Active,
    /// Over for good.
    Halted,
}

/// Why a shard ended for good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub enum Halt {
    /// The gateway will not accept this bot as configured.
    Refused(Fatal),
    /// The user stopped it.
    Stopped,
    /// The code that runs the shard, or code that it called, panicked. The session is kept, and
    /// can be resumed by another shard.
    Crashed,
}

/// What to do with the session when a shard is stopped or restarted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub enum OnStop {
    /// Keep it: the bot still shows online for some minutes, and another process, or the shard's
    /// next connection, can resume.
    Resume,
    /// End it: the bot shows offline at once.
    End,
}

/// Why a shard's state changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// The wait before this connection is over.
    WaitOver,
    /// The fleet granted an identify.
    IdentifyGranted,
    /// The connection opened.
    Opened,
    /// Hello came.
    Greeted,
    /// READY came: a new session.
    Ready,
    /// READY came without a session id that can be read: there is no session.
    ReadyNameless,
    /// RESUMED came: every missed event has been replayed.
    Resumed,
    /// The connection could not be opened.
    DialFailed(DialFailure),
    /// The connection did not open within [`Timing::dial`](crate::config::Timing::dial).
    DialTimedOut,
    /// Hello did not come within [`Timing::hello`](crate::config::Timing::hello).
    HelloTimedOut,
    /// READY or RESUMED did not come within [`Timing::ready`](crate::config::Timing::ready).
    ReadyTimedOut,
    /// A regular heartbeat had no answer when the next was due.
    HeartbeatUnanswered,
    /// The host was suspended or stalled for more than a heartbeat interval.
    HostStalled,
    /// The gateway asked for a reconnect.
    ReconnectAsked,
    /// The gateway called the session invalid.
    InvalidSession {
        /// Whether it may still be resumed.
        resumable: bool,
    },
    /// The connection ended, with the peer's close code if it sent one.
    Closed(Option<u16>),
    /// The user stopped the shard.
    Stopped,
    /// The user wanted another connection.
    Restarted,
    /// The code that runs the shard panicked.
    Crashed,
}

/// What a shard waits for, and so what happens at its deadline.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Wait {
    /// The time for the next connection.
    Backoff,
    /// The fleet's grant; it is asked again at the deadline.
    IdentifyGrant,
    /// The connection to open.
    Dial,
    /// Hello.
    Hello,
    /// READY or RESUMED.
    Ready,
    /// The next heartbeat.
    Heartbeat,
    /// Room in the send budget, or something to send, or the end of a command to report, at once.
    SendBudget,
    /// A guild in setup, or a member request.
    Tracker,
    /// A stop or a restart that was asked for.
    Stop,
}

impl Reason {
    /// Its name in metrics; a dial that failed is named after why.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::WaitOver => "wait_over",
            Self::IdentifyGranted => "identify_granted",
            Self::Opened => "opened",
            Self::Greeted => "greeted",
            Self::Ready => "ready",
            Self::ReadyNameless => "ready_nameless",
            Self::Resumed => "resumed",
            Self::DialFailed(why) => why.label(),
            Self::DialTimedOut => "dial_timed_out",
            Self::HelloTimedOut => "hello_timed_out",
            Self::ReadyTimedOut => "ready_timed_out",
            Self::HeartbeatUnanswered => "heartbeat_unanswered",
            Self::HostStalled => "host_stalled",
            Self::ReconnectAsked => "reconnect_asked",
            Self::InvalidSession { .. } => "invalid_session",
            Self::Closed(_) => "closed",
            Self::Stopped => "stopped",
            Self::Restarted => "restarted",
            Self::Crashed => "crashed",
        }
    }

    /// The close code, if the peer closed: `Some(None)` without one.
    pub(crate) const fn close_code(self) -> Option<Option<u16>> {
        if let Self::Closed(code) = self {
            return Some(code);
        }
        None
    }
}

impl Halt {
    /// What to do about it, in one line; `None` when the user stopped the shard.
    #[must_use]
    pub const fn remedy(self) -> Option<&'static str> {
        match self {
            Self::Refused(fatal) => Some(fatal.remedy()),
            Self::Stopped => None,
            Self::Crashed => Some("the panic is in the log: mend its cause, then start anew"),
        }
    }
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(fatal) => {
                write!(f, "refused with code {}: {}", fatal.code(), fatal.remedy())
            }
            Self::Stopped => f.write_str("stopped"),
            Self::Crashed => f.write_str("the code that runs the shard panicked"),
        }
    }
}

impl Phase {
    /// Every phase, in the order of the way to events.
    pub const ALL: &'static [Self] = &[
        Self::Idle,
        Self::Waiting,
        Self::Connecting,
        Self::Greeting,
        Self::Identifying,
        Self::Resuming,
        Self::Active,
        Self::Halted,
    ];

    /// Its name in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Waiting => "waiting",
            Self::Connecting => "connecting",
            Self::Greeting => "greeting",
            Self::Identifying => "identifying",
            Self::Resuming => "resuming",
            Self::Active => "active",
            Self::Halted => "halted",
        }
    }

    /// Whether events of a session come in this phase. Only here may a host whose user is slow stop
    /// reading: a connection is always brought up.
    #[must_use]
    pub const fn has_session(self) -> bool {
        match self {
            Self::Resuming | Self::Active => true,
            Self::Idle
            | Self::Waiting
            | Self::Connecting
            | Self::Greeting
            | Self::Identifying
            | Self::Halted => false,
        }
    }
}
