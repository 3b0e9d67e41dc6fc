//! Where a connection stands. What a state needs lives in its variant; what is large is boxed, as a
//! state moves with each signal.

use alloc::boxed::Box;
use core::time::Duration;

use crate::send_budget::Budget;
use crate::session::heartbeat::Heartbeat;
use crate::session::phase::{Halt, Phase, Wait};
use crate::session::resume::Session;
use crate::time::Instant;

/// The state of a shard's connection and session.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum State {
    /// No connection; the next is asked for at `wake`.
    Idle { wake: Instant, purpose: Purpose },
    /// No connection; the fleet has been asked for an identify and is asked again at `again`.
    Waiting { again: Instant },
    /// A connection has been asked for.
    Connecting { deadline: Instant, purpose: Purpose },
    /// Connected; Hello has not come.
    Greeting { deadline: Instant, purpose: Purpose },
    /// Identify was sent; READY has not come.
    Identifying { deadline: Instant, live: Box<Live> },
    /// Resume was sent; RESUMED has not come. Missed events are being replayed.
    Resuming {
        deadline: Instant,
        live: Box<Live>,
        session: Box<Session>,
        replayed: u64,
    },
    /// Events flow.
    Active {
        since: Instant,
        live: Box<Live>,
        session: Box<Session>,
    },
    /// Over for good; a kept session can still be taken along.
    Halted {
        cause: Halt,
        session: Option<Box<Session>>,
    },
}

/// What the next connection is for.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) enum Purpose {
    /// A new session.
    Identify,
    /// This session.
    Resume(Box<Session>),
}

/// What a connection has after Hello.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Live {
    pub(crate) beat: Heartbeat,
    pub(crate) budget: Budget,
}

impl State {
    pub(crate) const fn phase(&self) -> Phase {
        match self {
            Self::Idle { .. } => Phase::Idle,
            Self::Waiting { .. } => Phase::Waiting,
            Self::Connecting { .. } => Phase::Connecting,
            Self::Greeting { .. } => Phase::Greeting,
            Self::Identifying { .. } => Phase::Identifying,
            Self::Resuming { .. } => Phase::Resuming,
            Self::Active { .. } => Phase::Active,
            Self::Halted { .. } => Phase::Halted,
        }
    }

    /// The next deadline of the state, and what it is for.
    pub(crate) fn deadline(&self) -> Option<(Instant, Wait)> {
        let with_beat = |deadline: Instant, live: &Live| {
            let beat = live.beat.due();
            if beat < deadline {
                (beat, Wait::Heartbeat)
            } else {
                (deadline, Wait::Ready)
            }
        };
        match self {
            Self::Idle { wake, .. } => Some((*wake, Wait::Backoff)),
            Self::Waiting { again } => Some((*again, Wait::IdentifyGrant)),
            Self::Connecting { deadline, .. } => Some((*deadline, Wait::Dial)),
            Self::Greeting { deadline, .. } => Some((*deadline, Wait::Hello)),
            Self::Identifying { deadline, live } | Self::Resuming { deadline, live, .. } => {
                Some(with_beat(*deadline, live))
            }
            Self::Active { live, .. } => Some((live.beat.due(), Wait::Heartbeat)),
            Self::Halted { .. } => None,
        }
    }

    /// What the state waits for, and until when at most; `None` while events flow, and at the end.
    pub(crate) fn waits_for(&self) -> Option<(Instant, Wait)> {
        match self {
            Self::Identifying { deadline, .. } | Self::Resuming { deadline, .. } => {
                Some((*deadline, Wait::Ready))
            }
            Self::Active { .. } => None,
            Self::Idle { .. }
            | Self::Waiting { .. }
            | Self::Connecting { .. }
            | Self::Greeting { .. }
            | Self::Halted { .. } => self.deadline(),
        }
    }

    /// The session that would be resumed next, if there is one.
    pub(crate) const fn session(&self) -> Option<&Session> {
        match self {
            Self::Idle {
                purpose: Purpose::Resume(session),
                ..
            }
            | Self::Connecting {
                purpose: Purpose::Resume(session),
                ..
            }
            | Self::Greeting {
                purpose: Purpose::Resume(session),
                ..
            }
            | Self::Resuming { session, .. }
            | Self::Active { session, .. } => Some(session),
            Self::Halted {
                session: Some(session),
                ..
            } => Some(session),
            Self::Idle {
                purpose: Purpose::Identify,
                ..
            }
            | Self::Waiting { .. }
            | Self::Halted { session: None, .. }
            | Self::Connecting {
                purpose: Purpose::Identify,
                ..
            }
            | Self::Greeting {
                purpose: Purpose::Identify,
                ..
            }
            | Self::Identifying { .. } => None,
        }
    }

    /// The beats and budget of a connection that has said Hello.
    pub(crate) const fn live(&self) -> Option<&Live> {
        match self {
            Self::Identifying { live, .. }
            | Self::Resuming { live, .. }
            | Self::Active { live, .. } => Some(live),
            Self::Idle { .. }
            | Self::Waiting { .. }
            | Self::Connecting { .. }
            | Self::Greeting { .. }
            | Self::Halted { .. } => None,
        }
    }

    /// The last measured time from a heartbeat to its answer.
    pub(crate) fn latency(&self) -> Option<Duration> {
        self.live().and_then(|live| live.beat.latency())
    }
}
