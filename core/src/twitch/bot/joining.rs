//! Joining rooms within the accounts' budgets.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::account_state::AccountState;
use super::accounts::Accounts;
use super::action::{JoinFailure, ManagerKey, PoolEvent, SocketId};
use super::effect::{Effect, Effects};
use super::room_socket::Membership;
use super::room_state::{JoinAttempt, RoomProgress, RoomState, Turn};
use super::rooms::Rooms;
use super::shard_ref::ShardRef;
use super::snapshot::Snapshot;
use crate::Instant;
use crate::twitch::Room;

/// Rooms in one JOIN: with names of 25 letters they stay well within 4096 bytes.
const ROOMS_PER_LINE: usize = 100;

/// What to do with a room whose turn has come.
enum JoinDecision {
    /// It is not to be joined any more, or not before its shard is back.
    Drop,
    /// This socket, on which it shall be joined, is in it.
    Settle(SocketId),
    /// Its socket is still leaving it.
    Wait,
    Join(SocketId),
    /// The account is in as many rooms as it may; this socket of its own must leave it first.
    PartFirst(SocketId),
    /// It has just been left for that.
    MakesWay,
    /// The account is in as many rooms as it may.
    Full,
}

/// The rooms to be joined on each socket.
type Lines = BTreeMap<SocketId, Vec<Room>>;

impl Rooms {
    /// Joins what the budgets allow, rooms with the most hurry first. Returns when a budget that
    /// one waits for has room again.
    pub(super) fn join_due(
        &mut self,
        snapshot: Snapshot<'_>,
        accounts: &mut Accounts,
        effects: &mut Effects,
    ) -> Option<Instant> {
        let mut lines = Lines::new();
        let mut opens: Option<Instant> = None;
        for account in accounts.iter_mut() {
            let blocked = self.join_for(snapshot, account, &mut lines, effects);
            opens = opens.into_iter().chain(blocked).min();
        }
        for (socket, rooms) in lines {
            for rooms in rooms.chunks(ROOMS_PER_LINE) {
                effects.push(Effect::Join(socket, rooms.to_vec()));
            }
        }
        opens
    }

    /// The same for one account.
    fn join_for(
        &mut self,
        snapshot: Snapshot<'_>,
        account: &mut AccountState,
        lines: &mut Lines,
        effects: &mut Effects,
    ) -> Option<Instant> {
        let key = account.key();
        let queue = self.queue.iter().copied();
        let turns: Vec<(Turn, ManagerKey, Room)> =
            queue.filter(|(turn, ..)| turn.account == key).collect();
        if turns.is_empty() {
            return None;
        }
        let mut left = account.joins_available(snapshot.now);
        let mut held = snapshot.sockets.load(key, |room| account.counts(room));
        for (turn, manager, room) in turns {
            if left == 0 {
                break;
            }
            let is_full = account.limits().rooms.is_some_and(|most| held >= most);
            let is_full = is_full && account.counts(room);
            match self.judge(snapshot, turn, manager, room, is_full) {
                JoinDecision::Drop => self.unqueue(manager, room),
                JoinDecision::Settle(socket) => self.settle(socket, manager, room),
                JoinDecision::Wait => {}
                JoinDecision::Join(socket) => {
                    left = left.saturating_sub(1);
                    account.spend_join(snapshot.now);
                    if account.counts(room) && snapshot.sockets.membership(socket, room).is_none() {
                        held = held.saturating_add(1);
                    }
                    self.begin(snapshot, socket, manager, room);
                    lines.entry(socket).or_default().push(room);
                }
                JoinDecision::PartFirst(old) => {
                    left = left.saturating_sub(1);
                    self.yield_room(snapshot.now, turn, manager, room);
                    effects.push(Effect::Part(old, room));
                }
                // Its join is as good as spent: it goes as soon as the PART is answered.
                JoinDecision::MakesWay => left = left.saturating_sub(1),
                JoinDecision::Full => self.report_limit(manager, room, effects),
            }
        }
        let waits = self.queue.iter().any(|(turn, ..)| turn.account == key);
        account.joins_blocked_until(snapshot.now).filter(|_| waits)
    }

    fn judge(
        &self,
        snapshot: Snapshot<'_>,
        turn: Turn,
        manager: ManagerKey,
        room: Room,
        is_full: bool,
    ) -> JoinDecision {
        let Some(assigned) = self.get(manager, room) else {
            return JoinDecision::Drop;
        };
        let at = ShardRef::new(manager, assigned.shard);
        let Some(target) = snapshot.shards.target(at) else {
            return JoinDecision::Drop;
        };
        match snapshot.sockets.membership(target, room) {
            // The PART that is under way must be answered first.
            Some(Membership::Leaving { .. }) => return JoinDecision::Wait,
            // It takes its place already.
            Some(Membership::Asked { .. }) => return JoinDecision::Join(target),
            Some(Membership::Joined) => return JoinDecision::Settle(target),
            None if is_full => {}
            None => return JoinDecision::Join(target),
        }
        match assigned.state {
            RoomState::Served { socket, .. } => {
                let server = snapshot.sockets.get(socket);
                match server.filter(|server| server.account == turn.account) {
                    Some(_) => JoinDecision::PartFirst(socket),
                    None => JoinDecision::Full,
                }
            }
            RoomState::Yielded(_) => JoinDecision::MakesWay,
            RoomState::Unserved(_) => JoinDecision::Full,
        }
    }

    /// A room is joined where it shall be.
    fn settle(&mut self, target: SocketId, manager: ManagerKey, room: Room) {
        self.unqueue(manager, room);
        if let Some(assigned) = self.get_mut(manager, room) {
            assigned.state = assigned.state.settled_on(target);
        }
    }

    /// A room is asked for.
    fn begin(&mut self, snapshot: Snapshot<'_>, socket: SocketId, manager: ManagerKey, room: Room) {
        self.unqueue(manager, room);
        let until = snapshot.now.after(self.answer);
        self.timers.set(until, (manager, room));
        let overlaps = snapshot.sockets.is_held_elsewhere(socket, room);
        if let Some(assigned) = self.get_mut(manager, room) {
            let attempt = JoinAttempt::Joining { socket, until };
            assigned.state = assigned.state.with_attempt(attempt);
            assigned.overlap_until = overlaps.then_some(Instant::from_millis(u64::MAX));
        }
    }

    /// At the room limit there is no seamless way: leave, and join when the PART is answered.
    fn yield_room(&mut self, now: Instant, turn: Turn, manager: ManagerKey, room: Room) {
        if let Some(assigned) = self.get_mut(manager, room) {
            assigned.state = RoomState::Yielded(turn);
            assigned.since = now;
        }
    }

    fn report_limit(&mut self, manager: ManagerKey, room: Room, effects: &mut Effects) {
        let Some(assigned) = self.get_mut(manager, room) else {
            return;
        };
        match assigned.progress {
            RoomProgress::Assigned => {
                assigned.progress = RoomProgress::LimitReported;
                effects.emit(PoolEvent::JoinFailed {
                    manager,
                    shard: assigned.shard,
                    room,
                    reason: JoinFailure::RoomLimit,
                    retry_in: None,
                });
            }
            // A room that was joined waits for its own place to be free.
            RoomProgress::LimitReported | RoomProgress::Joined => {}
        }
    }
}
