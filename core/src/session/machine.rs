//! The session machine: a state, and the few things that outlive every state.

mod lifecycle;

use alloc::boxed::Box;
use core::mem;
use core::time::Duration;

use crate::action::{Action, Actions};
use crate::config::{Acknowledge, Config, Identifying, Timing};
use crate::event::{Event, Gap, GapCause, StateChanged};
use crate::rng::Rng;
use crate::send_budget::{Budget, Rank, SendLimits};
use crate::session::backoff::Backoff;
use crate::session::dial::DialFailure;
use crate::session::identify_pace::IdentifyPace;
use crate::session::phase::{Halt, OnStop, Reason};
use crate::session::resume::Session;
use crate::session::signal::{Forwarding, Signal};
use crate::session::state::{Purpose, State};
use crate::time::Instant;
use crate::wire::close::{self, CloseMeaning};
use crate::wire::command::Command;
use crate::wire::presence::BotPresence;

/// How often the fleet is asked again for an identify, should its answer have been lost.
const ASK_AGAIN: Duration = Duration::from_secs(60);

/// Connection and session of one shard.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
pub(crate) struct Machine {
    state: State,
    memory: Memory,
}

/// What outlives a connection.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "checkpoint", derive(serde::Serialize, serde::Deserialize))]
struct Memory {
    config: Config,
    rng: Rng,
    backoff: Backoff,
    resume_failures: u32,
    pace: IdentifyPace,
    /// Everything of the session up to this sequence is acknowledged.
    acknowledged: u64,
    /// Everything up to this sequence is known to whoever goes on after a kill.
    recorded: u64,
    /// That of the session, if there is one.
    digest: u64,
    /// When the state became what it is.
    since: Instant,
    /// When the session began; `None` for one of an earlier process.
    began: Option<Instant>,
}

impl Machine {
    /// A machine that connects at its first timeout, to resume the session if there is one.
    pub(crate) fn new(mut config: Config, rng: Rng, session: Option<Session>) -> Self {
        // No identify is ever too large, not even for a host that has not checked its settings.
        let limit = config.limits.payload;
        if config.identify_bytes(config.presence.as_ref()) > limit {
            config.presence = None;
        }
        if config.identify_bytes(None) > limit {
            config.os = "linux";
        }
        let session = session.filter(|session| config.can_resume(&session.id));
        let acknowledged = session.as_ref().map_or(0, Session::sequence);
        let digest = session.as_ref().map_or(0, Session::digest);
        let purpose = session.map_or(Purpose::Identify, |session| {
            Purpose::Resume(Box::new(session))
        });
        Self {
            state: State::Idle {
                wake: Instant::ZERO,
                purpose,
            },
            memory: Memory {
                config,
                rng,
                backoff: Backoff::default(),
                resume_failures: 0,
                pace: IdentifyPace::default(),
                acknowledged,
                recorded: acknowledged,
                digest,
                since: Instant::ZERO,
                began: None,
            },
        }
    }

    /// Puts in what a checkpoint leaves out.
    #[cfg(feature = "checkpoint")]
    pub(crate) fn complete(&mut self, config: &Config) {
        self.memory.config.token = config.token.clone();
        self.memory.config.os = config.os;
    }

    pub(crate) const fn state(&self) -> &State {
        &self.state
    }

    pub(crate) const fn config(&self) -> &Config {
        &self.memory.config
    }

    /// A seed for whatever comes after this machine.
    pub(crate) fn next_seed(&mut self) -> u64 {
        self.memory.rng.next_u64()
    }

    /// Connections in a row that came to nothing.
    pub(crate) const fn failures(&self) -> u32 {
        self.memory.backoff.failures()
    }

    /// The presence to begin the next session with.
    pub(crate) fn set_presence(&mut self, presence: BotPresence) {
        self.memory.config.presence = Some(presence);
    }

    /// When the state became what it is.
    pub(crate) const fn since(&self) -> Instant {
        self.memory.since
    }

    /// When the session began; `None` without one, and for one of an earlier process.
    pub(crate) fn session_since(&self) -> Option<Instant> {
        self.memory.began.filter(|_| self.state.session().is_some())
    }

    /// Which session there is, or was last.
    pub(crate) const fn digest(&self) -> u64 {
        self.memory.digest
    }

    /// Everything up to this sequence is dealt with; less than before changes nothing. Whether that
    /// is new.
    pub(crate) fn acknowledge(&mut self, sequence: u64) -> bool {
        let received = self.state.session().map_or(0, Session::sequence);
        let acknowledged = &mut self.memory.acknowledged;
        let reached = sequence.min(received);
        let is_new = *acknowledged < reached;
        *acknowledged = (*acknowledged).max(reached);
        is_new
    }

    /// That everything up to this sequence is acknowledged is recorded; less than before changes
    /// nothing.
    pub(crate) fn record(&mut self, sequence: u64) {
        let Memory {
            acknowledged,
            recorded,
            ..
        } = &mut self.memory;
        *recorded = (*recorded).max(sequence.min(*acknowledged));
    }

    /// The sequence that the session is handed on with: a new process is sent what came after it.
    pub(crate) fn exported_sequence(&self, session: &Session) -> u64 {
        match self.memory.config.acknowledge {
            Acknowledge::OnReceipt => session.sequence,
            Acknowledge::ByHost { .. } => self.memory.acknowledged.min(session.sequence),
        }
    }

    /// Moves on by one signal. Says what is to be done with a dispatch.
    pub(crate) fn handle<'i>(
        &mut self,
        now: Instant,
        signal: Signal<'_>,
        out: &mut Actions<'i>,
    ) -> Forwarding {
        let halted = State::Halted {
            cause: Halt::Crashed,
            session: None,
        };
        let state = mem::replace(&mut self.state, halted);
        let from = state.phase();
        let mut cx = Context {
            now,
            memory: &mut self.memory,
            out,
            reason: None,
            delivery: Forwarding::OutOfPlace,
        };
        self.state = state.step(signal, &mut cx);
        let (reason, delivery) = (cx.reason, cx.delivery);
        let to = self.state.phase();
        if from != to {
            self.memory.since = now;
        }
        if let (true, Some(reason)) = (from != to, reason) {
            out.emit(Event::StateChanged(StateChanged { from, to, reason }));
        }
        delivery
    }

    /// Whether the host slept through a whole heartbeat interval, so that the next timeout gives
    /// the connection up.
    pub(crate) fn host_stalled(&self, now: Instant) -> bool {
        self.state
            .live()
            .is_some_and(|live| live.beat.host_stalled(now))
    }

    /// Counts a send on an active connection, if there is one with room.
    pub(crate) fn take_room(&mut self, now: Instant, rank: Rank) -> bool {
        self.active_budget()
            .is_some_and(|budget| budget.take(now, rank))
    }

    /// Whether [`Machine::take_room`] would succeed.
    pub(crate) fn has_room(&mut self, now: Instant, rank: Rank) -> bool {
        self.active_budget()
            .is_some_and(|budget| budget.has_room(now, rank))
    }

    /// How many commands there is room for; `None` while no events flow.
    pub(crate) fn sends_left(&self, now: Instant) -> Option<usize> {
        let State::Active { live, .. } = &self.state else {
            return None;
        };
        Some(live.budget.left(now, Rank::Command))
    }

    const fn active_budget(&mut self) -> Option<&mut Budget> {
        match &mut self.state {
            State::Active { live, .. } => Some(&mut live.budget),
            State::Idle { .. }
            | State::Waiting { .. }
            | State::Connecting { .. }
            | State::Greeting { .. }
            | State::Identifying { .. }
            | State::Resuming { .. }
            | State::Halted { .. } => None,
        }
    }
}

/// What a step works with.
pub(crate) struct Context<'m, 'i> {
    now: Instant,
    memory: &'m mut Memory,
    out: &'m mut Actions<'i>,
    reason: Option<Reason>,
    delivery: Forwarding,
}

impl Context<'_, '_> {
    pub(crate) const fn now(&self) -> Instant {
        self.now
    }

    pub(crate) const fn timing(&self) -> &Timing {
        &self.memory.config.timing
    }

    pub(crate) const fn limits(&self) -> &SendLimits {
        &self.memory.config.limits
    }

    pub(crate) const fn rng(&mut self) -> &mut Rng {
        &mut self.memory.rng
    }

    /// Why the state changes; the last reason counts.
    pub(crate) const fn reason(&mut self, reason: Reason) {
        self.reason = Some(reason);
    }

    /// The sequence for the heartbeats of a session.
    pub(crate) fn beat_sequence(&self, session: &Session) -> u64 {
        match self.memory.config.acknowledge {
            Acknowledge::ByHost {
                in_heartbeats: true,
            } => self.memory.recorded.min(session.sequence),
            Acknowledge::ByHost {
                in_heartbeats: false,
            }
            | Acknowledge::OnReceipt => session.sequence,
        }
    }

    pub(crate) fn send(&mut self, command: Command) {
        self.out.push(Action::Send(command));
    }

    pub(crate) fn close(&mut self, on_stop: OnStop) {
        self.out.push(Action::Close(match on_stop {
            OnStop::Resume => close::RESUMABLE,
            OnStop::End => close::NORMAL,
        }));
    }

    /// The wait is over: connect, or ask the fleet first.
    pub(crate) fn begin(&mut self, purpose: Purpose) -> State {
        match (purpose, self.memory.config.identify) {
            (Purpose::Identify, Identifying::Fleet) => {
                self.out.push(Action::WantIdentify);
                State::Waiting {
                    again: self.now.after(ASK_AGAIN),
                }
            }
            (purpose @ (Purpose::Identify | Purpose::Resume(_)), _) => self.dial(purpose),
        }
    }

    /// Asks for a connection to the host that the purpose names.
    pub(crate) fn dial(&mut self, purpose: Purpose) -> State {
        let base = &self.memory.config.url;
        let url = match &purpose {
            Purpose::Resume(session) => session.url.as_ref().unwrap_or(base),
            Purpose::Identify => base,
        };
        self.out.push(Action::Connect { url: url.clone() });
        State::Connecting {
            deadline: self.now.after(self.timing().dial),
            purpose,
        }
    }

    /// Ends the connection from our side, the session kept, and waits for the next.
    pub(crate) fn hang_up(&mut self, purpose: Purpose, reason: Reason) -> State {
        self.close(OnStop::Resume);
        self.lost(purpose, reason)
    }

    /// The connection is gone: wait before the next.
    pub(crate) fn lost(&mut self, purpose: Purpose, reason: Reason) -> State {
        let wait = self.backoff();
        self.wait(purpose, reason, wait)
    }

    /// The connection could not be opened: wait before the next, as long as the server asks for if
    /// it does, but never longer than the longest back-off.
    pub(crate) fn dial_failed(&mut self, purpose: Purpose, why: DialFailure) -> State {
        let longest = self.timing().longest_backoff;
        let asked = why.retry_after().unwrap_or_default().min(longest);
        let wait = self.backoff().max(asked);
        self.wait(purpose, Reason::DialFailed(why), wait)
    }

    fn backoff(&mut self) -> Duration {
        let Timing {
            first_backoff,
            longest_backoff,
            ..
        } = self.memory.config.timing;
        self.memory
            .backoff
            .next(first_backoff, longest_backoff, &mut self.memory.rng)
    }

    pub(crate) fn wait(&mut self, purpose: Purpose, reason: Reason, wait: Duration) -> State {
        self.reason(reason);
        let purpose = match purpose {
            Purpose::Resume(session) if !session.is_resumable() => {
                self.give_up(Purpose::Resume(session), GapCause::IdTooLong)
            }
            purpose @ (Purpose::Identify | Purpose::Resume(_)) => purpose,
        };
        let wake = match purpose {
            Purpose::Identify => self.now.after(wait).max(self.memory.pace.next()),
            Purpose::Resume(_) => self.now.after(wait),
        };
        State::Idle { wake, purpose }
    }

    /// The peer ended the connection, or asked us to.
    pub(crate) fn ended(&mut self, purpose: Purpose, how: Signal<'_>) -> State {
        match how {
            Signal::Closed(code) => self.closed(purpose, code),
            Signal::InvalidSession { resumable } => self.invalid(purpose, resumable),
            Signal::ReconnectAsked
            | Signal::Timeout
            | Signal::Opened
            | Signal::DialFailed(_)
            | Signal::Granted
            | Signal::Unread(_)
            | Signal::Stop(_)
            | Signal::Restart(_)
            | Signal::Crashed
            | Signal::Hello(_)
            | Signal::Answered
            | Signal::BeatAsked
            | Signal::Dispatch { .. } => self.hang_up(purpose, Reason::ReconnectAsked),
        }
    }

    /// The peer closed: its code decides what comes next.
    fn closed(&mut self, purpose: Purpose, code: Option<u16>) -> State {
        let reason = Reason::Closed(code);
        match close::verdict(code) {
            CloseMeaning::Resume if code == Some(close::RATE_LIMITED) => {
                let half = self
                    .timing()
                    .longest_backoff
                    .checked_div(2)
                    .unwrap_or_default();
                self.wait(purpose, reason, half)
            }
            CloseMeaning::Resume => self.lost(purpose, reason),
            CloseMeaning::Identify => {
                let purpose = self.give_up(purpose, GapCause::Refused);
                self.lost(purpose, reason)
            }
            CloseMeaning::Fatal(fatal) => {
                self.give_up(purpose, GapCause::Refused);
                self.reason(reason);
                State::Halted {
                    cause: Halt::Refused(fatal),
                    session: None,
                }
            }
        }
    }

    /// Op 9: hang up, and try again after a random wait.
    fn invalid(&mut self, purpose: Purpose, resumable: bool) -> State {
        self.close(OnStop::Resume);
        let purpose = if resumable {
            purpose
        } else {
            self.give_up(purpose, GapCause::Refused)
        };
        let least = self.timing().invalid_session;
        let random = self.memory.rng.between(least, least.saturating_mul(5));
        let backoff = self.backoff();
        self.wait(
            purpose,
            Reason::InvalidSession { resumable },
            random.max(backoff),
        )
    }

    /// The purpose after a resume that did not come to its end.
    pub(crate) fn resume_failed(&mut self, session: Box<Session>) -> Purpose {
        self.memory.resume_failures = self.memory.resume_failures.saturating_add(1);
        let purpose = Purpose::Resume(session).off_its_host();
        if self.memory.resume_failures < self.timing().resume_failures {
            return purpose;
        }
        self.give_up(purpose, GapCause::ResumesFailed)
    }

    /// Something new was replayed: the session is there, however often its connection is cut.
    pub(crate) const fn resume_goes_on(&mut self) {
        self.memory.resume_failures = 0;
    }

    /// Closes a connection on which a resume does not come to its end.
    pub(crate) fn drop_resume(&mut self, session: Box<Session>, reason: Reason) -> State {
        let purpose = self.resume_failed(session);
        self.hang_up(purpose, reason)
    }

    /// Drops the session, if the purpose has one, and says so.
    pub(crate) fn give_up(&mut self, purpose: Purpose, why: GapCause) -> Purpose {
        if let Purpose::Resume(session) = purpose {
            let from = session.emitted_up_to(self.memory.digest);
            self.out.emit(Event::Gap(Gap {
                from,
                to: None,
                why,
            }));
        }
        Purpose::Identify
    }

    /// An active connection has ended: was it good enough to forget earlier failures?
    pub(crate) fn was_active(&mut self, since: Instant) {
        if self.now.since(since) >= self.timing().stable {
            self.memory.backoff.succeeded();
        }
    }
}
