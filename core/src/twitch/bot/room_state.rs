//! Where one room is with being joined.

use super::action::{AccountKey, SocketId};
use crate::Instant;
use crate::manager::ShardKey;

/// Which join goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// It was joined: its messages are being missed, or soon will be.
    Rejoin,
    /// It was assigned.
    First,
    /// It failed before.
    Retry,
}

/// A place in the queue of an account's joins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Turn {
    pub(super) account: AccountKey,
    pub(super) urgency: Urgency,
    pub(super) number: u64,
}

/// Where a room is with being joined on its shard's socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JoinAttempt {
    /// It waits for the socket.
    Wanted,
    /// It waits for its account's budget.
    Queued(Turn),
    /// JOIN was sent.
    Joining { socket: SocketId, until: Instant },
    /// It failed and is tried again.
    Retrying { at: Instant },
    /// It failed and is not tried again.
    Refused,
}

/// Where a room is.
///
/// ```text
/// Unserved(Wanted -> Queued -> Joining) ----> Served --shard or socket changes--> handover
///             ^ \________ Retrying __/          | ^                                  |
///             |______________socket lost________| |__________joined there____________|
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoomState {
    /// No socket serves it.
    Unserved(JoinAttempt),
    /// It was left at the account's room limit so that its shard's socket can join it in its place:
    /// queued, and its join is as good as spent, since it goes as soon as the PART is answered.
    Yielded(Turn),
    /// The messages of this socket count. `handover` is the way to its shard's socket, where that
    /// is another one.
    Served {
        socket: SocketId,
        handover: Option<JoinAttempt>,
    },
}

impl RoomState {
    /// The socket whose messages count.
    pub(super) fn serving(self) -> Option<SocketId> {
        match self {
            Self::Served { socket, .. } => Some(socket),
            Self::Unserved(_) | Self::Yielded(_) => None,
        }
    }

    /// The way to its shard's socket; `None` where it is joined there.
    pub(super) fn attempt(self) -> Option<JoinAttempt> {
        match self {
            Self::Unserved(attempt) => Some(attempt),
            Self::Yielded(turn) => Some(JoinAttempt::Queued(turn)),
            Self::Served { handover, .. } => handover,
        }
    }

    /// The same room with another way to its shard's socket.
    pub(super) fn with_attempt(self, attempt: JoinAttempt) -> Self {
        match (self, attempt) {
            (Self::Yielded(_), JoinAttempt::Queued(turn)) => Self::Yielded(turn),
            (Self::Unserved(_) | Self::Yielded(_), attempt) => Self::Unserved(attempt),
            (Self::Served { socket, .. }, attempt) => Self::Served {
                socket,
                handover: Some(attempt),
            },
        }
    }

    /// The same room once its shard's socket is `target`, and in it.
    pub(super) fn settled_on(self, target: SocketId) -> Self {
        match self {
            Self::Served { socket, .. } if socket == target => Self::Served {
                socket,
                handover: None,
            },
            Self::Served { .. } | Self::Unserved(_) | Self::Yielded(_) => self,
        }
    }

    /// The same room without the socket that served it.
    pub(super) fn unserved(self) -> Self {
        match self {
            Self::Served { handover, .. } => {
                Self::Unserved(handover.unwrap_or(JoinAttempt::Wanted))
            }
            Self::Unserved(_) | Self::Yielded(_) => self,
        }
    }

    /// The same room without a socket that is lost.
    pub(super) fn without(self, lost: SocketId) -> Self {
        let state = match self {
            Self::Served { socket, .. } if socket == lost => self.unserved(),
            Self::Served { .. } | Self::Unserved(_) | Self::Yielded(_) => self,
        };
        match state.attempt() {
            Some(JoinAttempt::Joining { socket, .. }) if socket == lost => {
                state.with_attempt(JoinAttempt::Wanted)
            }
            Some(
                JoinAttempt::Joining { .. }
                | JoinAttempt::Wanted
                | JoinAttempt::Queued(_)
                | JoinAttempt::Retrying { .. }
                | JoinAttempt::Refused,
            )
            | None => state,
        }
    }

    /// Whether a new socket of its shard should join it.
    pub(super) fn wants_join(self) -> bool {
        match self.attempt() {
            Some(JoinAttempt::Wanted | JoinAttempt::Joining { .. }) | None => true,
            Some(JoinAttempt::Queued(_) | JoinAttempt::Retrying { .. } | JoinAttempt::Refused) => {
                false
            }
        }
    }
}

/// What has become of a room so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RoomProgress {
    Assigned,
    /// That it waits at the account's own room limit was reported.
    LimitReported,
    /// It has been joined.
    Joined,
}

/// A room that a manager has assigned.
#[derive(Clone, Debug)]
pub(super) struct AssignedRoom {
    pub(super) shard: ShardKey,
    pub(super) state: RoomState,
    pub(super) progress: RoomProgress,
    /// Since when it has been wanted or lost.
    pub(super) since: Instant,
    /// Failures in a row.
    pub(super) failures: u32,
    /// The room's number, once the server has sent it.
    pub(super) number: Option<u64>,
    /// Until when messages may come on two sockets.
    pub(super) overlap_until: Option<Instant>,
}

impl AssignedRoom {
    pub(super) const fn new(shard: ShardKey, now: Instant) -> Self {
        Self {
            shard,
            state: RoomState::Unserved(JoinAttempt::Wanted),
            progress: RoomProgress::Assigned,
            since: now,
            failures: 0,
            number: None,
            overlap_until: None,
        }
    }

    /// How much hurry its next join has.
    pub(super) fn urgency(&self) -> Urgency {
        match self.progress {
            RoomProgress::Joined => Urgency::Rejoin,
            RoomProgress::Assigned | RoomProgress::LimitReported => Urgency::First,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOST: SocketId = SocketId(1);
    const OTHER: SocketId = SocketId(2);

    fn joining(socket: SocketId) -> JoinAttempt {
        JoinAttempt::Joining {
            socket,
            until: Instant::ZERO,
        }
    }

    fn served(socket: SocketId, handover: Option<JoinAttempt>) -> RoomState {
        RoomState::Served { socket, handover }
    }

    fn turn() -> Turn {
        Turn {
            account: AccountKey(0),
            urgency: Urgency::Rejoin,
            number: 3,
        }
    }

    #[test]
    fn a_lost_socket_takes_along_what_depended_on_it_and_nothing_else() {
        let queued = JoinAttempt::Queued(turn());
        let unserved = RoomState::Unserved;
        for (before, after) in [
            (served(LOST, None), unserved(JoinAttempt::Wanted)),
            (served(LOST, Some(queued)), unserved(queued)),
            (served(LOST, Some(joining(OTHER))), unserved(joining(OTHER))),
            (
                served(LOST, Some(joining(LOST))),
                unserved(JoinAttempt::Wanted),
            ),
            (unserved(joining(LOST)), unserved(JoinAttempt::Wanted)),
            (
                served(OTHER, Some(joining(LOST))),
                served(OTHER, Some(JoinAttempt::Wanted)),
            ),
        ] {
            assert_eq!(before.without(LOST), after, "{before:?}");
        }
        for stays in [
            served(OTHER, None),
            served(OTHER, Some(joining(OTHER))),
            unserved(joining(OTHER)),
            unserved(queued),
            unserved(JoinAttempt::Refused),
            RoomState::Yielded(turn()),
        ] {
            assert_eq!(stays.without(LOST), stays);
        }
    }

    #[test]
    fn a_room_that_makes_way_does_so_while_it_is_queued() {
        let yielded = RoomState::Yielded(turn());
        let queued = JoinAttempt::Queued(turn());
        assert_eq!(yielded.with_attempt(queued), yielded);
        let asked = yielded.with_attempt(joining(OTHER));
        assert_eq!(asked, RoomState::Unserved(joining(OTHER)));
    }

    #[test]
    fn only_the_socket_where_it_shall_be_settles_a_room() {
        let moving = served(LOST, Some(JoinAttempt::Wanted));
        assert_eq!(moving.settled_on(LOST), served(LOST, None));
        assert_eq!(moving.settled_on(OTHER), moving);
    }
}
