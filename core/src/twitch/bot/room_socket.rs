//! One socket and the rooms it holds.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::action::AccountKey;
use super::shard_ref::ShardRef;
use crate::Instant;
use crate::twitch::Room;
use crate::twitch::connection::{Connection, Patience};

/// From when on the loss of a socket is no sign of trouble.
const STABLE: Duration = Duration::from_secs(30);

/// How a socket stands to a room. Each of these takes a place of the account's room limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Membership {
    /// JOIN sent. It keeps its place for a while after the answer is overdue, since that may
    /// still come.
    Asked { until: Instant },
    /// In the room.
    Joined,
    /// PART sent.
    Leaving { until: Instant },
}

impl Membership {
    /// When an answer is overdue.
    pub(super) fn until(self) -> Option<Instant> {
        match self {
            Self::Asked { until } | Self::Leaving { until } => Some(until),
            Self::Joined => None,
        }
    }
}

/// What a socket is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SocketRole {
    /// Its shard's rooms are joined on it.
    Serves,
    /// Its rooms go elsewhere; it is closed when it holds none.
    HandsOver,
}

#[derive(Debug)]
pub(super) struct RoomSocket {
    pub(super) connection: Connection,
    pub(super) at: ShardRef,
    pub(super) account: AccountKey,
    pub(super) role: SocketRole,
    /// When it logged in, after its loss too.
    pub(super) ready_since: Option<Instant>,
    pub(super) rooms: BTreeMap<Room, Membership>,
}

impl RoomSocket {
    /// A socket that is being dialled.
    pub(super) fn open(
        now: Instant,
        patience: Patience,
        at: ShardRef,
        account: AccountKey,
    ) -> Self {
        let (connection, _) = Connection::open(now, patience);
        Self {
            connection,
            at,
            account,
            role: SocketRole::Serves,
            ready_since: None,
            rooms: BTreeMap::new(),
        }
    }

    /// Whether it is logged in.
    pub(super) fn is_ready(&self) -> bool {
        self.connection.login().is_some()
    }

    /// Whether it was up for long enough that its loss is no sign of trouble.
    pub(super) fn is_stable(&self, now: Instant) -> bool {
        let since = self.ready_since;
        since.is_some_and(|since| now.since(since) >= STABLE)
    }

    /// Whether it has handed all its rooms over.
    pub(super) fn is_done(&self) -> bool {
        match self.role {
            SocketRole::Serves => false,
            SocketRole::HandsOver => self.rooms.is_empty(),
        }
    }
}
