//! The protocol's table: what each state makes of each signal.

use alloc::boxed::Box;
use core::time::Duration;

use crate::event::GapCause;
use crate::send_budget::{Budget, Rank};
use crate::session::dial::DialFailure;
use crate::session::heartbeat::{Beat, Heartbeat};
use crate::session::machine::Context;
use crate::session::phase::{Halt, OnStop, Reason};
use crate::session::resume::Session;
use crate::session::signal::{Forwarding, SessionDispatch, Signal};
use crate::session::state::{Live, Purpose, State};
use crate::time::Instant;
use crate::wire::command::Command;

impl State {
    /// The state after `signal`. Whether a dispatch is to be delivered is left in the context.
    pub(crate) fn step(self, signal: Signal<'_>, cx: &mut Context<'_, '_>) -> Self {
        match (self, signal) {
            (state @ Self::Halted { .. }, _) => state,
            (state, Signal::Stop(on_stop)) => {
                cx.reason(Reason::Stopped);
                state.end(Halt::Stopped, on_stop, cx)
            }
            (state, Signal::Restart(on_stop)) => state.restart(on_stop, cx),
            (state, Signal::Crashed) => {
                cx.reason(Reason::Crashed);
                state.end(Halt::Crashed, OnStop::Resume, cx)
            }
            (Self::Idle { wake, purpose }, signal) => idle(wake, purpose, signal, cx),
            (Self::Waiting { again }, signal) => waiting(again, signal, cx),
            (Self::Connecting { deadline, purpose }, signal) => {
                connecting(deadline, purpose, signal, cx)
            }
            (Self::Greeting { deadline, purpose }, signal) => {
                greeting(deadline, purpose, signal, cx)
            }
            (Self::Identifying { deadline, live }, signal) => {
                identifying(deadline, live, signal, cx)
            }
            (
                Self::Resuming {
                    deadline,
                    live,
                    session,
                    replayed,
                },
                signal,
            ) => resuming(deadline, live, session, replayed, signal, cx),
            (
                Self::Active {
                    since,
                    live,
                    session,
                },
                signal,
            ) => active(since, live, session, signal, cx),
        }
    }

    fn end(self, cause: Halt, on_stop: OnStop, cx: &mut Context<'_, '_>) -> Self {
        self.hang_up(on_stop, cx);
        let session = match on_stop {
            OnStop::Resume => self.session().cloned().map(Box::new),
            OnStop::End => None,
        };
        Self::Halted { cause, session }
    }

    /// Another connection, at once: for the session, or for a new one if that is to end.
    fn restart(self, on_stop: OnStop, cx: &mut Context<'_, '_>) -> Self {
        self.hang_up(on_stop, cx);
        let session = self.session().cloned().map(Box::new);
        let purpose = session.map_or(Purpose::Identify, Purpose::Resume);
        let purpose = match on_stop {
            OnStop::Resume => purpose,
            OnStop::End => cx.give_up(purpose, GapCause::Ended),
        };
        cx.wait(purpose, Reason::Restarted, Duration::ZERO)
    }

    /// Closes the connection, if there is one.
    fn hang_up(&self, on_stop: OnStop, cx: &mut Context<'_, '_>) {
        match self {
            Self::Idle { .. } | Self::Waiting { .. } | Self::Halted { .. } => {}
            Self::Connecting { .. }
            | Self::Greeting { .. }
            | Self::Identifying { .. }
            | Self::Resuming { .. }
            | Self::Active { .. } => cx.close(on_stop),
        }
    }
}

fn idle(wake: Instant, purpose: Purpose, signal: Signal<'_>, cx: &mut Context<'_, '_>) -> State {
    match signal {
        Signal::Timeout if cx.now() >= wake => {
            cx.reason(Reason::WaitOver);
            cx.begin(purpose)
        }
        Signal::Timeout
        | Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Closed(_)
        | Signal::Granted
        | Signal::Unread(_)
        | Signal::Stop(_)
        | Signal::Restart(_)
        | Signal::Crashed
        | Signal::Hello(_)
        | Signal::Answered
        | Signal::BeatAsked
        | Signal::ReconnectAsked
        | Signal::InvalidSession { .. }
        | Signal::Dispatch { .. } => State::Idle { wake, purpose },
    }
}

fn waiting(again: Instant, signal: Signal<'_>, cx: &mut Context<'_, '_>) -> State {
    match signal {
        Signal::Timeout if cx.now() >= again => cx.begin(Purpose::Identify),
        Signal::Granted => {
            cx.reason(Reason::IdentifyGranted);
            cx.dial(Purpose::Identify)
        }
        Signal::Timeout
        | Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Closed(_)
        | Signal::Unread(_)
        | Signal::Stop(_)
        | Signal::Restart(_)
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
    purpose: Purpose,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    match signal {
        Signal::Opened => {
            cx.reason(Reason::Opened);
            State::Greeting {
                deadline: cx.now().after(cx.timing().hello),
                purpose,
            }
        }
        Signal::Timeout if cx.now() >= deadline => {
            cx.hang_up(purpose.off_its_host(), Reason::DialTimedOut)
        }
        Signal::DialFailed(why) => cx.dial_failed(purpose.off_its_host(), why),
        Signal::Closed(_) => cx.dial_failed(purpose.off_its_host(), DialFailure::Other),
        Signal::Timeout
        | Signal::Granted
        | Signal::Unread(_)
        | Signal::Stop(_)
        | Signal::Restart(_)
        | Signal::Crashed
        | Signal::Hello(_)
        | Signal::Answered
        | Signal::BeatAsked
        | Signal::ReconnectAsked
        | Signal::InvalidSession { .. }
        | Signal::Dispatch { .. } => State::Connecting { deadline, purpose },
    }
}

fn greeting(
    deadline: Instant,
    purpose: Purpose,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    match signal {
        Signal::Hello(interval) => {
            cx.reason(Reason::Greeted);
            greeted(interval, purpose, cx)
        }
        Signal::Timeout if cx.now() >= deadline => {
            cx.hang_up(purpose.off_its_host(), Reason::HelloTimedOut)
        }
        Signal::ReconnectAsked | Signal::InvalidSession { .. } | Signal::Closed(_) => {
            cx.ended(purpose.off_its_host(), signal)
        }
        Signal::Unread(missed) => State::Greeting {
            deadline: deadline.after(missed),
            purpose,
        },
        Signal::Timeout
        | Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Restart(_)
        | Signal::Crashed
        | Signal::Answered
        | Signal::BeatAsked
        | Signal::Dispatch { .. } => State::Greeting { deadline, purpose },
    }
}

/// Hello has come: begin the session, or go on with it.
fn greeted(interval: Duration, purpose: Purpose, cx: &mut Context<'_, '_>) -> State {
    let beat = Heartbeat::new(cx.now(), interval, cx.rng());
    let budget = Budget::new(cx.limits(), beat.interval());
    let mut live = Box::new(Live { beat, budget });
    let deadline = cx.now().after(cx.timing().ready);
    live.budget.take(cx.now(), Rank::Session);
    match purpose {
        Purpose::Identify => {
            cx.identify();
            State::Identifying { deadline, live }
        }
        Purpose::Resume(session) => {
            cx.resume(&session);
            State::Resuming {
                deadline,
                live,
                session,
                replayed: 0,
            }
        }
    }
}

fn identifying(
    mut deadline: Instant,
    mut live: Box<Live>,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    if let Signal::Unread(missed) = signal {
        deadline = deadline.after(missed);
    }
    match signal {
        Signal::Dispatch {
            sequence,
            kind: SessionDispatch::Ready { id, url },
        } => cx.ready(live, id, url, sequence),
        Signal::Dispatch {
            kind: SessionDispatch::Nameless,
            ..
        } => cx.hang_up(Purpose::Identify, Reason::ReadyNameless),
        Signal::Timeout if cx.now() >= deadline => {
            cx.hang_up(Purpose::Identify, Reason::ReadyTimedOut)
        }
        Signal::Timeout | Signal::BeatAsked | Signal::Answered | Signal::Unread(_) => {
            match live.beat(signal, None, cx) {
                Ok(()) => State::Identifying { deadline, live },
                Err(dead) => cx.hang_up(Purpose::Identify, dead),
            }
        }
        Signal::ReconnectAsked | Signal::InvalidSession { .. } | Signal::Closed(_) => {
            cx.ended(Purpose::Identify, signal)
        }
        Signal::Dispatch {
            kind: SessionDispatch::Resumed | SessionDispatch::Other,
            ..
        }
        | Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Restart(_)
        | Signal::Crashed
        | Signal::Hello(_) => State::Identifying { deadline, live },
    }
}

fn resuming(
    mut deadline: Instant,
    mut live: Box<Live>,
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
            SessionDispatch::Ready { id, url } if !session.began_with(id, sequence) => {
                cx.replaced(session);
                cx.ready(live, id, url, sequence)
            }
            SessionDispatch::Resumed => cx.resumed(live, session, sequence, replayed),
            SessionDispatch::Ready { .. } | SessionDispatch::Nameless | SessionDispatch::Other => {
                // What was seen before is no progress.
                if cx.deliver(&mut session, sequence) == Forwarding::Forward {
                    deadline = cx.now().after(cx.timing().ready);
                    cx.resume_goes_on();
                }
                State::Resuming {
                    deadline,
                    live,
                    session,
                    replayed: replayed.saturating_add(1),
                }
            }
        },
        // The host was away, which says nothing of the session.
        Signal::Timeout if live.beat.host_stalled(cx.now()) => {
            cx.hang_up(Purpose::Resume(session), Reason::HostStalled)
        }
        Signal::Timeout if cx.now() >= deadline => cx.drop_resume(session, Reason::ReadyTimedOut),
        Signal::Timeout | Signal::BeatAsked | Signal::Answered | Signal::Unread(_) => {
            let sequence = Some(cx.beat_sequence(&session));
            match live.beat(signal, sequence, cx) {
                Ok(()) => State::Resuming {
                    deadline,
                    live,
                    session,
                    replayed,
                },
                Err(dead) => cx.drop_resume(session, dead),
            }
        }
        Signal::ReconnectAsked | Signal::InvalidSession { .. } | Signal::Closed(_) => {
            let purpose = cx.resume_failed(session);
            cx.ended(purpose, signal)
        }
        Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Restart(_)
        | Signal::Crashed
        | Signal::Hello(_) => State::Resuming {
            deadline,
            live,
            session,
            replayed,
        },
    }
}

fn active(
    since: Instant,
    mut live: Box<Live>,
    mut session: Box<Session>,
    signal: Signal<'_>,
    cx: &mut Context<'_, '_>,
) -> State {
    match signal {
        Signal::Dispatch {
            sequence,
            kind: SessionDispatch::Ready { id, url },
        } if !session.began_with(id, sequence) => {
            cx.replaced(session);
            cx.ready(live, id, url, sequence)
        }
        Signal::Dispatch {
            sequence,
            kind:
                SessionDispatch::Ready { .. }
                | SessionDispatch::Nameless
                | SessionDispatch::Resumed
                | SessionDispatch::Other,
        } => {
            cx.deliver(&mut session, sequence);
            State::Active {
                since,
                live,
                session,
            }
        }
        Signal::Timeout | Signal::BeatAsked | Signal::Answered | Signal::Unread(_) => {
            let sequence = Some(cx.beat_sequence(&session));
            match live.beat(signal, sequence, cx) {
                Ok(()) => State::Active {
                    since,
                    live,
                    session,
                },
                Err(dead) => {
                    cx.was_active(since);
                    cx.hang_up(Purpose::Resume(session), dead)
                }
            }
        }
        Signal::ReconnectAsked | Signal::InvalidSession { .. } | Signal::Closed(_) => {
            cx.was_active(since);
            cx.ended(Purpose::Resume(session), signal)
        }
        Signal::Opened
        | Signal::DialFailed(_)
        | Signal::Granted
        | Signal::Stop(_)
        | Signal::Restart(_)
        | Signal::Crashed
        | Signal::Hello(_) => State::Active {
            since,
            live,
            session,
        },
    }
}

impl Purpose {
    /// The same purpose on the base host: one connection that came to nothing is enough to leave
    /// the resume host, which may be dead for hours.
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

impl Live {
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
            | Signal::Restart(_)
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
        if self.beat.host_stalled(cx.now()) {
            return Err(Reason::HostStalled);
        }
        if cx.now() < self.beat.due() {
            return Ok(());
        }
        match self.beat.beat(cx.now()) {
            Beat::Unanswered => Err(Reason::HeartbeatUnanswered),
            Beat::Send => {
                // Room for it is kept, unless a checkpoint says otherwise: it is sent all the same.
                let _ = self.budget.take(cx.now(), Rank::Beat);
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
