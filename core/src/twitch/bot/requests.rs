//! What the caller asks of a pool.

use super::action::{AccountKey, ManagerKey, SayId, SocketId};
#[allow(unused_imports)] // Named by the documentation.
use super::action::{PoolAction, PoolEvent};
use super::counts::{PoolCounts, RoomCounts};
use super::effect::Effect;
use super::managers::Decided;
use super::recheck::Recheck;
use super::shard_ref::ShardRef;
use super::{Pool, Say, SayError};
use crate::bounds::ConfigError;
use crate::manager::{Manager, Options, Refusal, ShardKey, Supervisor};
use crate::twitch::{Account, Room};
use crate::{Instant, Token};

impl Pool {
    /// Whether its settings and those of its accounts make sense.
    ///
    /// # Errors
    /// The first setting that makes none.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.checked.clone()?;
        self.accounts.check()
    }

    /// Adds an account.
    pub fn add_account(&mut self, account: Account) -> AccountKey {
        self.accounts.add(account)
    }

    /// Gives an account a token: the answer to [`PoolAction::WantToken`], or ahead of it.
    pub fn set_token(&mut self, account: AccountKey, token: Token) {
        self.accounts.set_token(account, token);
        self.recheck = Recheck::Now;
    }

    /// Adds a shard manager made by `factory`, whose shards use `account` unless they name
    /// another one by its login. Nothing is opened before [`start_all`](Self::start_all).
    ///
    /// # Errors
    /// What the manager refuses: [`Refusal::Capacity`] when the initial rooms do not fit.
    pub fn add_manager<M: Manager<Room> + Send + 'static>(
        &mut self,
        account: AccountKey,
        options: Options,
        initial: impl IntoIterator<Item = Room>,
        factory: impl FnOnce(&Options) -> M,
    ) -> Result<ManagerKey, Refusal<Room>> {
        let supervisor = Supervisor::new(options, initial, factory)?;
        self.rooms.add_manager();
        self.relay.add_manager();
        Ok(self.managers.add(supervisor, account))
    }

    /// A manager's shards, their health and their load.
    #[must_use]
    pub fn manager(&self, manager: ManagerKey) -> Option<&Supervisor<Room>> {
        self.managers.get(manager)
    }

    /// Whether a manager's room is joined at this moment.
    #[must_use]
    pub fn is_joined(&self, manager: ManagerKey, room: Room) -> bool {
        self.rooms.is_joined(manager, room)
    }

    /// How many rooms are joined, over all managers. The work grows with the number of rooms.
    #[must_use]
    pub fn room_counts(&self) -> RoomCounts {
        self.rooms.counts()
    }

    /// What has come and gone so far.
    #[must_use]
    pub const fn counts(&self) -> &PoolCounts {
        &self.counts
    }

    /// Starts all shards of a manager, again after a stop too.
    ///
    /// # Errors
    /// What the manager refuses.
    pub fn start_all(&mut self, now: Instant, manager: ManagerKey) -> Result<(), Refusal<Room>> {
        self.forgive(manager);
        self.ask(now, manager, Supervisor::start_all)
    }

    /// Starts one shard.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`].
    pub fn start(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        shard: ShardKey,
    ) -> Result<(), Refusal<Room>> {
        self.forgive(manager);
        self.ask(now, manager, |manager, now| manager.start(now, shard))
    }

    /// Stops all shards of a manager, those without a connection too. [`PoolEvent::Ended`] is
    /// emitted when the last socket is gone. Messages that wait are given up.
    ///
    /// # Errors
    /// What the manager refuses.
    pub fn stop_all(&mut self, now: Instant, manager: ManagerKey) -> Result<(), Refusal<Room>> {
        self.ask(now, manager, Supervisor::stop_all)?;
        self.managers.stopped(manager);
        self.sockets.end_handovers(self.now, manager);
        self.outbox.drop_waiting(manager, &mut self.effects);
        self.settle_request();
        Ok(())
    }

    /// Stops one shard; its rooms are joined again at its next start.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`].
    pub fn stop(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        shard: ShardKey,
    ) -> Result<(), Refusal<Room>> {
        self.ask(now, manager, |manager, now| manager.stop(now, shard))
    }

    /// Adds a shard without rooms.
    ///
    /// # Errors
    /// What the manager refuses.
    pub fn add_shard(&mut self, now: Instant, manager: ManagerKey) -> Result<(), Refusal<Room>> {
        self.ask(now, manager, Supervisor::add_shard)
    }

    /// Assigns a room; [`PoolEvent::Joined`] or [`PoolEvent::JoinFailed`] follows when the manager
    /// runs.
    ///
    /// # Errors
    /// [`Refusal::Full`] when all shards are full; the room can be assigned later.
    pub fn assign(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        room: Room,
    ) -> Result<(), Refusal<Room>> {
        self.ask(now, manager, |manager, now| manager.assign(now, &room))
    }

    /// Leaves a room for good.
    ///
    /// # Errors
    /// [`Refusal::NotAssigned`].
    pub fn unassign(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        room: Room,
    ) -> Result<(), Refusal<Room>> {
        let shard = self
            .manager(manager)
            .and_then(|manager| manager.roster().shard_of(&room));
        self.ask(now, manager, |manager, now| manager.unassign(now, &room))?;
        if let Some(shard) = shard {
            self.managers.queue_part(manager, shard, room);
        }
        Ok(())
    }

    /// Ends a shard as if it had died for good: its rooms go elsewhere if the manager's options
    /// say so.
    pub fn kill(&mut self, now: Instant, manager: ManagerKey, shard: ShardKey) {
        self.now = self.now.max(now);
        let at = ShardRef::new(manager, shard);
        self.effects.push(Effect::EndShard(at));
        self.settle_request();
    }

    /// Whose socket it is; `None` once it has ended.
    #[must_use]
    pub fn owner(&self, socket: SocketId) -> Option<(ManagerKey, ShardKey)> {
        let at = self.sockets.get(socket)?.at;
        Some((at.manager, at.shard))
    }

    /// Whether every socket of a manager has ended.
    #[must_use]
    pub fn has_ended(&self, manager: ManagerKey) -> bool {
        let has_socket = self.sockets.any(|socket| socket.at.manager == manager);
        !has_socket && self.manager(manager).is_none_or(Supervisor::has_ended)
    }

    /// Queues a message; [`PoolEvent::Said`] reports what came of it. It is sent at most once: what
    /// a lost connection leaves unconfirmed is not repeated. The order in a room is kept within a
    /// priority.
    ///
    /// # Errors
    /// [`SayError`].
    pub fn say(&mut self, now: Instant, manager: ManagerKey, say: Say) -> Result<SayId, SayError> {
        self.now = self.now.max(now);
        if !self.managers.is_running(manager) {
            return Err(SayError::NotRunning);
        }
        let id = self.outbox.push(self.now, manager, say)?;
        self.recheck = Recheck::Now;
        Ok(id)
    }

    /// Asks a manager and queues what it decides.
    fn ask(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        call: impl FnOnce(&mut Supervisor<Room>, Instant) -> Decided,
    ) -> Result<(), Refusal<Room>> {
        self.now = self.now.max(now);
        self.managers.ask(self.now, manager, call)
    }

    /// A start is a wish to try again: the accounts of a manager's shards may log in once more.
    fn forgive(&mut self, manager: ManagerKey) {
        for account in self.managers.accounts_of(manager, &self.accounts) {
            self.accounts.forgive(account);
        }
    }

    /// Carries out what a request has led to; the actions are returned by the next `handle`.
    fn settle_request(&mut self) {
        let mut actions = core::mem::take(&mut self.pending);
        self.run_effects(&mut actions);
        self.pending = actions;
    }
}
