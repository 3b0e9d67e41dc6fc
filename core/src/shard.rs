//! One gateway connection as a state machine: a session, a tracker, and commands in a queue.

mod begin;
#[cfg(feature = "checkpoint")]
mod checkpoint;
mod counting;
mod overview;
mod payload;
mod restart;
mod sending;

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use core::time::Duration;

use crate::action::Actions;
use crate::cache::{self, Kinds, Policy};
use crate::chunk::{MemberQuery, RequestId, RequestProgress};
use crate::command_queue::CommandQueue;
use crate::counts::ShardCounts;
use crate::error::RequestError;
use crate::event::{CommandOutcome, Event, Gap, Ticket};
use crate::id::GuildId;
use crate::input::Input;
use crate::positions::Position;
use crate::session::machine::Machine;
use crate::session::signal::Signal;
use crate::session::state::State;
use crate::session::{Halt, Phase, Session, Wait};
use crate::setup::{Chunking, GuildReadiness, Readiness};
use crate::shard_id::ShardId;
use crate::time::Instant;
use crate::tracker::Tracker;
use crate::wire::command::Command;
use restart::StopRequest;

#[cfg(feature = "checkpoint")]
pub use checkpoint::ShardCheckpoint;
pub use overview::ConnectionStanding;

/// One gateway connection as a state machine, without a socket and without a clock.
///
/// Report what happened by [`Shard::handle`] and carry out the actions that it returns, in order;
/// call it again at [`Shard::poll_timeout`] at the latest. That is the whole contract.
#[derive(Clone, Debug)]
pub struct Shard {
    now: Instant,
    session: Machine,
    tracker: Tracker,
    command_queue: CommandQueue,
    /// Faults of this connection before its session.
    early_faults: u32,
    /// A stop or restart that was requested and is not carried out yet.
    stop_request: Option<StopRequest>,
    /// What is missing, and not reported yet.
    gaps: Vec<Gap>,
    counts: ShardCounts,
}

/// When to wake a shard, and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadline {
    /// Hand in [`Input::Timeout`] at this time, or soon after. It may lie in the past.
    pub at: Instant,
    /// What the shard waits for.
    pub wait: Wait,
}

impl Shard {
    /// Takes in what happened at `now`, and returns what to do about it.
    ///
    /// The actions are to be carried out in order. A `now` earlier than one before counts as
    /// unchanged. Deadlines that have passed are acted on whatever the input is. It cannot fail:
    /// what a peer gets wrong is an event, and the machine decides how to go on.
    pub fn handle<'i>(&mut self, now: Instant, input: Input<'i>) -> Actions<'i> {
        let mut out = Actions::new();
        self.now = self.now.max(now);
        self.tracker.set_now(self.now);
        for gap in mem::take(&mut self.gaps) {
            out.emit(Event::Gap(gap));
        }
        if let Some(stop_request) = self.stop_request.take() {
            self.signal(stop_request.signal(), &mut out);
        }
        if let Input::Payload(frame) = input {
            self.counts.payload(frame.len());
        }
        match input {
            Input::Payload(_) if self.phase() == Phase::Halted => {}
            Input::Payload(_) if self.session.host_stalled(self.now) => {}
            Input::Payload(frame) => self.payload(frame, &mut out),
            Input::Opened => {
                self.early_faults = 0;
                self.signal(Signal::Opened, &mut out);
            }
            Input::Closed(code) => self.signal(Signal::Closed(code), &mut out),
            Input::DialFailed(why) => self.signal(Signal::DialFailed(why), &mut out),
            Input::Unread { missed } => {
                self.signal(Signal::Unread(missed), &mut out);
                self.tracker.unread(missed);
            }
            Input::IdentifyGranted => self.signal(Signal::Granted, &mut out),
            Input::Stored(barrier) => self.tracker.stored(self.now, barrier, &mut out),
            Input::StoreFailed(guild) => self.tracker.store_failed(self.now, guild, &mut out),
            Input::Crashed => self.signal(Signal::Crashed, &mut out),
            Input::Timeout => {}
        }
        self.pass_deadlines(&mut out);
        self.flush(&mut out);
        self.counts.note(&out);
        out
    }

    /// Returns when to hand in [`Input::Timeout`], and what for; `None` once the shard has ended.
    ///
    /// May change with every call that takes `&mut self`. Waking up early is harmless.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let (at, wait) = self.session.state().deadline()?;
        let state = Deadline { at, wait };
        if self.stop_request.is_some() {
            return Some(Deadline {
                at: self.now,
                wait: Wait::Stop,
            });
        }
        let replaced = self.command_queue.has_replaced().then_some(self.now);
        let sends = replaced
            .or_else(|| self.send_deadline())
            .map(|at| Deadline {
                at,
                wait: Wait::SendBudget,
            });
        let tracker = self.tracker.deadline().map(|at| Deadline {
            at,
            wait: Wait::Tracker,
        });
        [tracker, sends]
            .into_iter()
            .flatten()
            .chain([state])
            .min_by_key(|deadline| deadline.at)
    }

    /// Queues a command; [`Event::CommandFinished`](crate::Event::CommandFinished) reports what
    /// becomes of it.
    ///
    /// Commands go out in order while the shard is active, as the send budget allows: 120 in 60 s
    /// (<https://discord.com/developers/docs/events/gateway#rate-limiting>). They wait for a
    /// resume, and are dropped with a session that is lost. Of presences only the last is sent,
    /// ahead of the others, and it becomes the presence of later sessions.
    ///
    /// # Errors
    /// [`RequestError::Reserved`] for a heartbeat, identify, resume, member request or guild sync,
    /// [`RequestError::TooLarge`] beyond [`SendLimits::payload`](crate::config::SendLimits), where
    /// a presence counts as the identify that will carry it, [`RequestError::QueueFull`], and
    /// [`RequestError::Halted`].
    pub fn send(&mut self, command: Command) -> Result<Ticket, RequestError> {
        let limits = &self.session.config().limits;
        if let State::Halted { .. } = self.session.state() {
            return Err(RequestError::Halted);
        }
        let bytes = self.bytes_of(&command);
        if bytes > limits.payload {
            return Err(RequestError::TooLarge {
                bytes,
                limit: limits.payload,
            });
        }
        let bound = limits.queue;
        match command {
            Command::Heartbeat { .. }
            | Command::Identify(_)
            | Command::Resume(_)
            | Command::RequestMembers(_)
            | Command::GuildSync(_) => Err(RequestError::Reserved),
            Command::UpdatePresence(presence) => {
                let later = (*presence).clone();
                let ticket = self.command_queue.set_presence(presence, bound);
                let ticket = ticket.ok_or(RequestError::QueueFull { bound })?;
                self.session.set_presence(later);
                Ok(ticket)
            }
            command @ (Command::UpdateVoiceState(_)
            | Command::RequestSoundboardSounds(_)
            | Command::RequestChannelInfo(_)) => self
                .command_queue
                .push(command, bound)
                .ok_or(RequestError::QueueFull { bound }),
        }
    }

    /// The size in bytes of the largest payload that will carry a command: its own, and for a
    /// presence that of each later identify.
    fn bytes_of(&self, command: &Command) -> usize {
        let own = command.encode(&mut String::new()).len();
        match command {
            Command::UpdatePresence(presence) => {
                own.max(self.session.config().identify_bytes(Some(presence)))
            }
            Command::Heartbeat { .. }
            | Command::Identify(_)
            | Command::Resume(_)
            | Command::RequestMembers(_)
            | Command::UpdateVoiceState(_)
            | Command::RequestSoundboardSounds(_)
            | Command::RequestChannelInfo(_)
            | Command::GuildSync(_) => own,
        }
    }

    /// Queues a member request; [`Event::ChunkRequestFinished`](crate::Event::ChunkRequestFinished)
    /// reports how it ended, exactly once.
    ///
    /// It goes out when the shard is active and the gate and the send budget allow, and is sent
    /// again after silence, a lost connection or a refusal, within the configured bounds. See
    /// <https://discord.com/developers/docs/events/gateway-events#request-guild-members>.
    ///
    /// # Errors
    /// [`RequestError::MissingIntents`], an argument out of its bounds,
    /// [`RequestError::OtherShard`], [`RequestError::QueueFull`] or [`RequestError::Halted`].
    pub fn request_members(
        &mut self,
        guild: GuildId,
        query: MemberQuery,
        presences: bool,
    ) -> Result<RequestId, RequestError> {
        self.tracker.request_members(guild, query, presences)
    }

    /// Where a member request stands; `None` once it has ended.
    #[must_use]
    pub fn request(&self, request: RequestId) -> Option<RequestProgress> {
        self.tracker.request(request)
    }

    /// Changes automatic member requests, for guilds that come from now on.
    pub fn set_chunking(&mut self, chunking: Chunking) {
        self.tracker.set_chunking(chunking);
    }

    /// Which kinds of rows are derived from now on; see [`Tracker::set_kinds`].
    pub fn set_kinds(&mut self, kinds: Kinds) {
        self.tracker.set_kinds(kinds);
    }

    /// Changes the policy for a kind; see [`Tracker::set_policy`].
    pub fn set_policy(&mut self, kind: cache::Kind, policy: &Policy) {
        self.tracker.set_policy(kind, policy);
    }

    /// How far the shard is. Constant time: cheap enough for every frame of a progress bar.
    #[must_use]
    pub fn readiness(&self) -> Readiness {
        self.tracker.readiness()
    }

    /// Where a guild stands, since when, what it waits for and until when; `None` when it is not
    /// known.
    #[must_use]
    pub fn guild(&self, guild: GuildId) -> Option<GuildReadiness> {
        self.tracker.guild(guild)
    }

    /// Which shard of how many.
    #[must_use]
    pub fn id(&self) -> ShardId {
        self.session.config().shard
    }

    /// Where the connection stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.session.state().phase()
    }

    /// The largest message, in bytes after decompression, that the connection may send now. A host
    /// takes a larger one for a broken connection ([`Input::Closed`] without a code). Changes with
    /// the phase.
    #[must_use]
    pub fn receive_limit(&self) -> usize {
        let limits = &self.session.config().receive;
        match self.phase() {
            Phase::Idle | Phase::Waiting | Phase::Connecting | Phase::Greeting | Phase::Halted => {
                limits.hello
            }
            Phase::Identifying => limits.ready,
            Phase::Resuming | Phase::Active => limits.session,
        }
    }

    /// Why the shard has ended for good; `None` while it has not.
    #[must_use]
    pub const fn halt(&self) -> Option<Halt> {
        match self.session.state() {
            State::Halted { cause, .. } => Some(*cause),
            State::Idle { .. }
            | State::Waiting { .. }
            | State::Connecting { .. }
            | State::Greeting { .. }
            | State::Identifying { .. }
            | State::Resuming { .. }
            | State::Active { .. } => None,
        }
    }

    /// How far the session has been received; `None` without one.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        let session = self.session.state().session()?;
        Some(session.position(self.session.digest()))
    }

    /// Everything of the session up to this position is dealt with: its changes stored, its events
    /// handled. Nothing if it is of another session, or less than before. Counts only under
    /// [`Acknowledge::ByHost`]. A dispatch that is held for its guild
    /// ([`TrackerConfig::hold`](crate::tracker::TrackerConfig::hold)) is not dealt with.
    ///
    /// READY itself is acknowledged as it comes: no server sends it again.
    ///
    /// Returns whether that changes anything of the shard.
    ///
    /// [`Acknowledge::ByHost`]: crate::config::Acknowledge::ByHost
    pub fn acknowledge(&mut self, position: Position) -> bool {
        let Position {
            session, sequence, ..
        } = position;
        if self.position().is_none_or(|now| now.session != session) {
            return false;
        }
        let held = self.tracker.held_since();
        let free = held.map_or(sequence, |held| sequence.min(held.saturating_sub(1)));
        let is_new = self.session.acknowledge(free);
        self.tracker.acknowledge(free) || is_new
    }

    /// What is [acknowledged](Self::acknowledge) up to this position is written down where the next
    /// process finds it, also after a kill. Heartbeats carry this under
    /// [`Acknowledge::ByHost`] if it says so; nothing else comes of it. Nothing if it is of another
    /// session, or less than before; no more than what is acknowledged counts.
    ///
    /// [`Acknowledge::ByHost`]: crate::config::Acknowledge::ByHost
    pub fn record(&mut self, position: Position) {
        if self
            .position()
            .is_some_and(|now| now.session == position.session)
        {
            self.session.record(position.sequence);
        }
    }

    /// Counts how often a guild's stage changed, as far as [`Session`] carries it on, how often a
    /// dispatch that changed one was acknowledged, and how often a row that was removed came again:
    /// as long as it stays the same, a session that was written down needs another sequence only
    /// ([`Session::as_of`]). What is removed meanwhile is not in it, so that the next process does
    /// not know such a row for a removed one, unless the removal is replayed to it.
    #[must_use]
    pub const fn guild_changes(&self) -> u64 {
        self.tracker.guild_changes()
    }

    /// The sequence of the oldest dispatch that is held for its guild
    /// ([`TrackerConfig::hold`](crate::tracker::TrackerConfig::hold)); `None` if none is.
    #[must_use]
    pub fn held_since(&self) -> Option<u64> {
        self.tracker.held_since()
    }

    /// Up to where everything of the session is dealt with; `None` without a session.
    #[must_use]
    pub fn acknowledged(&self) -> Option<Position> {
        let session = self.session.state().session()?;
        let sequence = self.session.exported_sequence(session);
        self.position().map(|at| Position { sequence, ..at })
    }

    /// The session as it is now, to be given to a new shard; `None` when there is none to resume,
    /// or one whose id is too long to be sent back. Under [`Acknowledge::ByHost`] it is as of what
    /// is acknowledged, its guilds too.
    ///
    /// If it began at an address with TLS and the gateway said to resume at one without, it leaves
    /// that out: the next shard resumes it at its base address.
    ///
    /// [`Acknowledge::ByHost`]: crate::config::Acknowledge::ByHost
    #[must_use]
    pub fn session(&self) -> Option<Session> {
        let session = self.session.state().session()?;
        let base = &self.session.config().url;
        let sequence = self.session.exported_sequence(session);
        let keep = |session: &Session| {
            let delivered = self.tracker.delivered().clone();
            let kept = session.to_keep(base, sequence, self.tracker.known(), delivered);
            kept.with_gaps(self.gaps.iter().copied())
        };
        session.is_resumable().then(|| keep(session))
    }

    /// Time from the last answered regular heartbeat to its answer on this connection.
    #[must_use]
    pub fn latency(&self) -> Option<Duration> {
        self.session.state().latency()
    }

    /// Connections in a row that failed before they were active.
    #[must_use]
    pub fn failures(&self) -> u32 {
        self.session.failures()
    }
}

/// Internal transitions and deadlines.
impl Shard {
    fn signal(&mut self, signal: Signal<'_>, out: &mut Actions<'_>) {
        let had_session = self.session.state().session().is_some();
        let was = self.phase();
        self.session.handle(self.now, signal, out);
        let is = self.phase();
        if was == is {
            return;
        }
        if is == Phase::Halted {
            self.tracker.halted(self.now, out);
            self.drop_commands(CommandOutcome::Halted, out);
            if let State::Halted { cause, .. } = self.session.state() {
                out.emit(Event::Halted(*cause));
            }
        } else if was.has_session() && !is.has_session() {
            self.tracker.connection_lost(self.now, out);
        }
        if had_session && self.session.state().session().is_none() {
            self.tracker.session_lost(out);
            self.drop_commands(CommandOutcome::SessionLost, out);
        }
    }

    /// Acts on the deadlines that have passed. Each leads to one later, or to another state; the
    /// bound is there in case of a mistake.
    fn pass_deadlines(&mut self, out: &mut Actions<'_>) {
        if self.tracker.deadline().is_some_and(|at| at <= self.now) {
            self.tracker.timeout(self.now, out);
        }
        for _ in 0..8 {
            let due = self
                .session
                .state()
                .deadline()
                .is_some_and(|(at, _)| at <= self.now);
            if !due {
                return;
            }
            self.signal(Signal::Timeout, out);
        }
        // Behind the last time of all there is no later one.
        let is_last = self.now.as_millis() == u64::MAX;
        debug_assert!(is_last, "a deadline does not move on");
    }
}
