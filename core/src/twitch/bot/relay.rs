//! Which messages are passed on: each once, and only those of rooms that are wanted.

use alloc::vec::Vec;
use core::time::Duration;

use super::accounts::Accounts;
use super::action::{ManagerKey, PoolEvent, SocketId};
use super::config::{MirrorPolicy, PoolConfig};
use super::effect::Effects;
use super::mirrors::{Early, MirrorDecision, Mirrors, is_mirror};
use super::owned::Heard;
use super::room_socket::RoomSocket;
use super::rooms::Rooms;
use super::seen::Seen;
use super::timers::Timers;
use super::wait::PoolWait;
use crate::Instant;
use crate::twitch::{IrcMessage, Room};

/// Ids that are remembered for a manager to drop what comes twice.
const REMEMBERED: usize = 2048;

/// What has been passed on for one manager.
#[derive(Debug)]
struct Passed {
    /// Messages that came while two sockets were in their room.
    overlapping: Seen,
    mirrors: Mirrors,
}

#[derive(Debug)]
pub(super) struct Relay {
    /// By the manager's number.
    passed: Vec<Passed>,
    timers: Timers<ManagerKey>,
    policy: MirrorPolicy,
    patience: Duration,
    bytes: usize,
}

/// A message and the socket that it came on.
#[derive(Clone, Copy)]
pub(super) struct IncomingMessage<'a, 'i> {
    pub(super) id: SocketId,
    pub(super) socket: &'a RoomSocket,
    pub(super) message: &'a IrcMessage<'i>,
}

impl Relay {
    pub(super) const fn new(config: &PoolConfig) -> Self {
        Self {
            passed: Vec::new(),
            timers: Timers::new(),
            policy: config.mirrors,
            patience: config.mirror_patience,
            bytes: config.mirror_bytes,
        }
    }

    pub(super) fn add_manager(&mut self) {
        self.passed.push(Passed {
            overlapping: Seen::new(REMEMBERED),
            mirrors: Mirrors::new(REMEMBERED),
        });
    }

    /// Whether a message is passed on now.
    pub(super) fn passes(
        &mut self,
        now: Instant,
        incoming: IncomingMessage<'_, '_>,
        rooms: &Rooms,
        accounts: &mut Accounts,
    ) -> bool {
        let room = incoming.message.room();
        let is_new = if incoming.message.command() == "WHISPER" {
            is_new_whisper(incoming, accounts)
        } else {
            room.is_none_or(|room| self.is_new(now, incoming, room, rooms))
        };
        is_new && self.passes_mirrors(now, incoming, rooms)
    }

    /// Whether a message of a room is wanted and has not come on another socket.
    fn is_new(
        &mut self,
        now: Instant,
        incoming: IncomingMessage<'_, '_>,
        room: Room,
        rooms: &Rooms,
    ) -> bool {
        let IncomingMessage {
            id,
            socket,
            message,
        } = incoming;
        let manager = socket.at.manager;
        let holds = socket.rooms.contains_key(&room);
        let Some(assigned) = rooms.get(manager, room) else {
            return !holds;
        };
        let message_id = match message.command() {
            "PRIVMSG" | "USERNOTICE" => message.tag("id"),
            _ => None,
        };
        let serving = assigned.state.serving();
        let elsewhere = holds && serving.is_some_and(|serving| serving != id);
        let overlaps = assigned.overlap_until.is_some_and(|until| now <= until);
        match (message_id, self.passed.get_mut(manager.0)) {
            (Some(message_id), Some(passed)) if overlaps => {
                passed.overlapping.insert(message_id.raw())
            }
            // Without an overlap the socket that serves brings it too.
            (Some(_) | None, Some(_) | None) => !elsewhere,
        }
    }

    /// A mirror is dropped when its source was passed on, and waits while the original may still
    /// come.
    fn passes_mirrors(
        &mut self,
        now: Instant,
        incoming: IncomingMessage<'_, '_>,
        rooms: &Rooms,
    ) -> bool {
        let IncomingMessage {
            id,
            socket,
            message,
        } = incoming;
        let source = match self.policy {
            MirrorPolicy::All => return true,
            MirrorPolicy::None => return !is_mirror(message),
            MirrorPolicy::OfRoomsNotJoined => message.tag("source-id"),
        };
        let manager = socket.at.manager;
        let (Some(source), Some(room), Some(_)) = (source, message.room(), message.tag("id"))
        else {
            return true;
        };
        let Some(passed) = self.passed.get_mut(manager.0) else {
            return true;
        };
        let may_follow = |origin| may_bring(rooms, manager, origin, room);
        match passed.mirrors.judge(source.raw(), message, may_follow) {
            MirrorDecision::Pass => return true,
            MirrorDecision::Drop => return false,
            MirrorDecision::Wait => {}
        }
        let until = now.after(self.patience);
        passed.mirrors.push(Early {
            source: source.raw().into(),
            room,
            until,
            heard: Heard::new(manager, socket.at.shard, id, message),
        });
        self.timers.set(until, manager);
        if passed.mirrors.is_over(self.bytes) {
            self.timers.set(now, manager);
        }
        false
    }

    /// Passes the mirrors on whose originals have not come in time, and the oldest while there are
    /// too many.
    pub(super) fn on_time(&mut self, now: Instant, rooms: &Rooms, effects: &mut Effects) {
        while let Some(manager) = self.timers.pop_due(now) {
            self.pass_late(now, manager, rooms, effects);
        }
    }

    /// Passes all mirrors of a manager on that still wait: no original comes any more.
    pub(super) fn flush(&mut self, manager: ManagerKey, rooms: &Rooms, effects: &mut Effects) {
        let end = Instant::from_millis(u64::MAX);
        self.pass_late(end, manager, rooms, effects);
    }

    fn pass_late(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        rooms: &Rooms,
        effects: &mut Effects,
    ) {
        let Some(passed) = self.passed.get_mut(manager.0) else {
            return;
        };
        while let Some(early) = passed.mirrors.pop(now, self.bytes) {
            let wanted = rooms.get(manager, early.room).is_some();
            if wanted && passed.mirrors.pass(&early.source) {
                effects.emit(PoolEvent::Mirrored(early.heard));
            }
        }
    }

    pub(super) fn next_deadline(&self) -> Option<(Instant, PoolWait)> {
        self.timers.first().map(|(at, _)| (at, PoolWait::Original))
    }
}

/// Whispers come on every socket of the account.
fn is_new_whisper(incoming: IncomingMessage<'_, '_>, accounts: &mut Accounts) -> bool {
    let account = accounts.get_mut(incoming.socket.account);
    match (account, incoming.message.tag("message-id")) {
        (Some(account), Some(whisper)) => account.is_new_whisper(whisper.raw()),
        (Some(_), None) | (None, _) => true,
    }
}

/// Whether a joined room but the mirror's own may be the one where it was said.
fn may_bring(rooms: &Rooms, manager: ManagerKey, origin: Option<u64>, mirror: Room) -> bool {
    rooms.of(manager).any(|(room, assigned)| {
        let fits = match (assigned.number, origin) {
            (Some(number), Some(origin)) => number == origin,
            (Some(_), None) | (None, _) => true,
        };
        fits && *room != mirror && assigned.state.serving().is_some()
    })
}
