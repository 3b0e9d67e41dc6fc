//! One shard manager at work: its shards and the state of its rooms.

use alloc::collections::BTreeMap;

use super::Pool;
use super::action::{AccountKey, LinkId, ManagerKey};
use super::ledger::Urgency;
use super::mirrors::Mirrors;
use super::seen::Seen;
use crate::Instant;
use crate::manager::{ShardKey, Supervisor};
use crate::twitch::Room;

/// Ids that a manager remembers to drop what comes twice.
pub(super) const REMEMBERED: usize = 2048;

/// A shard that shall have a connection.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) account: usize,
    /// The link that serves or will serve; `None` while it is to be dialled.
    pub(super) link: Option<LinkId>,
    pub(super) dial_at: Instant,
    /// Links lost in a row.
    pub(super) failures: u32,
}

/// Where a room is with being joined on its shard's link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joining {
    /// It waits for its shard's link.
    Idle,
    /// In the account's queue.
    Queued(Urgency, u64),
    /// JOIN sent on this link.
    Asked { link: LinkId, until: Instant },
    /// It failed and is tried again.
    Waiting { until: Instant },
    /// It failed and is not tried again.
    Refused,
    /// Joined where it shall be.
    Settled,
}

/// A room that a manager has assigned.
#[derive(Clone, Debug)]
pub(super) struct Seat {
    pub(super) shard: ShardKey,
    /// The link whose messages count.
    pub(super) serving: Option<LinkId>,
    pub(super) joining: Joining,
    /// The room's number, once the server has told it.
    pub(super) room_id: Option<u64>,
    /// Failures in a row.
    pub(super) failures: u32,
    /// Since when it has been wanted or lost.
    pub(super) since: Instant,
    pub(super) joined_before: bool,
    /// While two links may be in the room.
    pub(super) overlap_until: Option<Instant>,
    /// It was left at the room limit to be joined on another link.
    pub(super) makes_way: bool,
    /// Whether the account's own room limit was told.
    pub(super) limit_told: bool,
}

impl Seat {
    pub(super) fn new(shard: ShardKey, now: Instant) -> Self {
        Self {
            shard,
            serving: None,
            joining: Joining::Idle,
            room_id: None,
            failures: 0,
            since: now,
            joined_before: false,
            overlap_until: None,
            makes_way: false,
            limit_told: false,
        }
    }

    /// How much hurry its next join has.
    pub(super) fn urgency(&self) -> Urgency {
        if self.joined_before {
            Urgency::Rejoin
        } else {
            Urgency::First
        }
    }

    /// Whether a new link of its shard should join it.
    pub(super) fn wants_join(&self) -> bool {
        match self.joining {
            Joining::Idle | Joining::Asked { .. } | Joining::Settled => true,
            Joining::Queued(..) | Joining::Waiting { .. } | Joining::Refused => false,
        }
    }
}

#[derive(Debug)]
pub(super) struct Squad {
    pub(super) supervisor: Supervisor<Room>,
    pub(super) account: AccountKey,
    pub(super) runners: BTreeMap<ShardKey, Runner>,
    pub(super) seats: BTreeMap<Room, Seat>,
    pub(super) seen: Seen,
    pub(super) mirrors: Mirrors,
    /// Stopped, and the end not told yet.
    pub(super) ending: bool,
}

impl Squad {
    pub(super) fn new(supervisor: Supervisor<Room>, account: AccountKey) -> Self {
        Self {
            supervisor,
            account,
            runners: BTreeMap::new(),
            seats: BTreeMap::new(),
            seen: Seen::new(REMEMBERED),
            mirrors: Mirrors::new(),
            ending: false,
        }
    }
}

impl Pool {
    pub(super) fn runner(&self, manager: ManagerKey, shard: ShardKey) -> Option<&Runner> {
        self.squads.get(manager.0)?.runners.get(&shard)
    }

    pub(super) fn runner_mut(
        &mut self,
        manager: ManagerKey,
        shard: ShardKey,
    ) -> Option<&mut Runner> {
        self.squads.get_mut(manager.0)?.runners.get_mut(&shard)
    }

    pub(super) fn seat_mut(&mut self, manager: ManagerKey, room: Room) -> Option<&mut Seat> {
        self.squads.get_mut(manager.0)?.seats.get_mut(&room)
    }

    /// The link on which a shard joins: its current one, once that is logged in.
    pub(super) fn target(&self, manager: ManagerKey, shard: ShardKey) -> Option<LinkId> {
        let id = self.runner(manager, shard)?.link?;
        self.links
            .get(&id)
            .filter(|link| link.is_ready())
            .map(|_| id)
    }

    /// The link on which a shard speaks: the current one, or the one that it replaces.
    pub(super) fn speaker(&self, manager: ManagerKey, shard: ShardKey) -> Option<LinkId> {
        self.target(manager, shard).or_else(|| {
            let mut links = self.links.iter();
            let mine = |(id, link): (&LinkId, &super::Link)| {
                let mine = link.manager == manager && link.shard == shard;
                (mine && link.is_ready()).then_some(*id)
            };
            links.find_map(mine)
        })
    }
}
