//! A digest of actions, of what scrubbing leaves as it is: of a run and of its recording alike.

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
            let mixed = mark(action, before).wrapping_mul(FACTOR);
            all = all.wrapping_add(mixed ^ mixed >> 29);
        }
        self.sequence = last.unwrap_or(before);
        (all.wrapping_mul(FACTOR) >> 48) as u16
    }
}

/// A number for an action; `before` is the dispatch that came before its input.
fn mark(action: &Action<'_>, before: u64) -> u64 {
    let (kind, detail) = match action {
        Action::Connect { .. } => (1, 0),
        Action::Send(command) => (2, u64::from(command.opcode())),
        Action::Close(code) => (3, u64::from(*code)),
        Action::WantIdentify => (4, 0),
        Action::Mutate(mutation) => (5, mutation.ops().count() as u64),
        Action::Confirm(barrier) => (6, barrier.number()),
        Action::Emit(event) => (7, event_mark(event, before)),
    };
    kind | detail << 3
}

fn event_mark(event: &Event<'_>, before: u64) -> u64 {
    let (kind, detail) = match event {
        Event::Dispatch(dispatch) => {
            let sequence = dispatch.sequence();
            (1, sequence.map_or(0, |it| it.wrapping_sub(before)))
        }
        Event::StateChanged(_) => (2, 0),
        Event::Resumed { replayed } => (3, *replayed),
        Event::Gap(_) => (4, 0),
        Event::Halted(_) => (5, 0),
        Event::GuildReady(ready) => (6, ready.members.received),
        Event::GuildJoin(ready) => (7, ready.members.received),
        Event::GuildRestored(ready) => (8, ready.members.received),
        Event::GuildUnavailable(_) => (9, 0),
        Event::GuildStale(_) => (10, 0),
        Event::GuildLeave(_) => (11, 0),
        Event::HeldOverflow(held) => (12, held.events as u64),
        Event::ChunkRequestFinished(finished) => (13, u64::from(finished.attempts)),
        Event::ShardFinishedChunking(all) => (14, all.complete as u64),
        Event::ShardReady(ready) => (15, ready.available as u64),
        Event::Misunderstood(_) => (16, 0),
        Event::CommandFinished(_) => (17, 0),
        _ => (18, 0),
    };
    kind | detail << 5
}
