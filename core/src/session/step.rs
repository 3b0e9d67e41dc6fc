//! The protocol's table: what each state makes of each signal.

use core::time::Duration;

use crate::session::budget::{Budget, Rank};
use crate::session::heartbeat::{Beat, Heartbeat};
use crate::session::machine::Context;
use crate::session::resume::Session;
use crate::session::state::{Halt, Keep, Link, Plan, Reason, State};
use crate::time::Instant;
use crate::wire::command::Command;

/// What a state has to react to: an input of the host, or a payload that has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal<'a> {
    /// Look at the clock.
    Timeout,
    /// The connection is open.
    Opened,
    /// The connection could not be opened.
    DialFailed,
    /// The connection ended.
    Closed(Option<u16>),
    /// The fleet lets us identify.
    Granted,
    /// What the server sent has not been read: an answer to the last beat may be among it.
    Unread,
    /// The user wants it to end.
    Stop(Keep),
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
        kind: Kind<'a>,
    },
}

/// The dispatches that mean something to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind<'a> {
    /// A new session.
    Ready { id: &'a str, url: &'a str },
    /// The end of a replay.
    Resumed,
    /// Any other.
    Other,
}

/// Whether a dispatch goes on to the tracker and the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Delivery {
    /// It does.
    Deliver,
    /// Its sequence was seen before in this session.
    Repeated,
    /// There is no session that it could belong to.
    OutOfPlace,
}

impl State {
    /// The state after `signal`. Whether a dispatch is to be delivered is left in the context.
    pub(crate) fn step(self, signal: Signal<'_>, cx: &mut Context<'_, '_>) -> Self {
        match (self, signal) {
            (state @ Self::Halted { .. }, _) => state,
            (state, Signal::Stop(keep)) => state.stop(keep, cx),
            (Self::Idle { wake, plan }, signal) => idle(wake, plan, signal, cx),
            (Self::Waiting { again }, signal) => waiting(again, signal, cx),
            (Self::Connecting { deadline, plan }, signal) => connecting(deadline, plan, signal, cx),
            (Self::Greeting { deadline, plan }, signal) => greeting(deadline, plan, signal, cx),
            (Self::Identifying { deadline, link }, signal) => {
                identifying(deadline, link, signal, cx)
            }
            (
                Self::Resuming {
                    deadline,
                    link,
                    session,
                    replayed,
                },
                signal,
            ) => resuming(deadline, link, session, replayed, signal, cx),
            (
                Self::Active {
                    since,
                    link,
                    session,
                },
                signal,
            ) => active(since, link, session, signal, cx),
        }
    }

    fn stop(self, keep: Keep, cx: &mut Context<'_, '_>) -> Self {
        let connected = match &self {
            Self::Idle { .. } | Self::Waiting { .. } | Self::Halted { .. } => false,
            Self::Connecting { .. }
            | Self::Greeting { .. }
            | Self::Identifying { .. }
            | Self::Resuming { .. }
            | Self::Active { .. } => true,
        };
        if connected {
            cx.close(keep);
        }
        let session = match keep {
            Keep::Session => self.session().cloned(),
            Keep::Nothing => None,
        };
        cx.reason(Reason::Stopped);
        Self::Halted {
            cause: Halt::Stopped,
            session,
        }
    }
}

fn idle(wake: Instant, plan: Plan, signal: Signal<'_>, cx: &mut Context<'_, '_>) -> State {
    match signal {
        Signal::Timeout if cx.now() >= wake => {
            cx.reason(Reason::WaitOver);
            cx.begin(plan)
        }
        Signal::Timeout
        | Signal::Opened
        | Signal::DialFailed
        | Signal::Closed(_)
        | Signal::Granted
        | Signal::Unread
        | Signal::Stop(_)
        | Signal::Hello(_)
        | Signal::Answered
        | Signal::BeatAsked
        | Signal::ReconnectAsked
        | Signal::InvalidSession { .. }
        | Signal::Dispatch { .. } => State::Idle { wake, plan },
    }
}

fn waiting(again: Instant, signal: Signal<'_>, cx: &mut Context<'_, '_>) -> State {
    match signal {
        Signal::Timeout if cx.now() >= again => cx.begin(Plan::Identify),
        Signal::Granted => {
            cx.reason(Reason::IdentifyGranted);
            cx.dial(Plan::Identify)
        }
        Signal::Timeout
        | Signal::Opened
        | Signal::DialFailed
        | Signal::Closed(_)
        | Signal::Unread
        | Signal::Stop(_)
        | Signal::Hello(_)
        | Signal::Answered
        | Signal::BeatAsked
        | Signal::ReconnectAsked
        | Signal::InvalidSession { .. }
        | Signal::Dispatch { .. } => State::Waiting { again },
    }
}

fn connecting(
    deadline: Instant,
    plan: Plan,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    match signal {
        Signal::Opened => {
            cx.reason(Reason::Opened);
            State::Greeting {
                deadline: cx.now().after(cx.timing().hello),
                plan,
            }
        }
        Signal::Timeout if cx.now() >= deadline => {
            cx.hang_up(plan.off_its_host(), Reason::DialTimedOut)
        }
        Signal::DialFailed | Signal::Closed(_) => cx.lost(plan.off_its_host(), Reason::DialFailed),
        Signal::Timeout
        | Signal::Granted
        | Signal::Unread
        | Signal::Stop(_)
        | Signal::Hello(_)
        | Signal::Answered
        | Signal::BeatAsked
        | Signal::ReconnectAsked
        | Signal::InvalidSession { .. }
        | Signal::Dispatch { .. } => State::Connecting { deadline, plan },
    }
}

fn greeting(deadline: Instant, plan: Plan, signal: Signal<'_>, cx: &mut Context<'_, '_>) -> State {
    match signal {
        Signal::Hello(interval) => {
            cx.reason(Reason::Greeted);
            greeted(interval, plan, cx)
        }
        Signal::Timeout if cx.now() >= deadline => {
            cx.hang_up(plan.off_its_host(), Reason::HelloTimedOut)
        }
        Signal::ReconnectAsked => cx.hang_up(plan.off_its_host(), Reason::ReconnectAsked),
        Signal::Closed(code) => cx.closed(plan.off_its_host(), code),
        Signal::InvalidSession { resumable } => cx.invalid(plan.off_its_host(), resumable),
        Signal::Timeout
        | Signal::Opened
        | Signal::DialFailed
        | Signal::Granted
        | Signal::Unread
        | Signal::Stop(_)
        | Signal::Answered
        | Signal::BeatAsked
        | Signal::Dispatch { .. } => State::Greeting { deadline, plan },
    }
}

/// Hello has come: begin the session, or go on with it.
fn greeted(interval: Duration, plan: Plan, cx: &mut Context<'_, '_>) -> State {
    let beat = Heartbeat::new(cx.now(), interval, cx.rng());
    let budget = Budget::new(cx.limits(), beat.interval());
    let mut link = Link { beat, budget };
    let deadline = cx.now().after(cx.timing().ready);
    link.budget.take(cx.now(), Rank::Session);
    match plan {
        Plan::Identify => {
            cx.identify();
            State::Identifying { deadline, link }
        }
        Plan::Resume(session) => {
            cx.resume(&session);
            State::Resuming {
                deadline,
                link,
                session,
                replayed: 0,
            }
        }
    }
}

fn identifying(
    deadline: Instant,
    mut link: Link,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    match signal {
        Signal::Dispatch {
            sequence,
            kind: Kind::Ready { id, url },
        } => cx.ready(link, id, url, sequence),
        Signal::Timeout if link.beat.overslept(cx.now()) => {
            cx.hang_up(Plan::Identify, Reason::Overslept)
        }
        Signal::Timeout if cx.now() >= deadline => {
            cx.hang_up(Plan::Identify, Reason::ReadyTimedOut)
        }
        Signal::Timeout => match link.on_time(None, cx) {
            Beat::Send => State::Identifying { deadline, link },
            Beat::Unanswered => cx.hang_up(Plan::Identify, Reason::HeartbeatUnanswered),
        },
        Signal::BeatAsked => {
            link.asked(None, cx);
            State::Identifying { deadline, link }
        }
        Signal::Answered => {
            link.beat.answered(cx.now());
            State::Identifying { deadline, link }
        }
        Signal::Unread => {
            link.beat.excuse();
            State::Identifying { deadline, link }
        }
        Signal::ReconnectAsked => cx.hang_up(Plan::Identify, Reason::ReconnectAsked),
        Signal::InvalidSession { resumable } => cx.invalid(Plan::Identify, resumable),
        Signal::Closed(code) => cx.closed(Plan::Identify, code),
        Signal::Dispatch {
            kind: Kind::Resumed | Kind::Other,
            ..
        }
        | Signal::Opened
        | Signal::DialFailed
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Hello(_) => State::Identifying { deadline, link },
    }
}

fn resuming(
    deadline: Instant,
    mut link: Link,
    mut session: Session,
    replayed: u64,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    match signal {
        Signal::Dispatch {
            sequence,
            kind: Kind::Ready { id, url },
        } if !session.began_with(id, sequence) => cx.ready(link, id, url, sequence),
        Signal::Dispatch {
            sequence,
            kind: Kind::Resumed,
        } => {
            cx.deliver(&mut session, sequence);
            cx.resumed(replayed);
            State::Active {
                since: cx.now(),
                link,
                session,
            }
        }
        Signal::Dispatch {
            sequence,
            kind: Kind::Ready { .. } | Kind::Other,
        } => {
            cx.deliver(&mut session, sequence);
            let deadline = cx.now().after(cx.timing().ready);
            State::Resuming {
                deadline,
                link,
                session,
                replayed: replayed.saturating_add(1),
            }
        }
        Signal::Timeout if link.beat.overslept(cx.now()) => {
            cx.hang_up(Plan::Resume(session), Reason::Overslept)
        }
        Signal::Timeout if cx.now() >= deadline => {
            let plan = cx.resume_failed(session);
            cx.hang_up(plan, Reason::ReadyTimedOut)
        }
        Signal::Timeout => match link.on_time(Some(session.sequence), cx) {
            Beat::Send => State::Resuming {
                deadline,
                link,
                session,
                replayed,
            },
            Beat::Unanswered => {
                let plan = cx.resume_failed(session);
                cx.hang_up(plan, Reason::HeartbeatUnanswered)
            }
        },
        Signal::BeatAsked => {
            link.asked(Some(session.sequence), cx);
            State::Resuming {
                deadline,
                link,
                session,
                replayed,
            }
        }
        Signal::Answered => {
            link.beat.answered(cx.now());
            State::Resuming {
                deadline,
                link,
                session,
                replayed,
            }
        }
        Signal::Unread => {
            link.beat.excuse();
            State::Resuming {
                deadline,
                link,
                session,
                replayed,
            }
        }
        Signal::ReconnectAsked => {
            let plan = cx.resume_failed(session);
            cx.hang_up(plan, Reason::ReconnectAsked)
        }
        Signal::InvalidSession { resumable } => {
            let plan = cx.resume_failed(session);
            cx.invalid(plan, resumable)
        }
        Signal::Closed(code) => {
            let plan = cx.resume_failed(session);
            cx.closed(plan, code)
        }
        Signal::Opened
        | Signal::DialFailed
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Hello(_) => State::Resuming {
            deadline,
            link,
            session,
            replayed,
        },
    }
}

fn active(
    since: Instant,
    mut link: Link,
    mut session: Session,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    match signal {
        Signal::Dispatch {
            sequence,
            kind: Kind::Ready { id, url },
        } if !session.began_with(id, sequence) => cx.ready(link, id, url, sequence),
        Signal::Dispatch {
            sequence,
            kind: Kind::Ready { .. } | Kind::Resumed | Kind::Other,
        } => {
            cx.deliver(&mut session, sequence);
            State::Active {
                since,
                link,
                session,
            }
        }
        Signal::Timeout if link.beat.overslept(cx.now()) => {
            cx.was_active(since);
            cx.hang_up(Plan::Resume(session), Reason::Overslept)
        }
        Signal::Timeout => match link.on_time(Some(session.sequence), cx) {
            Beat::Send => State::Active {
                since,
                link,
                session,
            },
            Beat::Unanswered => {
                cx.was_active(since);
                cx.hang_up(Plan::Resume(session), Reason::HeartbeatUnanswered)
            }
        },
        Signal::BeatAsked => {
            link.asked(Some(session.sequence), cx);
            State::Active {
                since,
                link,
                session,
            }
        }
        Signal::Answered => {
            link.beat.answered(cx.now());
            State::Active {
                since,
                link,
                session,
            }
        }
        Signal::Unread => {
            link.beat.excuse();
            State::Active {
                since,
                link,
                session,
            }
        }
        Signal::ReconnectAsked => {
            cx.was_active(since);
            cx.hang_up(Plan::Resume(session), Reason::ReconnectAsked)
        }
        Signal::InvalidSession { resumable } => {
            cx.was_active(since);
            cx.invalid(Plan::Resume(session), resumable)
        }
        Signal::Closed(code) => {
            cx.was_active(since);
            cx.closed(Plan::Resume(session), code)
        }
        Signal::Opened
        | Signal::DialFailed
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Hello(_) => State::Active {
            since,
            link,
            session,
        },
    }
}

impl Plan {
    /// The same plan on the base host: one connection that came to nothing is enough to leave the
    /// resume host, which may be dead for hours.
    pub(crate) fn off_its_host(self) -> Self {
        match self {
            Self::Identify => Self::Identify,
            Self::Resume(session) => Self::Resume(Session {
                url: None,
                ..session
            }),
        }
    }
}

impl Link {
    /// Sends the regular beat when it is due.
    fn on_time(&mut self, sequence: Option<u64>, cx: &mut Context<'_, '_>) -> Beat {
        if cx.now() < self.beat.due() {
            return Beat::Send;
        }
        let beat = self.beat.beat(cx.now());
        if beat == Beat::Send {
            let room = self.budget.take(cx.now(), Rank::Beat);
            debug_assert!(room, "room for regular beats is kept");
            cx.send(Command::Heartbeat { sequence });
        }
        beat
    }

    /// Sends a beat that the server asked for, unless it asks beyond the budget.
    fn asked(&mut self, sequence: Option<u64>, cx: &mut Context<'_, '_>) {
        if self.budget.take(cx.now(), Rank::AskedBeat) {
            self.beat.asked();
            cx.send(Command::Heartbeat { sequence });
        }
    }
}
