//! The protocol's table: what each state makes of each signal.

use alloc::boxed::Box;
use core::time::Duration;

use crate::session::budget::{Budget, Rank};
use crate::session::dial::DialFailure;
use crate::session::heartbeat::{Beat, Heartbeat};
use crate::session::machine::Context;
use crate::session::resume::Session;
use crate::session::signal::{Delivery, Kind, Signal};
use crate::session::state::{Halt, Keep, Link, Plan, Reason, State};
use crate::time::Instant;
use crate::wire::command::Command;

impl State {
    /// The state after `signal`. Whether a dispatch is to be delivered is left in the context.
    pub(crate) fn step(self, signal: Signal<'_>, cx: &mut Context<'_, '_>) -> Self {
        match (self, signal) {
            (state @ Self::Halted { .. }, _) => state,
            (state, Signal::Stop(keep)) => {
                cx.reason(Reason::Stopped);
                state.end(Halt::Stopped, keep, cx)
            }
            (state, Signal::Crashed) => {
                cx.reason(Reason::Crashed);
                state.end(Halt::Crashed, Keep::Session, cx)
            }
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

    fn end(self, cause: Halt, keep: Keep, cx: &mut Context<'_, '_>) -> Self {
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
            Keep::Session => self.session().cloned().map(Box::new),
            Keep::Nothing => None,
        };
        Self::Halted { cause, session }
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
        | Signal::DialFailed(_)
        | Signal::Closed(_)
        | Signal::Granted
        | Signal::Unread(_)
        | Signal::Stop(_)
        | Signal::Crashed
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
        | Signal::DialFailed(_)
        | Signal::Closed(_)
        | Signal::Unread(_)
        | Signal::Stop(_)
        | Signal::Crashed
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
        Signal::DialFailed(why) => cx.dial_failed(plan.off_its_host(), why),
        Signal::Closed(_) => cx.dial_failed(plan.off_its_host(), DialFailure::Other),
        Signal::Timeout
        | Signal::Granted
        | Signal::Unread(_)
        | Signal::Stop(_)
        | Signal::Crashed
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
        Signal::ReconnectAsked | Signal::InvalidSession { .. } | Signal::Closed(_) => {
            cx.ended(plan.off_its_host(), signal)
        }
        Signal::Unread(missed) => State::Greeting {
            deadline: deadline.after(missed),
            plan,
        },
        Signal::Timeout
        | Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Crashed
        | Signal::Answered
        | Signal::BeatAsked
        | Signal::Dispatch { .. } => State::Greeting { deadline, plan },
    }
}

/// Hello has come: begin the session, or go on with it.
fn greeted(interval: Duration, plan: Plan, cx: &mut Context<'_, '_>) -> State {
    let beat = Heartbeat::new(cx.now(), interval, cx.rng());
    let budget = Budget::new(cx.limits(), beat.interval());
    let mut link = Box::new(Link { beat, budget });
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
    mut deadline: Instant,
    mut link: Box<Link>,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    if let Signal::Unread(missed) = signal {
        deadline = deadline.after(missed);
    }
    match signal {
        Signal::Dispatch {
            sequence,
            kind: Kind::Ready { id, url },
        } => cx.ready(link, id, url, sequence),
        Signal::Dispatch {
            kind: Kind::Nameless,
            ..
        } => cx.hang_up(Plan::Identify, Reason::ReadyNameless),
        Signal::Timeout if cx.now() >= deadline => {
            cx.hang_up(Plan::Identify, Reason::ReadyTimedOut)
        }
        Signal::Timeout | Signal::BeatAsked | Signal::Answered | Signal::Unread(_) => {
            match link.beat(signal, None, cx) {
                Ok(()) => State::Identifying { deadline, link },
                Err(dead) => cx.hang_up(Plan::Identify, dead),
            }
        }
        Signal::ReconnectAsked | Signal::InvalidSession { .. } | Signal::Closed(_) => {
            cx.ended(Plan::Identify, signal)
        }
        Signal::Dispatch {
            kind: Kind::Resumed | Kind::Other,
            ..
        }
        | Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Crashed
        | Signal::Hello(_) => State::Identifying { deadline, link },
    }
}

fn resuming(
    mut deadline: Instant,
    mut link: Box<Link>,
    mut session: Box<Session>,
    replayed: u64,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    if let Signal::Unread(missed) = signal {
        deadline = deadline.after(missed);
    }
    match signal {
        Signal::Dispatch { sequence, kind } => match kind {
            Kind::Ready { id, url } if !session.began_with(id, sequence) => {
                cx.replaced(session);
                cx.ready(link, id, url, sequence)
            }
            Kind::Resumed => cx.resumed(link, session, sequence, replayed),
            Kind::Ready { .. } | Kind::Nameless | Kind::Other => {
                // What was seen before is no progress.
                if cx.deliver(&mut session, sequence) == Delivery::Deliver {
                    deadline = cx.now().after(cx.timing().ready);
                    cx.resume_goes_on();
                }
                State::Resuming {
                    deadline,
                    link,
                    session,
                    replayed: replayed.saturating_add(1),
                }
            }
        },
        // The host was away, which says nothing of the session.
        Signal::Timeout if link.beat.overslept(cx.now()) => {
            cx.hang_up(Plan::Resume(session), Reason::Overslept)
        }
        Signal::Timeout if cx.now() >= deadline => {
            let plan = cx.resume_failed(session);
            cx.hang_up(plan, Reason::ReadyTimedOut)
        }
        Signal::Timeout | Signal::BeatAsked | Signal::Answered | Signal::Unread(_) => {
            match link.beat(signal, Some(session.sequence), cx) {
                Ok(()) => State::Resuming {
                    deadline,
                    link,
                    session,
                    replayed,
                },
                Err(dead) => {
                    let plan = cx.resume_failed(session);
                    cx.hang_up(plan, dead)
                }
            }
        }
        Signal::ReconnectAsked | Signal::InvalidSession { .. } | Signal::Closed(_) => {
            let plan = cx.resume_failed(session);
            cx.ended(plan, signal)
        }
        Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Crashed
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
    mut link: Box<Link>,
    mut session: Box<Session>,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    match signal {
        Signal::Dispatch {
            sequence,
            kind: Kind::Ready { id, url },
        } if !session.began_with(id, sequence) => {
            cx.replaced(session);
            cx.ready(link, id, url, sequence)
        }
        Signal::Dispatch {
            sequence,
            kind: Kind::Ready { .. } | Kind::Nameless | Kind::Resumed | Kind::Other,
        } => {
            cx.deliver(&mut session, sequence);
            State::Active {
                since,
                link,
                session,
            }
        }
        Signal::Timeout | Signal::BeatAsked | Signal::Answered | Signal::Unread(_) => {
            match link.beat(signal, Some(session.sequence), cx) {
                Ok(()) => State::Active {
                    since,
                    link,
                    session,
                },
                Err(dead) => {
                    cx.was_active(since);
                    cx.hang_up(Plan::Resume(session), dead)
                }
            }
        }
        Signal::ReconnectAsked | Signal::InvalidSession { .. } | Signal::Closed(_) => {
            cx.was_active(since);
            cx.ended(Plan::Resume(session), signal)
        }
        Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Crashed
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
            Self::Resume(mut session) => {
                session.url = None;
                Self::Resume(session)
            }
        }
    }
}

impl Link {
    /// What a connection that has said Hello makes of the clock and of beats.
    ///
    /// # Errors
    /// Why the connection is dead.
    fn beat(
        &mut self,
        signal: Signal<'_>,
        sequence: Option<u64>,
        cx: &mut Context<'_, '_>,
    ) -> Result<(), Reason> {
        match signal {
            Signal::Timeout => self.on_time(sequence, cx)?,
            Signal::BeatAsked => self.asked(sequence, cx),
            Signal::Answered => self.beat.answered(cx.now()),
            Signal::Unread(_) => self.beat.excuse(cx.now()),
            Signal::Opened
            | Signal::DialFailed(_)
            | Signal::Closed(_)
            | Signal::Granted
            | Signal::Stop(_)
            | Signal::Crashed
            | Signal::Hello(_)
            | Signal::ReconnectAsked
            | Signal::InvalidSession { .. }
            | Signal::Dispatch { .. } => {}
        }
        Ok(())
    }

    /// Sends the regular beat when it is due.
    fn on_time(&mut self, sequence: Option<u64>, cx: &mut Context<'_, '_>) -> Result<(), Reason> {
        if self.beat.overslept(cx.now()) {
            return Err(Reason::Overslept);
        }
        if cx.now() < self.beat.due() {
            return Ok(());
        }
        match self.beat.beat(cx.now()) {
            Beat::Unanswered => Err(Reason::HeartbeatUnanswered),
            Beat::Send => {
                let room = self.budget.take(cx.now(), Rank::Beat);
                debug_assert!(room, "room for regular beats is kept");
                cx.send(Command::Heartbeat { sequence });
                Ok(())
            }
        }
    }

    /// Sends a beat that the server asked for, unless it asks beyond the budget.
    fn asked(&mut self, sequence: Option<u64>, cx: &mut Context<'_, '_>) {
        if self.budget.take(cx.now(), Rank::AskedBeat) {
            self.beat.asked();
            cx.send(Command::Heartbeat { sequence });
        }
    }
}
