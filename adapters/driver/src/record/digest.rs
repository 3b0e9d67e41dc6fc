//! A digest of actions, of what scrubbing leaves as it is: of a run and of its recording alike.

use headcount_core::cache::{Op, Rows};
use headcount_core::session::{Halt, Reason};
use headcount_core::setup::GuildReady;
use headcount_core::{Action, Actions, Event};
use serde::{Deserialize, Serialize};

/// Mixes one action's number.
const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;

/// What digests of a shard's actions are relative to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ActionDigest {
    /// The last dispatch's number.
    sequence: u64,
}

impl ActionDigest {
    /// What one input led to. The order does not count: guilds that are due at the same time have
    /// their turns by their ids, which a recording changes. Numbers of dispatches count from the
    /// input before, so that what is alike has the same digest, and is packed to nothing.
    pub(super) fn of(&mut self, actions: &Actions<'_>) -> u16 {
        let (before, mut all) = (self.sequence, actions.len() as u64);
        let mut last = None;
        for action in actions.iter() {
            if let Action::Emit(Event::Dispatch(dispatch)) = action {
                last = last.max(dispatch.sequence());
            }
            all = all.wrapping_add(mark(action, before));
        }
        self.sequence = last.unwrap_or(before);
        (all.wrapping_mul(FACTOR) >> 48) as u16
    }
}

/// A number for an action; `before` is the dispatch that came before its input.
fn mark(action: &Action<'_>, before: u64) -> u64 {
    match action {
        Action::Connect { .. } => mixed(1, 0),
        Action::Send(command) => mixed(2, u64::from(command.opcode())),
        Action::Close(code) => mixed(3, u64::from(*code)),
        Action::WantIdentify => mixed(4, 0),
        // Steps that are about several guilds or channels come in the order of their ids.
        Action::Mutate(mutation) => {
            mixed(5, mutation.ops().map(op_mark).fold(0, u64::wrapping_add))
        }
        Action::Confirm(barrier) => mixed(6, barrier.number()),
        Action::Emit(event) => mixed(7, event_mark(event, before)),
    }
}

/// One number of two.
const fn mixed(one: u64, other: u64) -> u64 {
    let mixed = (one.rotate_left(32) ^ other).wrapping_mul(FACTOR);
    mixed ^ mixed >> 29
}

/// The name of something as a number.
fn named(name: &str) -> u64 {
    let bytes = name.bytes().map(u64::from);
    bytes.fold(0, mixed)
}

fn op_mark(op: &Op<'_>) -> u64 {
    match op {
        Op::Upsert(rows) => mixed(1, rows_mark(rows)),
        Op::Patch(rows) => mixed(2, rows_mark(rows)),
        Op::Replace(rows) => mixed(3, rows_mark(rows)),
        Op::Remove(_) => 4,
        Op::Cascade(_) => 5,
        Op::SetStatus(status) => mixed(6, *status as u64),
        Op::HandedOver => 7,
        Op::StripRole(_) => 8,
        Op::SetMemberCount(count) => mixed(9, *count),
        Op::CountMember { by, .. } => mixed(10, u64::from(by.unsigned_abs())),
        Op::SyncThreads(channels, threads) => {
            mixed(11, mixed(channels.len() as u64, threads.len() as u64))
        }
        Op::OnlyChannels(channels) => mixed(12, channels.len() as u64),
        Op::Recount => 13,
        Op::Complete => 14,
        Op::Incomplete(_) => 15,
        Op::SetPresencesLack(lack) => mixed(16, u64::from(lack.is_some())),
        Op::NewSession(_) => 17,
        _ => 18,
    }
}

fn rows_mark(rows: &Rows<'_>) -> u64 {
    let count = match rows {
        Rows::Members(rows) => rows.len(),
        Rows::Users(rows) => rows.len(),
        Rows::Presences(rows) => rows.len(),
        Rows::Channels(rows) => rows.len(),
        Rows::Roles(rows) => rows.len(),
        _ => 0,
    };
    mixed(rows.kind() as u64, count as u64)
}

fn event_mark(event: &Event<'_>, before: u64) -> u64 {
    match event {
        Event::Dispatch(dispatch) => {
            let sequence = dispatch.sequence();
            mixed(1, sequence.map_or(0, |it| it.wrapping_sub(before)))
        }
        Event::StateChanged(change) => {
            let phases = mixed(named(change.from.label()), named(change.to.label()));
            mixed(mixed(2, phases), reason_mark(change.reason))
        }
        Event::Resumed { replayed } => mixed(3, *replayed),
        Event::Gap(gap) => mixed(4, named(gap.why.label())),
        Event::Halted(halt) => mixed(5, halt_mark(*halt)),
        Event::GuildReady(ready) => mixed(6, ready_mark(ready)),
        Event::GuildJoin(ready) => mixed(7, ready_mark(ready)),
        Event::GuildRestored(ready) => mixed(8, ready_mark(ready)),
        Event::GuildUnavailable(_) => 9,
        Event::GuildStale(stale) => mixed(10, u64::from(stale.was_complete)),
        Event::GuildLeave(_) => 11,
        Event::HeldOverflow(held) => mixed(12, held.events as u64),
        Event::ChunkRequestFinished(finished) => {
            let counts = mixed(u64::from(finished.attempts), finished.members);
            mixed(mixed(13, counts), named(finished.reason.label()))
        }
        Event::ShardFinishedChunking(all) => mixed(14, all.complete as u64),
        Event::ShardReady(ready) => mixed(15, ready.available as u64),
        Event::Misunderstood(_) => 16,
        Event::CommandFinished(finished) => mixed(17, named(finished.outcome.label())),
        _ => 18,
    }
}

fn ready_mark(ready: &GuildReady) -> u64 {
    mixed(named(ready.outcome.label()), ready.members.received)
}

fn halt_mark(halt: Halt) -> u64 {
    match halt {
        Halt::Refused(fatal) => mixed(1, fatal as u64),
        Halt::Stopped => 2,
        Halt::Crashed => 3,
    }
}

fn reason_mark(reason: Reason) -> u64 {
    let detail = match reason {
        Reason::InvalidSession { resumable } => u64::from(resumable),
        Reason::Closed(code) => code.map_or(0, u64::from),
        _ => 0,
    };
    mixed(named(reason.label()), detail)
}

#[cfg(test)]
mod tests {
    use headcount_core::event::StateChanged;
    use headcount_core::session::Phase;
    use headcount_core::wire::close::Fatal;

    use super::*;

    #[test]
    fn ends_and_states_that_differ_have_other_marks() {
        let halts = [
            Halt::Stopped,
            Halt::Crashed,
            Halt::Refused(Fatal::AuthenticationFailed),
        ];
        let changed = |to, reason| StateChanged {
            from: Phase::Active,
            to,
            reason,
        };
        let changes = [
            changed(Phase::Idle, Reason::ReconnectAsked),
            changed(Phase::Idle, Reason::Closed(Some(4_000))),
            changed(Phase::Idle, Reason::Closed(Some(4_009))),
            changed(Phase::Halted, Reason::Stopped),
        ];
        let halts = halts.into_iter().map(Event::Halted);
        let changes = changes.into_iter().map(Event::StateChanged);
        let marks = halts
            .chain(changes)
            .map(|event| event_mark(&event, 0) >> 48);
        let mut marks: Vec<u64> = marks.collect();
        marks.sort_unstable();
        let count = marks.len();
        marks.dedup();
        assert_eq!(marks.len(), count);
    }
}
