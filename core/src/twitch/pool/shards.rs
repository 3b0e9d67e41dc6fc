//! Carrying out what the managers decide.

use alloc::vec::Vec;
use core::time::Duration;

use super::action::{Action, Event, LinkId, ManagerKey};
use super::ledger::Urgency;
use super::squad::{Joining, Runner, Seat};
use super::{Link, Out, Pool};
use crate::manager::{Decision, Health, NewShard, ShardKey};
use crate::twitch::Room;

impl Pool {
    pub(super) fn carry_out_decisions(&mut self, out: Out<'_, '_>) {
        while let Some((manager, decision)) = self.decisions.pop_front() {
            self.stirred = true;
            match decision {
                Decision::Open { shard, spec } => self.open_shard(manager, shard, &spec, out),
                Decision::Join { shard, channel } => {
                    self.take_seat(manager, shard, channel, Urgency::First);
                }
                Decision::Move { channel, to, .. } => {
                    self.take_seat(manager, to, channel, Urgency::Rejoin);
                }
                Decision::Part { channel, .. } => self.give_up_seat(manager, channel, out),
                Decision::Close { shard } => self.close_shard(manager, shard, out),
            }
        }
    }

    fn open_shard(
        &mut self,
        manager: ManagerKey,
        shard: ShardKey,
        spec: &NewShard,
        out: Out<'_, '_>,
    ) {
        let account = self.account_for(manager, spec);
        let (now, Some(squad)) = (self.now, self.squads.get_mut(manager.0)) else {
            return;
        };
        squad.ending = false;
        let Some(account) = account else {
            out.push(Action::Emit(Event::UnknownAccount { manager, shard }));
            self.report(manager, shard, Health::Dead);
            return;
        };
        if self
            .accounts
            .get(account)
            .is_some_and(|ledger| ledger.barred)
        {
            out.push(Action::Emit(Event::Barred { manager, shard }));
            // Its rooms would fare no better on the shard that a manager opens for a dead one.
            self.report(manager, shard, Health::Stopped);
            return;
        }
        let failures = self
            .accounts
            .get(account)
            .map_or(0, |ledger| ledger.failures);
        let runner = Runner {
            account,
            link: None,
            dial_at: now,
            failures,
        };
        squad.runners.insert(shard, runner);
        if failures > 0 {
            self.set_back_off(manager, shard, false, Duration::ZERO);
        }
    }

    /// Takes a shard out of those that shall have a connection.
    fn remove_runner(&mut self, manager: ManagerKey, shard: ShardKey) {
        let was_up = self.target(manager, shard).is_some();
        let Some(squad) = self.squads.get_mut(manager.0) else {
            return;
        };
        if let Some(runner) = squad.runners.remove(&shard)
            && let Some(ledger) = self.accounts.get_mut(runner.account)
        {
            ledger.failures = if was_up { 0 } else { runner.failures };
        }
    }

    /// The account that a shard logs in with: its own, or the manager's.
    pub(super) fn account_for(&self, manager: ManagerKey, spec: &NewShard) -> Option<usize> {
        let wears = |name: &str| {
            let mut accounts = self.accounts.iter();
            accounts.position(|ledger| match ledger.account.login {
                Some(login) => login.as_str() == name,
                None => name == "anonymous",
            })
        };
        match spec.account() {
            Some(name) => wears(name),
            None => {
                let own = self.squads.get(manager.0).map(|squad| squad.account.0);
                own.filter(|number| *number < self.accounts.len())
            }
        }
    }

    /// Seats a room on a shard; it is joined there as soon as the link and the budget allow.
    fn take_seat(&mut self, manager: ManagerKey, shard: ShardKey, room: Room, urgency: Urgency) {
        let (now, ready) = (self.now, self.target(manager, shard).is_some());
        let Some(squad) = self.squads.get_mut(manager.0) else {
            return;
        };
        let seat = squad
            .seats
            .entry(room)
            .or_insert_with(|| Seat::new(shard, now));
        seat.shard = shard;
        let urgency = urgency.min(seat.urgency());
        self.unqueue_join(manager, room);
        if let Some(seat) = self.seat_mut(manager, room) {
            seat.joining = Joining::Idle;
        }
        if ready {
            self.queue_join(manager, room, urgency);
        }
    }

    /// Leaves a room on every link of the manager.
    fn give_up_seat(&mut self, manager: ManagerKey, room: Room, out: Out<'_, '_>) {
        self.unqueue_join(manager, room);
        if let Some(squad) = self.squads.get_mut(manager.0) {
            squad.seats.remove(&room);
        }
        let there = |link: &Link| link.manager == manager && link.rooms.contains_key(&room);
        let there = self.links.iter().filter(|(_, link)| there(link));
        let there: Vec<LinkId> = there.map(|(id, _)| *id).collect();
        for id in there {
            self.part(id, room, out);
        }
    }

    /// Closes a shard's links at once, or after its rooms have moved to other shards.
    fn close_shard(&mut self, manager: ManagerKey, shard: ShardKey, out: Out<'_, '_>) {
        self.remove_runner(manager, shard);
        let Some(squad) = self.squads.get(manager.0) else {
            return;
        };
        let runs = squad.supervisor.roster().is_running();
        let moving = |id: LinkId| {
            let mut seats = squad.seats.values();
            runs && seats.any(|seat| seat.serving == Some(id) && seat.shard != shard)
        };
        let mine = |link: &Link| link.manager == manager && link.shard == shard;
        let links = self.links.iter().filter(|(_, link)| mine(link));
        let links: Vec<(LinkId, bool)> = links.map(|(id, _)| (*id, moving(*id))).collect();
        for (id, moving) in links {
            if moving {
                self.retire(id);
            } else {
                self.close_link(id, out);
            }
        }
        self.report_if_over(manager, shard);
    }

    /// Ends a shard without a word from its manager. The closes go out with the next actions.
    pub(super) fn bury(&mut self, manager: ManagerKey, shard: ShardKey) {
        self.remove_runner(manager, shard);
        let mine = |link: &Link| link.manager == manager && link.shard == shard;
        let links = self.links.iter().filter(|(_, link)| mine(link));
        let links: Vec<LinkId> = links.map(|(id, _)| *id).collect();
        let mut closes = Vec::new();
        for id in links {
            self.close_link(id, &mut closes);
        }
        self.pending.append(&mut closes);
        self.stirred = true;
    }
}
