//! The sockets: their connections, and which of them is in which room.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::account_state::Grant;
use super::accounts::Accounts;
use super::action::{AccountKey, ManagerKey, PoolAction, SocketId};
use super::config::PoolConfig;
use super::effect::{Effect, Effects};
use super::room_socket::{Membership, RoomSocket, SocketRole};
use super::shard_ref::ShardRef;
use super::timers::Timers;
use super::wait::PoolWait;
use crate::Instant;
use crate::rng::Rng;
use crate::twitch::connection::{ConnectionInput, Patience, Step, Steps};
use crate::twitch::{IrcCommand, IrcMessage, Prefix, Room};

/// How long an unanswered JOIN still takes a place of the room limit.
pub(super) const DOUBT: Duration = Duration::from_secs(30);

/// How long the rooms of a closed shard may take to move.
const HANDOVER: Duration = Duration::from_secs(60);

/// What a socket waits for beside its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Timer {
    /// The answer to a JOIN or a PART.
    Answer(SocketId, Room),
    /// The end of a handover.
    Handover(SocketId),
}

/// All sockets that have not ended.
#[derive(Debug)]
pub(super) struct Sockets {
    open: BTreeMap<SocketId, RoomSocket>,
    next: u64,
    timers: Timers<Timer>,
    patience: Patience,
    /// For the answer to a JOIN or a PART.
    answer: Duration,
}

impl Sockets {
    pub(super) const fn new(config: &PoolConfig) -> Self {
        Self {
            open: BTreeMap::new(),
            next: 0,
            timers: Timers::new(),
            patience: config.patience,
            answer: config.join_patience,
        }
    }

    pub(super) fn get(&self, id: SocketId) -> Option<&RoomSocket> {
        self.open.get(&id)
    }

    /// Whether any is left of those that fit.
    pub(super) fn any(&self, fits: impl Fn(&RoomSocket) -> bool) -> bool {
        self.open.values().any(fits)
    }

    fn ids(&self, fits: impl Fn(&RoomSocket) -> bool) -> Vec<SocketId> {
        let fitting = self.open.iter().filter(|(_, socket)| fits(socket));
        fitting.map(|(id, _)| *id).collect()
    }

    /// The sockets of a shard.
    pub(super) fn of(&self, at: ShardRef) -> Vec<SocketId> {
        self.ids(|socket| socket.at == at)
    }

    /// A socket of a shard that is logged in, the oldest if there are several.
    pub(super) fn ready_of(&self, at: ShardRef) -> Option<SocketId> {
        let mut sockets = self.open.iter();
        let ready = sockets.find(|(_, socket)| socket.at == at && socket.is_ready());
        ready.map(|(id, _)| *id)
    }

    /// Whether a message is from the socket's own login.
    pub(super) fn is_own(&self, id: SocketId, message: &IrcMessage<'_>) -> bool {
        let login = self.get(id).and_then(|socket| socket.connection.login());
        let nick = message.prefix().and_then(Prefix::nick);
        match (login, nick) {
            (Some(login), Some(nick)) => login.as_str() == nick,
            (Some(_), None) | (None, _) => false,
        }
    }

    pub(super) fn membership(&self, id: SocketId, room: Room) -> Option<Membership> {
        self.get(id)?.rooms.get(&room).copied()
    }

    /// Whether another socket of the same manager is in the room, or may be.
    pub(super) fn is_held_elsewhere(&self, id: SocketId, room: Room) -> bool {
        let manager = self.get(id).map(|socket| socket.at.manager);
        self.open.iter().any(|(other, socket)| {
            *other != id && Some(socket.at.manager) == manager && socket.rooms.contains_key(&room)
        })
    }

    /// How many places of an account's room limit are taken.
    pub(super) fn load(&self, account: AccountKey, counts: impl Fn(Room) -> bool) -> usize {
        let of_account = self
            .open
            .values()
            .filter(|socket| socket.account == account);
        let rooms = of_account.flat_map(|socket| socket.rooms.keys());
        rooms.filter(|room| counts(**room)).count()
    }

    /// Whether a socket of an account is logged in.
    pub(super) fn is_logged_in(&self, account: AccountKey) -> bool {
        self.any(|socket| socket.account == account && socket.is_ready())
    }

    /// Whether a socket was up for long enough that its loss is no sign of trouble.
    pub(super) fn is_stable(&self, now: Instant, id: SocketId) -> bool {
        self.get(id).is_some_and(|socket| socket.is_stable(now))
    }

    /// How many sockets of an account are not logged in, those that close included.
    pub(super) fn logging_in(&self, account: AccountKey) -> usize {
        let mine = |socket: &&RoomSocket| socket.account == account && !socket.is_ready();
        self.open.values().filter(mine).count()
    }

    /// Dials.
    pub(super) fn open(
        &mut self,
        now: Instant,
        at: ShardRef,
        account: AccountKey,
        effects: &mut Effects,
    ) -> SocketId {
        let id = SocketId(self.next);
        self.next = self.next.saturating_add(1);
        let socket = RoomSocket::open(now, self.patience, at, account);
        self.open.insert(id, socket);
        effects.act(PoolAction::Connect {
            socket: id,
            account,
        });
        id
    }

    /// Gives a socket's connection an input; returns what it wants, and whose it is.
    pub(super) fn handle<'i>(
        &mut self,
        now: Instant,
        id: SocketId,
        input: ConnectionInput<'i>,
    ) -> Option<(ShardRef, Steps<'i>)> {
        let socket = self.open.get_mut(&id)?;
        Some((socket.at, socket.connection.handle(now, input)))
    }

    /// Lets sockets log in, oldest first, as their accounts' budgets allow. Returns when a budget
    /// that one waits for has room again.
    pub(super) fn grant_logins(
        &mut self,
        now: Instant,
        accounts: &mut Accounts,
        rng: &mut Rng,
        effects: &mut Effects,
    ) -> Option<Instant> {
        let mut opens: Option<Instant> = None;
        for (id, socket) in &mut self.open {
            if !socket.connection.wants_login() {
                continue;
            }
            let account = accounts.get_mut(socket.account);
            match account.map(|account| account.grant_login(now, rng)) {
                Some(Grant::Granted(identity)) => {
                    let granted = ConnectionInput::LoginGranted(&identity);
                    carry(*id, socket.connection.handle(now, granted), effects);
                }
                Some(Grant::Blocked(at)) => {
                    opens = Some(opens.map_or(at, |before| before.min(at)));
                }
                Some(Grant::NoToken) | None => {}
            }
        }
        opens
    }

    /// A socket has logged in; returns its account.
    pub(super) fn logged_in(&mut self, now: Instant, id: SocketId) -> Option<AccountKey> {
        let socket = self.open.get_mut(&id)?;
        socket.ready_since = Some(now);
        Some(socket.account)
    }

    /// Sends JOIN for rooms that fit into one line.
    pub(super) fn join(
        &mut self,
        now: Instant,
        id: SocketId,
        rooms: Vec<Room>,
        effects: &mut Effects,
    ) {
        let until = now.after(self.answer).after(DOUBT);
        for room in &rooms {
            self.set(id, *room, Membership::Asked { until });
        }
        let command = IrcCommand::Join(rooms);
        effects.act(PoolAction::Send {
            socket: id,
            command,
        });
    }

    /// Sends PART where the socket is in the room or may get in.
    pub(super) fn part(&mut self, now: Instant, id: SocketId, room: Room, effects: &mut Effects) {
        let Some(socket) = self.open.get(&id).filter(|socket| socket.is_ready()) else {
            return;
        };
        let answer = now.after(self.answer);
        let until = match socket.rooms.get(&room) {
            Some(Membership::Joined) => answer,
            // The JOIN may still be answered, after the PART even.
            Some(Membership::Asked { until }) => answer.max(*until),
            Some(Membership::Leaving { .. }) | None => return,
        };
        self.set(id, room, Membership::Leaving { until });
        let command = IrcCommand::Part(alloc::vec![room]);
        effects.act(PoolAction::Send {
            socket: id,
            command,
        });
    }

    /// Sends PART on every socket of a manager that is in the room or may get in.
    pub(super) fn part_all(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        room: Room,
        effects: &mut Effects,
    ) {
        let there = self.ids(|s| s.at.manager == manager && s.rooms.contains_key(&room));
        for id in there {
            self.part(now, id, room, effects);
        }
    }

    /// The server has let a socket into a room; returns how it stood to the room before.
    pub(super) fn joined(&mut self, id: SocketId, room: Room) -> Option<Membership> {
        self.set(id, room, Membership::Joined)
    }

    fn set(&mut self, id: SocketId, room: Room, membership: Membership) -> Option<Membership> {
        let socket = self.open.get_mut(&id)?;
        if let Some(until) = membership.until() {
            self.timers.set(until, Timer::Answer(id, room));
        }
        socket.rooms.insert(room, membership)
    }

    /// A socket is not in a room any more; returns how it stood to the room before.
    pub(super) fn left(
        &mut self,
        id: SocketId,
        room: Room,
        effects: &mut Effects,
    ) -> Option<Membership> {
        let before = self.open.get_mut(&id)?.rooms.remove(&room)?;
        effects.push(Effect::Recheck);
        Some(before)
    }

    /// The server will end a socket soon: its rooms go to another one.
    pub(super) fn hand_over(&mut self, id: SocketId) {
        if let Some(socket) = self.open.get_mut(&id) {
            socket.role = SocketRole::HandsOver;
        }
    }

    /// Lets a socket go once its rooms are elsewhere, after a minute at the latest.
    pub(super) fn retire(&mut self, now: Instant, id: SocketId) {
        self.hand_over(id);
        self.timers.set(now.after(HANDOVER), Timer::Handover(id));
    }

    /// No room of a manager's sockets goes anywhere any more: those that hand over are closed at
    /// the next look at the clock.
    pub(super) fn end_handovers(&mut self, now: Instant, manager: ManagerKey) {
        let over = self.ids(|s| s.at.manager == manager && s.role == SocketRole::HandsOver);
        for id in over {
            self.timers.set(now, Timer::Handover(id));
        }
    }

    /// Closes a socket that is not wanted any more.
    pub(super) fn close(&mut self, now: Instant, id: SocketId, effects: &mut Effects) {
        if let Some(socket) = self.open.get_mut(&id) {
            carry(id, socket.connection.close(now), effects);
        }
    }

    pub(super) fn close_all(&mut self, now: Instant, at: ShardRef, effects: &mut Effects) {
        for id in self.of(at) {
            self.close(now, id, effects);
        }
    }

    /// Closes the sockets of a shard that have handed all their rooms over.
    pub(super) fn close_empty(&mut self, now: Instant, at: ShardRef, effects: &mut Effects) {
        for id in self.ids(|socket| socket.at == at && socket.is_done()) {
            self.close(now, id, effects);
        }
    }

    /// Forgets a socket that has ended.
    pub(super) fn remove(&mut self, id: SocketId) {
        self.open.remove(&id);
    }

    /// The connections whose time has come.
    pub(super) fn due(&self, now: Instant) -> Vec<SocketId> {
        self.ids(|socket| {
            let deadline = socket.connection.poll_timeout();
            deadline.is_some_and(|(at, _)| at <= now)
        })
    }

    /// Looks at the answers and handovers that are overdue.
    pub(super) fn on_time(&mut self, now: Instant, effects: &mut Effects) {
        while let Some(timer) = self.timers.pop_due(now) {
            match timer {
                Timer::Answer(id, room) => self.on_unanswered(now, id, room, effects),
                Timer::Handover(id) => self.close(now, id, effects),
            }
        }
    }

    /// A JOIN or a PART was never answered: the room does not count any more. When nothing at
    /// all was heard the socket may be deaf, and the room is kept until that is known.
    fn on_unanswered(&mut self, now: Instant, id: SocketId, room: Room, effects: &mut Effects) {
        let Some(socket) = self.open.get(&id) else {
            return;
        };
        let until = socket.rooms.get(&room).and_then(|held| held.until());
        if until.is_none_or(|until| until > now) {
            return;
        }
        let at = socket.at;
        let heard = socket.connection.heard();
        if heard.is_some_and(|heard| now.since(heard) <= self.answer) {
            self.left(id, room, effects);
            self.close_empty(now, at, effects);
        } else {
            let again = now.after(self.answer);
            self.timers.set(again, Timer::Answer(id, room));
        }
    }

    /// The next answer or handover that will be overdue.
    pub(super) fn next_timer(&self) -> Option<(Instant, PoolWait)> {
        let (at, timer) = self.timers.first()?;
        match timer {
            Timer::Answer(..) => Some((at, PoolWait::Room)),
            Timer::Handover(_) => Some((at, PoolWait::Handover)),
        }
    }

    /// The next deadline of a connection.
    pub(super) fn next_deadline(&self) -> Option<(Instant, PoolWait)> {
        let deadlines = self.open.values();
        let deadlines = deadlines.filter_map(|socket| socket.connection.poll_timeout());
        let (at, what) = deadlines.min_by_key(|(at, _)| *at)?;
        Some((at, PoolWait::Connection(what)))
    }
}

/// Carries out the steps of a connection that has taken in nothing from the server.
fn carry(id: SocketId, steps: Steps<'_>, effects: &mut Effects) {
    for step in steps {
        match step {
            Step::Send(command) => effects.act(PoolAction::Send {
                socket: id,
                command,
            }),
            Step::Close => effects.act(PoolAction::Close { socket: id }),
            Step::Lost(end) => effects.push(Effect::Lost(id, end)),
            Step::Connect
            | Step::WantLogin
            | Step::Ready(_)
            | Step::Message(_)
            | Step::Malformed(_)
            | Step::Reconnect
            | Step::Ended => {}
        }
    }
}
