//! The rooms that the managers have assigned: which socket serves each, and which shall.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;
use core::time::Duration;

use super::action::{AccountKey, JoinFailure, ManagerKey, PoolEvent, SocketId};
use super::config::PoolConfig;
use super::counts::RoomCounts;
use super::effect::{Effect, Effects};
use super::room_socket::Membership;
use super::room_state::{AssignedRoom, JoinAttempt, RoomProgress, RoomState, Turn, Urgency};
use super::shard_ref::ShardRef;
use super::shards::Shards;
use super::sockets::DOUBT;
use super::timers::Timers;
use super::wait::PoolWait;
use crate::Instant;
use crate::twitch::Room;

/// How long after a handover the old socket's last messages may still come.
const AFTERGLOW: Duration = Duration::from_secs(10);

/// All rooms, and the queues of those that wait to be joined.
#[derive(Debug)]
pub(super) struct Rooms {
    /// By the manager's number.
    pub(super) assigned: Vec<BTreeMap<Room, AssignedRoom>>,
    /// Those that wait for budget, in order.
    pub(super) queue: BTreeSet<(Turn, ManagerKey, Room)>,
    next_turn: u64,
    pub(super) timers: Timers<(ManagerKey, Room)>,
    pub(super) answer: Duration,
    longest_back_off: Duration,
}

/// A socket that the server has let into a room.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entrance {
    pub(super) socket: SocketId,
    pub(super) at: ShardRef,
    /// How it stood to the room.
    pub(super) before: Option<Membership>,
    /// Whether its shard joins on it.
    pub(super) is_target: bool,
    /// Whether another socket of the manager is in the room, or may be.
    pub(super) overlaps: bool,
}

impl Rooms {
    pub(super) const fn new(config: &PoolConfig) -> Self {
        Self {
            assigned: Vec::new(),
            queue: BTreeSet::new(),
            next_turn: 0,
            timers: Timers::new(),
            answer: config.join_patience,
            longest_back_off: config.longest_join_back_off,
        }
    }

    pub(super) fn add_manager(&mut self) {
        self.assigned.push(BTreeMap::new());
    }

    pub(super) fn get(&self, manager: ManagerKey, room: Room) -> Option<&AssignedRoom> {
        self.assigned.get(manager.0)?.get(&room)
    }

    pub(super) fn get_mut(&mut self, manager: ManagerKey, room: Room) -> Option<&mut AssignedRoom> {
        self.assigned.get_mut(manager.0)?.get_mut(&room)
    }

    /// The rooms of a manager.
    pub(super) fn of(&self, manager: ManagerKey) -> impl Iterator<Item = (&Room, &AssignedRoom)> {
        self.assigned.get(manager.0).into_iter().flatten()
    }

    pub(super) fn is_joined(&self, manager: ManagerKey, room: Room) -> bool {
        let room = self.get(manager, room);
        room.is_some_and(|room| room.state.serving().is_some())
    }

    /// How all of them stand.
    pub(super) fn counts(&self) -> RoomCounts {
        let mut counts = RoomCounts::default();
        for room in self.assigned.iter().flat_map(BTreeMap::values) {
            let count = match room.state.serving() {
                Some(_) => &mut counts.joined,
                None => &mut counts.not_joined,
            };
            *count = count.saturating_add(1);
        }
        counts
    }

    /// Whether a socket still serves a room that is to be served by another shard.
    pub(super) fn leaves(&self, socket: SocketId, at: ShardRef) -> bool {
        let mut rooms = self.of(at.manager);
        rooms.any(|(_, room)| room.state.serving() == Some(socket) && room.shard != at.shard)
    }

    /// Assigns a room to a shard; it is joined there as soon as the socket and the budget allow.
    pub(super) fn assign(
        &mut self,
        now: Instant,
        at: ShardRef,
        room: Room,
        urgency: Urgency,
        shards: &Shards,
    ) {
        self.unqueue(at.manager, room);
        let Some(rooms) = self.assigned.get_mut(at.manager.0) else {
            return;
        };
        let new = || AssignedRoom::new(at.shard, now);
        let assigned = rooms.entry(room).or_insert_with(new);
        assigned.shard = at.shard;
        let urgency = urgency.min(assigned.urgency());
        assigned.state = assigned.state.with_attempt(JoinAttempt::Wanted);
        self.queue_if_up(at, room, urgency, shards);
    }

    /// Forgets a room.
    pub(super) fn remove(&mut self, manager: ManagerKey, room: Room) {
        self.unqueue(manager, room);
        if let Some(rooms) = self.assigned.get_mut(manager.0) {
            rooms.remove(&room);
        }
    }

    /// The server has sent a room's number.
    pub(super) fn set_number(&mut self, manager: ManagerKey, room: Room, number: u64) {
        if let Some(assigned) = self.get_mut(manager, room) {
            assigned.number = Some(number);
        }
    }

    /// Queues the rooms of a shard whose socket has just logged in.
    pub(super) fn queue_shard(&mut self, at: ShardRef, shards: &Shards) {
        let Some(account) = shards.account(at) else {
            return;
        };
        let rooms = self.of(at.manager);
        let rooms = rooms.filter(|(_, room)| room.shard == at.shard && room.state.wants_join());
        let rooms: Vec<(Room, Urgency)> =
            rooms.map(|(name, room)| (*name, room.urgency())).collect();
        for (room, urgency) in rooms {
            self.enqueue(at.manager, room, account, urgency);
        }
    }

    /// Queues a room whose shard has a socket to join it on.
    fn queue_if_up(&mut self, at: ShardRef, room: Room, urgency: Urgency, shards: &Shards) {
        if let (Some(_), Some(account)) = (shards.target(at), shards.account(at)) {
            self.enqueue(at.manager, room, account, urgency);
        }
    }

    /// Queues a room that is in no queue.
    fn enqueue(&mut self, manager: ManagerKey, room: Room, account: AccountKey, urgency: Urgency) {
        let turn = Turn {
            account,
            urgency,
            number: self.next_turn,
        };
        if let Some(assigned) = self.get_mut(manager, room) {
            assigned.state = assigned.state.with_attempt(JoinAttempt::Queued(turn));
            self.next_turn = self.next_turn.saturating_add(1);
            self.queue.insert((turn, manager, room));
        }
    }

    /// Takes a room out of the queue, if it is in.
    pub(super) fn unqueue(&mut self, manager: ManagerKey, room: Room) {
        let Some(assigned) = self.get_mut(manager, room) else {
            return;
        };
        match assigned.state.attempt() {
            Some(JoinAttempt::Queued(turn)) => {
                assigned.state = assigned.state.with_attempt(JoinAttempt::Wanted);
                self.queue.remove(&(turn, manager, room));
            }
            Some(
                JoinAttempt::Wanted
                | JoinAttempt::Joining { .. }
                | JoinAttempt::Retrying { .. }
                | JoinAttempt::Refused,
            )
            | None => {}
        }
    }

    /// The server has let a socket into a room.
    pub(super) fn joined(
        &mut self,
        now: Instant,
        room: Room,
        entrance: Entrance,
        effects: &mut Effects,
    ) {
        let Entrance { socket, at, .. } = entrance;
        let leave = Effect::Part(socket, room);
        match entrance.before {
            Some(Membership::Joined) => return,
            // The PART may have come before the server let the socket in.
            Some(Membership::Leaving { .. }) => return effects.push(leave),
            Some(Membership::Asked { .. }) | None => {}
        }
        let assigned = self.get(at.manager, room);
        let assigned = assigned.filter(|assigned| assigned.shard == at.shard);
        let Some(before) = assigned.map(|assigned| assigned.state.serving()) else {
            return effects.push(leave);
        };
        if !entrance.is_target && before.is_some() {
            return effects.push(leave);
        }
        if entrance.is_target {
            self.unqueue(at.manager, room);
        }
        self.serve(now, room, entrance, effects);
        if let Some(old) = before.filter(|old| *old != socket) {
            effects.push(Effect::Part(old, room));
        }
    }

    /// From now on the messages of a socket count in a room.
    fn serve(&mut self, now: Instant, room: Room, entrance: Entrance, effects: &mut Effects) {
        let ShardRef { manager, shard } = entrance.at;
        let Some(assigned) = self.get_mut(manager, room) else {
            return;
        };
        let before = assigned.state;
        assigned.state = RoomState::Served {
            socket: entrance.socket,
            handover: before.attempt().filter(|_| !entrance.is_target),
        };
        let again = assigned.progress == RoomProgress::Joined;
        assigned.progress = RoomProgress::Joined;
        assigned.failures = 0;
        assigned.overlap_until = entrance.overlaps.then(|| now.after(AFTERGLOW));
        effects.emit(match before.serving() {
            Some(_) => PoolEvent::HandedOver {
                manager,
                shard,
                room,
            },
            None => PoolEvent::Joined {
                manager,
                shard,
                room,
                took: now.since(assigned.since),
                again,
            },
        });
    }

    /// A socket has left a room, because we asked for it if that was `expected`.
    pub(super) fn parted(
        &mut self,
        now: Instant,
        at: ShardRef,
        socket: SocketId,
        room: Room,
        expected: bool,
        effects: &mut Effects,
    ) {
        let manager = at.manager;
        let parted = |by_server| PoolEvent::Parted {
            manager,
            room,
            by_server,
        };
        let Some(assigned) = self.get_mut(manager, room) else {
            return effects.emit(parted(!expected));
        };
        if !expected && assigned.state.serving() == Some(socket) {
            assigned.state = assigned.state.unserved();
            assigned.since = now;
            effects.emit(parted(true));
            self.fail(now, manager, room, JoinFailure::PutOut, effects);
        }
    }

    /// The server refuses to let a socket into a room.
    pub(super) fn refused(
        &mut self,
        now: Instant,
        at: ShardRef,
        socket: SocketId,
        room: Room,
        reason: JoinFailure,
        effects: &mut Effects,
    ) {
        let assigned = self.get(at.manager, room);
        match assigned.and_then(|assigned| assigned.state.attempt()) {
            Some(JoinAttempt::Joining { socket: asked, .. }) if asked == socket => {
                self.fail(now, at.manager, room, reason, effects);
            }
            Some(
                JoinAttempt::Joining { .. }
                | JoinAttempt::Wanted
                | JoinAttempt::Queued(_)
                | JoinAttempt::Retrying { .. }
                | JoinAttempt::Refused,
            )
            | None => {}
        }
    }

    /// A join failed: reports it, and sets when it is tried again.
    fn fail(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        room: Room,
        reason: JoinFailure,
        effects: &mut Effects,
    ) {
        self.unqueue(manager, room);
        let longest = self.longest_back_off;
        let Some(assigned) = self.get_mut(manager, room) else {
            return;
        };
        let retry_in = first_retry(reason).map(|first| {
            let doubled = 1_u32.checked_shl(assigned.failures).unwrap_or(u32::MAX);
            first.saturating_mul(doubled).min(longest)
        });
        assigned.failures = assigned.failures.saturating_add(1);
        // A JOIN that was not answered may be answered late.
        let late = now.after(DOUBT.saturating_mul(2));
        assigned.overlap_until = assigned.overlap_until.map(|until| until.min(late));
        let shard = assigned.shard;
        let retry_at = retry_in.map(|wait| now.after(wait));
        let attempt = retry_at.map_or(JoinAttempt::Refused, |at| JoinAttempt::Retrying { at });
        assigned.state = assigned.state.with_attempt(attempt);
        if let Some(at) = retry_at {
            self.timers.set(at, (manager, room));
        }
        effects.emit(PoolEvent::JoinFailed {
            manager,
            shard,
            room,
            reason,
            retry_in,
        });
    }

    /// A socket is lost: its rooms are served by nobody until they are joined elsewhere, which is
    /// when their shard's next socket logs in.
    pub(super) fn lost(&mut self, now: Instant, manager: ManagerKey, socket: SocketId) {
        let rooms = self.assigned.get_mut(manager.0);
        for assigned in rooms.into_iter().flat_map(BTreeMap::values_mut) {
            if assigned.state.serving() == Some(socket) {
                assigned.since = now;
            }
            assigned.state = assigned.state.without(socket);
        }
    }

    /// Looks at the joins that are overdue, and at those that are to be tried again.
    pub(super) fn on_time(&mut self, now: Instant, shards: &Shards, effects: &mut Effects) {
        while let Some((manager, room)) = self.timers.pop_due(now) {
            let Some(assigned) = self.get_mut(manager, room) else {
                continue;
            };
            match assigned.state.attempt() {
                Some(JoinAttempt::Joining { until, .. }) if until <= now => {
                    self.fail(now, manager, room, JoinFailure::Timeout, effects);
                }
                Some(JoinAttempt::Retrying { at }) if at <= now => {
                    assigned.state = assigned.state.with_attempt(JoinAttempt::Wanted);
                    let at = ShardRef::new(manager, assigned.shard);
                    self.queue_if_up(at, room, Urgency::Retry, shards);
                    effects.push(Effect::Recheck);
                }
                Some(
                    JoinAttempt::Joining { .. }
                    | JoinAttempt::Retrying { .. }
                    | JoinAttempt::Wanted
                    | JoinAttempt::Queued(_)
                    | JoinAttempt::Refused,
                )
                | None => {}
            }
        }
    }

    pub(super) fn next_deadline(&self) -> Option<(Instant, PoolWait)> {
        self.timers.first().map(|(at, _)| (at, PoolWait::Room))
    }
}

/// How long to wait before a join is tried again for the first time; `None` for not at all.
const fn first_retry(reason: JoinFailure) -> Option<Duration> {
    match reason {
        JoinFailure::Timeout => Some(Duration::from_secs(15)),
        JoinFailure::RoomLimit | JoinFailure::PutOut => Some(Duration::from_secs(60)),
        JoinFailure::Banned | JoinFailure::Suspended | JoinFailure::NotFound => None,
    }
}
