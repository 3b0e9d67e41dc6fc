//! Carrying out what the managers decide.

use super::Pool;
use super::action::{ManagerKey, PoolEvent};
use super::effect::Effect;
use super::room_state::Urgency;
use super::shard_ref::ShardRef;
use crate::manager::{Decision, Health, NewShard};
use crate::twitch::Room;

impl Pool {
    pub(super) fn carry_out(&mut self, manager: ManagerKey, decision: Decision<Room>) {
        let at = |shard| ShardRef::new(manager, shard);
        match decision {
            Decision::Open { shard, spec } => self.open_shard(at(shard), &spec),
            Decision::Join { shard, channel } => {
                self.assign_room(at(shard), channel, Urgency::First);
            }
            Decision::Move { channel, to, .. } => {
                self.assign_room(at(to), channel, Urgency::Rejoin);
            }
            Decision::Part { channel, .. } => self.leave_room(manager, channel),
            Decision::Close { shard } => self.close_shard(at(shard)),
        }
    }

    fn open_shard(&mut self, at: ShardRef, spec: &NewShard) {
        let ShardRef { manager, shard } = at;
        self.managers.opens(manager);
        let account = self.managers.account_for(manager, spec, &self.accounts);
        let Some(account) = account.and_then(|key| self.accounts.get(key)) else {
            self.effects
                .emit(PoolEvent::UnknownAccount { manager, shard });
            self.effects.push(Effect::Report(at, Health::Dead));
            return;
        };
        if account.is_login_rejected() {
            self.effects
                .emit(PoolEvent::LoginRejected { manager, shard });
            // Its rooms would fare no better on the shard that a manager opens for a dead one.
            self.effects.push(Effect::Report(at, Health::Stopped));
            return;
        }
        let (key, failures) = (account.key(), account.failures);
        self.shards.open(self.now, at, key, failures, &mut self.rng);
    }

    fn assign_room(&mut self, at: ShardRef, room: Room, urgency: Urgency) {
        self.rooms.assign(self.now, at, room, urgency, &self.shards);
    }

    /// Leaves a room on every socket of the manager.
    fn leave_room(&mut self, manager: ManagerKey, room: Room) {
        self.rooms.remove(manager, room);
        let effects = &mut self.effects;
        self.sockets.part_all(self.now, manager, room, effects);
    }

    /// Closes a shard's sockets at once, or after its rooms have moved to other shards.
    fn close_shard(&mut self, at: ShardRef) {
        self.shards.remove(at, &mut self.accounts);
        let runs = self.managers.is_running(at.manager);
        for socket in self.sockets.of(at) {
            if runs && self.rooms.leaves(socket, at) {
                self.sockets.retire(self.now, socket);
            } else {
                self.sockets.close(self.now, socket, &mut self.effects);
            }
        }
        self.effects.push(Effect::CheckStopped(at));
    }
}
