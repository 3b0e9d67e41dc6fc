//! What the server answers.

use core::time::Duration;

use super::Pool;
use super::action::{JoinFailure, SocketId};
use super::effect::Effect;
use super::room_socket::{Membership, RoomSocket};
use super::rooms::Entrance;
use crate::twitch::{IrcMessage, Room};

impl Pool {
    /// Takes in what a message says about joins and messages of ours. Returns whether it is no more
    /// than that: an own JOIN or PART.
    pub(super) fn take_in(&mut self, id: SocketId, message: &IrcMessage<'_>) -> bool {
        let own = self.sockets.is_own(id, message);
        match (message.command(), message.room()) {
            ("JOIN", Some(room)) if own => {
                self.on_joined(id, room);
                return true;
            }
            ("PART", Some(room)) if own => {
                self.on_parted(id, room);
                return true;
            }
            ("ROOMSTATE", Some(room)) => self.on_room_state(id, room, message),
            ("USERSTATE", Some(room)) => self.on_user_state(id, room, message),
            ("NOTICE", Some(room)) => self.on_notice(id, room, message),
            _ => {}
        }
        false
    }

    fn on_joined(&mut self, id: SocketId, room: Room) {
        let before = self.sockets.joined(id, room);
        let Some(socket) = self.sockets.get(id) else {
            return;
        };
        let entrance = Entrance {
            socket: id,
            at: socket.at,
            before,
            is_target: self.shards.target(socket.at) == Some(id),
            overlaps: self.sockets.is_held_elsewhere(id, room),
        };
        self.rooms
            .joined(self.now, room, entrance, &mut self.effects);
    }

    fn on_parted(&mut self, id: SocketId, room: Room) {
        let (now, effects) = (self.now, &mut self.effects);
        let before = self.sockets.left(id, room, effects);
        let expected = matches!(before, Some(Membership::Leaving { .. }));
        if let Some(at) = self.sockets.get(id).map(|socket| socket.at) {
            self.rooms.parted(now, at, id, room, expected, effects);
            effects.push(Effect::CloseEmpty(at));
        }
    }

    /// A room's number and slow mode. The state of a room also proves that it is joined.
    fn on_room_state(&mut self, id: SocketId, room: Room, message: &IrcMessage<'_>) {
        let Some(socket) = self.sockets.get(id) else {
            return;
        };
        let number = message.tag("room-id").and_then(|id| id.raw().parse().ok());
        if let Some(number) = number {
            self.rooms.set_number(socket.at.manager, room, number);
        }
        let slow = message.tag("slow").and_then(|slow| slow.raw().parse().ok());
        if let Some(slow) = slow
            && let Some(account) = self.accounts.get_mut(socket.account)
        {
            account.note_slow(room, Duration::from_secs(slow));
        }
        if is_asked(socket, room) {
            self.on_joined(id, room);
        }
    }

    fn on_user_state(&mut self, id: SocketId, room: Room, message: &IrcMessage<'_>) {
        let account = self.sockets.get(id).map(|socket| socket.account);
        if let Some(account) = account.and_then(|key| self.accounts.get_mut(key)) {
            account.note_user_state(room, message);
            self.effects.push(Effect::Recheck);
        }
        self.outbox.confirm(id, room, message, &mut self.effects);
    }

    /// A notice may be the answer to a JOIN or to a message.
    fn on_notice(&mut self, id: SocketId, room: Room, message: &IrcMessage<'_>) {
        let Some(socket) = self.sockets.get(id) else {
            return;
        };
        let (now, at) = (self.now, socket.at);
        let notice = message.tag("msg-id").map_or("", |notice| notice.raw());
        let effects = &mut self.effects;
        match join_failure(notice) {
            Some(reason) if is_asked(socket, room) => {
                self.sockets.left(id, room, effects);
                self.rooms.refused(now, at, id, room, reason, effects);
            }
            Some(_) | None => self.outbox.refuse(id, room, notice, effects),
        }
    }
}

fn is_asked(socket: &RoomSocket, room: Room) -> bool {
    matches!(socket.rooms.get(&room), Some(Membership::Asked { .. }))
}

fn join_failure(notice: &str) -> Option<JoinFailure> {
    match notice {
        "msg_banned" => Some(JoinFailure::Banned),
        "msg_channel_suspended" | "tos_ban" => Some(JoinFailure::Suspended),
        "msg_room_not_found" => Some(JoinFailure::NotFound),
        "msg_concurrent_channel_limit_reached" => Some(JoinFailure::RoomLimit),
        _ => None,
    }
}
