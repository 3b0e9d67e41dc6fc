//! What arrives: answers are taken in, messages passed on once.

use core::time::Duration;

use super::action::{Action, Event, JoinFailure, LinkId};
use super::link::Presence;
use super::squad::Joining;
use super::{Out, Pool};
use crate::twitch::{Message, Prefix, Room};

impl Pool {
    pub(super) fn on_message<'i>(&mut self, id: LinkId, message: Message<'i>, out: Out<'_, 'i>) {
        let room = message.room();
        let own = self.is_own(id, &message);
        match (message.command(), room) {
            ("JOIN", Some(room)) if own => return self.on_joined(id, room, out),
            ("PART", Some(room)) if own => return self.on_parted(id, room, out),
            ("ROOMSTATE", Some(room)) => self.on_room_state(id, room, &message, out),
            ("USERSTATE", Some(room)) => self.on_user_state(id, room, &message, out),
            ("NOTICE", Some(room)) => self.on_notice(id, room, &message, out),
            _ => {}
        }
        if !self.is_news(id, room, &message) || !self.passes_mirrors(id, &message) {
            return;
        }
        if let Some(link) = self.links.get(&id) {
            out.push(Action::Emit(Event::Message {
                manager: link.manager,
                shard: link.shard,
                link: id,
                message,
            }));
        }
    }

    /// Whether a message is from ourselves.
    fn is_own(&self, id: LinkId, message: &Message<'_>) -> bool {
        let login = self.links.get(&id).and_then(|link| link.connection.login());
        let nick = message.prefix().and_then(Prefix::nick);
        match (login, nick) {
            (Some(login), Some(nick)) => login.as_str() == nick,
            (Some(_), None) | (None, _) => false,
        }
    }

    /// Takes in a room's number and slow mode. The state of a room also proves that it is joined.
    fn on_room_state(&mut self, id: LinkId, room: Room, message: &Message<'_>, out: Out<'_, '_>) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let (manager, account) = (link.manager, link.account);
        let asked = matches!(link.rooms.get(&room), Some(Presence::Asked { .. }));
        let room_id = message.tag("room-id").and_then(|id| id.raw().parse().ok());
        if let (Some(room_id), Some(seat)) = (room_id, self.seat_mut(manager, room)) {
            seat.room_id = Some(room_id);
        }
        let slow = message.tag("slow").and_then(|slow| slow.raw().parse().ok());
        if let Some(slow) = slow
            && let Some(ledger) = self.accounts.get_mut(account)
        {
            ledger.note_slow(room, Duration::from_secs(slow));
        }
        if asked {
            self.on_joined(id, room, out);
        }
    }

    fn on_user_state(&mut self, id: LinkId, room: Room, message: &Message<'_>, out: Out<'_, '_>) {
        let account = self.links.get(&id).map(|link| link.account);
        if let Some(ledger) = account.and_then(|account| self.accounts.get_mut(account)) {
            ledger.note_user_state(room, message);
            self.stirred = true;
        }
        self.confirm(id, room, message, out);
    }

    /// A notice may be the answer to a JOIN or to a message.
    fn on_notice(&mut self, id: LinkId, room: Room, message: &Message<'_>, out: Out<'_, '_>) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let manager = link.manager;
        let asked = matches!(link.rooms.get(&room), Some(Presence::Asked { .. }));
        let notice = message.tag("msg-id").map_or("", |notice| notice.raw());
        match join_failure(notice) {
            Some(reason) if asked => {
                self.set_presence(id, room, None);
                let seat = self.seat_mut(manager, room);
                let waits = seat.is_some_and(|seat| match seat.joining {
                    Joining::Asked { link, .. } => link == id,
                    Joining::Idle
                    | Joining::Queued(..)
                    | Joining::Waiting { .. }
                    | Joining::Refused
                    | Joining::Settled => false,
                });
                if waits {
                    self.fail_join(manager, room, reason, out);
                }
            }
            Some(_) | None => self.refuse(id, room, notice, out),
        }
    }

    /// Whether a message should be passed on: each once, and only for rooms that are wanted.
    fn is_news(&mut self, id: LinkId, room: Option<Room>, message: &Message<'_>) -> bool {
        let now = self.now;
        let Some(link) = self.links.get(&id) else {
            return false;
        };
        if message.command() == "WHISPER" {
            // Whispers come on every connection of the account.
            let ledger = self.accounts.get_mut(link.account);
            return match (ledger, message.tag("message-id")) {
                (Some(ledger), Some(whisper)) => ledger.whispers.insert(whisper.raw()),
                (Some(_), None) | (None, _) => true,
            };
        }
        let Some(room) = room else {
            return true;
        };
        let Some(squad) = self.squads.get_mut(link.manager.0) else {
            return false;
        };
        let holds = link.rooms.contains_key(&room);
        let Some(seat) = squad.seats.get_mut(&room) else {
            return !holds;
        };
        let message_id = match message.command() {
            "PRIVMSG" | "USERNOTICE" => message.tag("id"),
            _ => None,
        };
        let overlaps = seat.overlap_until.is_some_and(|until| now <= until);
        let elsewhere = holds && seat.serving.is_some_and(|serving| serving != id);
        let Some(message_id) = message_id else {
            return !elsewhere;
        };
        // Without an overlap the link that serves brings it too.
        match overlaps {
            true => squad.seen.insert(message_id.raw()),
            false => !elsewhere,
        }
    }
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
