//! What a shard has taken in and given out so far, as plain numbers.

mod by_label;
mod by_name;

use crate::action::{Action, Actions};
use crate::event::{Event, Fault, StateChanged};
use crate::session::{Phase, Reason};
use crate::wire::command::Command;

pub use by_label::LabelCounts;
pub use by_name::NameCounts;

/// What a shard has taken in and given out since it was made, over all of its connections and
/// sessions. Every number only grows.
///
/// Counting allocates nothing. A number stays at the largest that it can be.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ShardCounts {
    /// Payloads that came, heartbeats' answers included.
    pub payloads: u64,
    /// Their bytes, after decompression.
    pub payload_bytes: u64,
    /// Dispatches that were emitted, by name.
    pub dispatches: NameCounts,
    /// Dispatches of replays that were emitted, of those resumes that came to their end.
    pub replayed: u64,
    /// Dispatches that had come before in their session, and were not emitted again.
    pub repeated: u64,
    /// Connections that were asked for.
    pub dials: u64,
    /// Identifies that were sent: each is one of the day's budget.
    pub identifies: u64,
    /// Resumes that were sent.
    pub resumes: u64,
    /// Resumes that came to their end: every missed dispatch has been replayed.
    pub resumed: u64,
    /// Connections that came to nothing or ended, and ends of the shard, by cause. That it was
    /// stopped before its first connection is none.
    pub losses: LabelCounts,
    /// Connections that the peer closed, by its close code: `none` for an end without one.
    pub closes: LabelCounts,
    /// Times that dispatches are missing, by cause.
    pub gaps: LabelCounts,
    /// Member requests that ended, by outcome.
    pub requests: LabelCounts,
    /// Commands of the user that ended, by outcome.
    pub commands: LabelCounts,
}

/// The close codes that are counted one by one: those of the protocol of WebSockets that occur,
/// and those that the service documents or has documented.
const CODES: &[(u16, &str)] = &[
    (1000, "1000"),
    (1001, "1001"),
    (1006, "1006"),
    (1011, "1011"),
    (4000, "4000"),
    (4001, "4001"),
    (4002, "4002"),
    (4003, "4003"),
    (4004, "4004"),
    (4005, "4005"),
    (4006, "4006"),
    (4007, "4007"),
    (4008, "4008"),
    (4009, "4009"),
    (4010, "4010"),
    (4011, "4011"),
    (4012, "4012"),
    (4013, "4013"),
    (4014, "4014"),
];

impl ShardCounts {
    /// Adds the counts of another shard.
    pub fn add(&mut self, other: &Self) {
        let Self {
            payloads,
            payload_bytes,
            dispatches,
            replayed,
            repeated,
            dials,
            identifies,
            resumes,
            resumed,
            losses,
            closes,
            gaps,
            requests,
            commands,
        } = self;
        for (own, other) in [
            (payloads, other.payloads),
            (payload_bytes, other.payload_bytes),
            (replayed, other.replayed),
            (repeated, other.repeated),
            (dials, other.dials),
            (identifies, other.identifies),
            (resumes, other.resumes),
            (resumed, other.resumed),
        ] {
            *own = own.saturating_add(other);
        }
        dispatches.add(&other.dispatches);
        losses.add(&other.losses);
        closes.add(&other.closes);
        gaps.add(&other.gaps);
        requests.add(&other.requests);
        commands.add(&other.commands);
    }

    /// A payload has come.
    #[inline]
    pub(crate) fn payload(&mut self, bytes: usize) {
        self.payloads = self.payloads.saturating_add(1);
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        self.payload_bytes = self.payload_bytes.saturating_add(bytes);
    }

    /// These actions are given out.
    #[inline]
    pub(crate) fn note(&mut self, actions: &Actions<'_>) {
        for action in actions.iter() {
            match action {
                Action::Emit(Event::Dispatch(dispatch)) => self.dispatches.count(dispatch.name()),
                Action::Emit(event) => self.event(event),
                Action::Send(command) => self.command(command),
                Action::Connect { .. } => self.dials = self.dials.saturating_add(1),
                Action::Mutate(_)
                | Action::Confirm(_)
                | Action::WantIdentify
                | Action::Close(_) => {}
            }
        }
    }

    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the others are counted elsewhere, or not at all"
    )]
    fn command(&mut self, command: &Command) {
        let count = match command {
            Command::Identify(_) => &mut self.identifies,
            Command::Resume(_) => &mut self.resumes,
            _ => return,
        };
        *count = count.saturating_add(1);
    }

    #[cold]
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "the others are counted elsewhere, or not at all"
    )]
    fn event(&mut self, event: &Event<'_>) {
        match event {
            Event::StateChanged(change) => self.state_changed(change),
            Event::Resumed { replayed } => {
                self.resumed = self.resumed.saturating_add(1);
                self.replayed = self.replayed.saturating_add(*replayed);
            }
            Event::Misunderstood(it) if it.fault == Fault::Repeated => {
                self.repeated = self.repeated.saturating_add(1);
            }
            Event::Gap(gap) => self.gaps.count(gap.why.label()),
            Event::ChunkRequestFinished(it) => self.requests.count(it.reason.label()),
            Event::CommandFinished(it) => self.commands.count(it.outcome.label()),
            _ => {}
        }
    }

    fn state_changed(&mut self, change: &StateChanged) {
        let never_began = self.dials == 0 && change.reason == Reason::Stopped;
        let is_end = change.to == Phase::Halted && !never_began;
        if !is_end && change.to != Phase::Idle {
            return;
        }
        self.losses.count(change.reason.label());
        if let Some(code) = change.reason.close_code() {
            self.closes.count(code.map_or("none", code_label));
        }
    }
}

/// How a close code is called; `other` for one that is not counted by itself.
fn code_label(code: u16) -> &'static str {
    let known = CODES.iter().find(|(known, _)| *known == code);
    known.map_or("other", |(_, label)| label)
}
