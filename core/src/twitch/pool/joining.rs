//! Joining rooms within the account's budget.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

use super::action::{Action, Event, JoinFailure, LinkId, ManagerKey};
use super::clock::Timer;
use super::ledger::{Turn, Urgency};
use super::link::Presence;
use super::squad::Joining;
use super::{Out, Pool};
use crate::Instant;
use crate::twitch::{Command, Room};

/// Rooms in one JOIN: with names of 25 letters they stay well within 4096 bytes.
const ROOMS_PER_LINE: usize = 100;

/// How long an unanswered JOIN still takes a place of the room limit.
const DOUBT: Duration = Duration::from_secs(30);

/// What to do with a room whose turn has come.
enum Verdict {
    /// It is not to be joined any more, or not before its shard is back.
    Drop,
    /// Its link is still leaving it.
    Wait,
    Join(LinkId),
    /// The account is in as many rooms as it may; this link of its own must leave it first.
    PartFirst(LinkId),
    /// It has just been left for that.
    MakesWay,
    /// The account is in as many rooms as it may.
    Full,
}

impl Pool {
    /// Puts a room in its account's queue.
    pub(super) fn queue_join(&mut self, manager: ManagerKey, room: Room, urgency: Urgency) {
        self.unqueue_join(manager, room);
        let turn = self.next_turn;
        let Some(account) = self.account_of(manager, room) else {
            return;
        };
        let Some(seat) = self.seat_mut(manager, room) else {
            return;
        };
        seat.joining = Joining::Queued(urgency, turn);
        self.next_turn = turn.saturating_add(1);
        self.stirred = true;
        if let Some(ledger) = self.accounts.get_mut(account) {
            ledger.queue.insert((urgency, turn, manager, room));
        }
    }

    /// Takes a room out of the queue, if it is in.
    pub(super) fn unqueue_join(&mut self, manager: ManagerKey, room: Room) {
        let Some(seat) = self.seat_mut(manager, room) else {
            return;
        };
        if let Joining::Queued(urgency, turn) = seat.joining {
            seat.joining = Joining::Idle;
            // A shard may have been opened with another account meanwhile.
            for ledger in &mut self.accounts {
                ledger.queue.remove(&(urgency, turn, manager, room));
            }
        }
    }

    fn account_of(&self, manager: ManagerKey, room: Room) -> Option<usize> {
        let squad = self.squads.get(manager.0)?;
        let seat = squad.seats.get(&room)?;
        squad.runners.get(&seat.shard).map(|runner| runner.account)
    }

    /// Sends the joins that the budgets allow, those with the most hurry first.
    pub(super) fn join_rooms(&mut self, out: Out<'_, '_>) {
        let mut lines: BTreeMap<LinkId, Vec<Room>> = BTreeMap::new();
        for account in 0..self.accounts.len() {
            let Some(ledger) = self.accounts.get(account) else {
                continue;
            };
            let turns: Vec<Turn> = ledger.queue.iter().copied().collect();
            let mut left = ledger.joins.available(self.now);
            for (_, _, manager, room) in turns {
                if left == 0 {
                    break;
                }
                match self.judge(account, manager, room) {
                    Verdict::Drop => self.unqueue_join(manager, room),
                    Verdict::Wait => {}
                    Verdict::Join(link) => {
                        left = left.saturating_sub(1);
                        self.ask_join(account, link, manager, room);
                        lines.entry(link).or_default().push(room);
                    }
                    Verdict::PartFirst(old) => {
                        left = left.saturating_sub(1);
                        self.leave_first(old, manager, room, out);
                    }
                    // Its join is as good as spent: it goes as soon as the PART is answered.
                    Verdict::MakesWay => left = left.saturating_sub(1),
                    Verdict::Full => self.tell_limit(manager, room, out),
                }
            }
            self.note_blocked(account);
        }
        for (link, rooms) in lines {
            for rooms in rooms.chunks(ROOMS_PER_LINE) {
                let command = Command::Join(rooms.to_vec());
                out.push(Action::Send { link, command });
            }
        }
    }

    /// Looks again when the budget that rooms wait for is there.
    fn note_blocked(&mut self, account: usize) {
        let Some(ledger) = self.accounts.get(account) else {
            return;
        };
        let blocked = ledger.joins.blocked_until(self.now);
        if let Some(at) = blocked.filter(|_| !ledger.queue.is_empty()) {
            self.look_again(at);
        }
    }

    fn judge(&self, account: usize, manager: ManagerKey, room: Room) -> Verdict {
        let squad = self.squads.get(manager.0);
        let Some(seat) = squad.and_then(|squad| squad.seats.get(&room)) else {
            return Verdict::Drop;
        };
        let Some(target) = self.target(manager, seat.shard) else {
            return Verdict::Drop;
        };
        let Some(link) = self.links.get(&target) else {
            return Verdict::Drop;
        };
        match link.rooms.get(&room) {
            // The PART that is under way must be answered first.
            Some(Presence::Leaving { .. }) => return Verdict::Wait,
            // It takes its place already.
            Some(Presence::Asked { .. }) => return Verdict::Join(target),
            Some(Presence::Joined) => return Verdict::Drop,
            None => {}
        }
        let full = self
            .accounts
            .get(account)
            .is_some_and(|ledger| ledger.is_full_for(room));
        if !full {
            return Verdict::Join(target);
        }
        let old = seat.serving.filter(|old| {
            let link = self.links.get(old);
            link.is_some_and(|link| link.account == account)
        });
        match old {
            Some(old) => Verdict::PartFirst(old),
            None if seat.makes_way => Verdict::MakesWay,
            None => Verdict::Full,
        }
    }

    fn ask_join(&mut self, account: usize, link: LinkId, manager: ManagerKey, room: Room) {
        let now = self.now;
        self.unqueue_join(manager, room);
        if let Some(ledger) = self.accounts.get_mut(account) {
            ledger.joins.spend(now);
        }
        let until = now.after(self.config.join_patience);
        let presence = Presence::Asked {
            until: until.after(DOUBT),
        };
        self.set_presence(link, room, Some(presence));
        self.timers.insert((until, Timer::Seat(manager, room)));
        let overlaps = self.is_held_elsewhere(link, room);
        if let Some(seat) = self.seat_mut(manager, room) {
            seat.joining = Joining::Asked { link, until };
            seat.makes_way = false;
            seat.overlap_until = overlaps.then_some(Instant::from_millis(u64::MAX));
        }
    }

    /// At the room limit there is no seamless way: leave, and join when the PART is answered.
    fn leave_first(&mut self, old: LinkId, manager: ManagerKey, room: Room, out: Out<'_, '_>) {
        let now = self.now;
        self.part(old, room, out);
        if let Some(seat) = self.seat_mut(manager, room) {
            seat.serving = None;
            seat.since = now;
            seat.makes_way = true;
        }
    }

    fn tell_limit(&mut self, manager: ManagerKey, room: Room, out: Out<'_, '_>) {
        let Some(seat) = self.seat_mut(manager, room) else {
            return;
        };
        // A room that was joined waits for its own place to be free.
        if seat.limit_told || seat.joined_before {
            return;
        }
        seat.limit_told = true;
        let shard = seat.shard;
        out.push(Action::Emit(Event::JoinFailed {
            manager,
            shard,
            room,
            reason: JoinFailure::RoomLimit,
            retry_in: None,
        }));
    }

    /// A join failed: tells so, and sets when it is tried again.
    pub(super) fn fail_join(
        &mut self,
        manager: ManagerKey,
        room: Room,
        reason: JoinFailure,
        out: Out<'_, '_>,
    ) {
        let (now, longest) = (self.now, self.config.longest_join_back_off);
        self.unqueue_join(manager, room);
        let Some(seat) = self.seat_mut(manager, room) else {
            return;
        };
        let first = match reason {
            JoinFailure::Timeout => Some(Duration::from_secs(15)),
            JoinFailure::RoomLimit | JoinFailure::PutOut => Some(Duration::from_secs(60)),
            JoinFailure::Banned | JoinFailure::Suspended | JoinFailure::NotFound => None,
        };
        let doubled = 1_u32.checked_shl(seat.failures).unwrap_or(u32::MAX);
        let retry_in = first.map(|wait| wait.saturating_mul(doubled).min(longest));
        seat.failures = seat.failures.saturating_add(1);
        // A JOIN that was not answered may be answered late.
        let late = now.after(DOUBT.saturating_mul(2));
        seat.overlap_until = seat.overlap_until.map(|until| until.min(late));
        let shard = seat.shard;
        let retry_at = retry_in.map(|wait| now.after(wait));
        seat.joining = retry_at.map_or(Joining::Refused, |until| Joining::Waiting { until });
        if let Some(until) = retry_at {
            self.timers.insert((until, Timer::Seat(manager, room)));
        }
        out.push(Action::Emit(Event::JoinFailed {
            manager,
            shard,
            room,
            reason,
            retry_in,
        }));
    }

    /// The time of a seat has come: its JOIN is overdue, or it is to be tried again.
    pub(super) fn on_seat_timer(&mut self, manager: ManagerKey, room: Room, out: Out<'_, '_>) {
        let now = self.now;
        let Some(seat) = self.seat_mut(manager, room) else {
            return;
        };
        match seat.joining {
            Joining::Asked { until, .. } if until <= now => {
                self.fail_join(manager, room, JoinFailure::Timeout, out);
            }
            Joining::Waiting { until } if until <= now => {
                seat.joining = Joining::Idle;
                let shard = seat.shard;
                if self.target(manager, shard).is_some() {
                    self.queue_join(manager, room, Urgency::Retry);
                }
            }
            Joining::Asked { .. }
            | Joining::Waiting { .. }
            | Joining::Idle
            | Joining::Queued(..)
            | Joining::Refused
            | Joining::Settled => {}
        }
    }
}
