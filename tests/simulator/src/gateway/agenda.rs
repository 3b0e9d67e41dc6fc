//! What is to happen at which time.
use super::late::Late;
use crate::act::Act;
use crate::edge::{ConnectionId, Millis};
use crate::requests::PendingAnswer;
use std::collections::BTreeMap;

/// Something that is due at a time.
#[derive(Debug)]
pub(crate) enum Task {
    /// Looks whether the connection still beats.
    CheckBeat(ConnectionId),
    /// Answers a heartbeat late.
    Ack(ConnectionId),
    /// Closes a connection that was asked to reconnect.
    CloseAfterReconnect(ConnectionId),
    /// Forgets the session if it has had no connection since.
    Expire {
        /// The session's number.
        session: u64,
        /// When its connection ended.
        since: Millis,
    },
    /// Streams the session's next guilds.
    Stream(u64),
    /// Sends the session's next chunks.
    Chunk(u64),
    /// Adds a chunk that was delayed to the session's others.
    LateChunk(u64, Box<PendingAnswer>),
    /// Says words about what has gone meanwhile.
    Late(Box<Late>),
    /// Looks whether an interaction was answered.
    CheckAnswer(u64),
    /// Makes the numbered event of this place in the order.
    Numbered(u64),
    /// Does what the script says.
    Perform(Box<Act>),
}

/// Tasks by time; those of the same time in the order of their planning.
#[derive(Debug, Default)]
pub(crate) struct Agenda {
    tasks: BTreeMap<(Millis, u64), Task>,
    planned: u64,
}

impl Agenda {
    pub(crate) fn plan(&mut self, at: Millis, task: Task) {
        self.planned += 1;
        self.tasks.insert((at, self.planned), task);
    }

    pub(crate) fn next_at(&self) -> Option<Millis> {
        self.tasks.first_key_value().map(|((at, _), _)| *at)
    }

    /// The next task that is due at `now`, with its own time.
    pub(crate) fn take_due(&mut self, now: Millis) -> Option<(Millis, Task)> {
        let first = self
            .tasks
            .first_entry()
            .filter(|first| first.key().0 <= now)?;
        let ((at, _), task) = first.remove_entry();
        Some((at, task))
    }
}
