//! Which link is in which room.

use alloc::vec::Vec;
use core::time::Duration;

use super::action::{Action, Event, JoinFailure, LinkId, ManagerKey};
use super::clock::Timer;
use super::ledger::Urgency;
use super::link::Presence;
use super::squad::Joining;
use super::{Out, Pool};
use crate::twitch::{Command, Room};

/// How long after a handover the old link's last messages may still come.
const AFTERGLOW: Duration = Duration::from_secs(10);

impl Pool {
    /// Sets how a link stands to a room and keeps the account's count of rooms.
    pub(super) fn set_presence(&mut self, id: LinkId, room: Room, presence: Option<Presence>) {
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let before = match presence {
            Some(presence) => link.rooms.insert(room, presence),
            None => link.rooms.remove(&room),
        };
        let Some(ledger) = self.accounts.get_mut(link.account) else {
            return;
        };
        match (before, presence) {
            (None, Some(_)) => ledger.hold(room),
            (Some(_), None) => {
                ledger.release(room);
                self.stirred = true;
            }
            (None, None) | (Some(_), Some(_)) => {}
        }
        if let Some(Presence::Asked { until } | Presence::Leaving { until }) = presence {
            self.timers.insert((until, Timer::Presence(id, room)));
        }
    }

    /// Sends a PART where the link is in the room or may get in.
    pub(super) fn part(&mut self, id: LinkId, room: Room, out: Out<'_, '_>) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let answer = self.now.after(self.config.join_patience);
        let until = match link.rooms.get(&room) {
            Some(Presence::Joined) => answer,
            // The JOIN may still be answered, after the PART even.
            Some(Presence::Asked { until }) => answer.max(*until),
            Some(Presence::Leaving { .. }) | None => return,
        };
        if !link.is_ready() {
            return;
        }
        self.set_presence(id, room, Some(Presence::Leaving { until }));
        let command = Command::Part(alloc::vec![room]);
        out.push(Action::Send { link: id, command });
    }

    /// The server told that a link of ours is in a room.
    pub(super) fn on_joined(&mut self, id: LinkId, room: Room, out: Out<'_, '_>) {
        let now = self.now;
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let (manager, shard) = (link.manager, link.shard);
        let before = link.rooms.get(&room).copied();
        self.set_presence(id, room, Some(Presence::Joined));
        match before {
            Some(Presence::Joined) => return,
            // The PART may have come before the server let us in.
            Some(Presence::Leaving { .. }) => return self.part(id, room, out),
            Some(Presence::Asked { .. }) | None => {}
        }
        let Some(seat) = self
            .squads
            .get(manager.0)
            .and_then(|squad| squad.seats.get(&room))
        else {
            return self.part(id, room, out);
        };
        if seat.shard != shard {
            return self.part(id, room, out);
        }
        let (before, current) = (seat.serving, self.target(manager, shard) == Some(id));
        if !current && before.is_some() {
            return self.part(id, room, out);
        }
        if current {
            self.unqueue_join(manager, room);
        }
        let overlaps = self.is_held_elsewhere(id, room);
        let Some(seat) = self.seat_mut(manager, room) else {
            return;
        };
        seat.serving = Some(id);
        seat.failures = 0;
        seat.limit_told = false;
        if current {
            seat.joining = Joining::Settled;
        }
        let again = core::mem::replace(&mut seat.joined_before, true);
        let took = now.since(seat.since);
        let event = match before {
            Some(_) => Event::HandedOver {
                manager,
                shard,
                room,
            },
            None => Event::Joined {
                manager,
                shard,
                room,
                took,
                again,
            },
        };
        seat.overlap_until = overlaps.then(|| now.after(AFTERGLOW));
        out.push(Action::Emit(event));
        if let Some(old) = before.filter(|old| *old != id) {
            self.part(old, room, out);
        }
    }

    /// Whether another link of the same manager is in the room, or may be.
    pub(super) fn is_held_elsewhere(&self, id: LinkId, room: Room) -> bool {
        let manager = self.links.get(&id).map(|link| link.manager);
        self.links.iter().any(|(other, link)| {
            *other != id && Some(link.manager) == manager && link.rooms.contains_key(&room)
        })
    }

    /// The server told that a link of ours has left a room.
    pub(super) fn on_parted(&mut self, id: LinkId, room: Room, out: Out<'_, '_>) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let (manager, shard) = (link.manager, link.shard);
        let now = self.now;
        let expected = matches!(link.rooms.get(&room), Some(Presence::Leaving { .. }));
        self.set_presence(id, room, None);
        let seat = self.seat_mut(manager, room);
        let serving = seat.as_ref().map(|seat| seat.serving);
        match serving {
            None => out.push(Action::Emit(Event::Parted {
                manager,
                room,
                by_server: !expected,
            })),
            Some(serving) if serving == Some(id) && !expected => {
                if let Some(seat) = seat {
                    seat.serving = None;
                    seat.since = now;
                }
                out.push(Action::Emit(Event::Parted {
                    manager,
                    room,
                    by_server: true,
                }));
                self.fail_join(manager, room, JoinFailure::PutOut, out);
            }
            Some(_) => {}
        }
        self.close_empty_retired(manager, shard, out);
    }

    /// A link is lost: its rooms are served by nobody until they are joined elsewhere.
    pub(super) fn empty_seats(&mut self, id: LinkId, manager: ManagerKey) {
        let now = self.now;
        let Some(squad) = self.squads.get_mut(manager.0) else {
            return;
        };
        let mut lost = Vec::new();
        for (room, seat) in &mut squad.seats {
            seat.makes_way = false;
            if seat.serving == Some(id) {
                seat.serving = None;
                seat.since = now;
                seat.overlap_until = None;
                if seat.joining == Joining::Settled {
                    seat.joining = Joining::Idle;
                }
            }
            if matches!(seat.joining, Joining::Asked { link, .. } if link == id) {
                seat.joining = Joining::Idle;
            }
            if seat.joining == Joining::Idle {
                lost.push((*room, seat.shard));
            }
        }
        for (room, shard) in lost {
            if self
                .target(manager, shard)
                .is_some_and(|target| target != id)
            {
                self.queue_join(manager, room, Urgency::Rejoin);
            }
        }
    }
}
