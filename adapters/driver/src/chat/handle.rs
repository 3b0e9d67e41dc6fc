//! The handle to a running chat bot, for use from anywhere.

use std::fmt;
use std::sync::Arc;

use headcount_core::Token;
use headcount_core::manager::{Refusal, Roster, ShardKey};
use headcount_core::twitch::{AccountKey, ManagerKey, Room, Say, SayError, SayId};

use super::shared::SharedChat;

/// A clonable handle to a running chat bot.
///
/// Every method is synchronous and short: it takes the pool's lock for one call of the core and
/// returns owned values, never a guard. None waits for the network.
///
/// # Panics
/// Every method but [`ChatHandle::managers`], in code that runs under that lock and would wait for
/// itself: in a shard manager, and in the closure of [`ChatHandle::roster`].
#[derive(Clone)]
pub struct ChatHandle {
    shared: Arc<SharedChat>,
}

impl ChatHandle {
    pub(crate) fn new(shared: Arc<SharedChat>) -> Self {
        Self { shared }
    }

    pub(super) fn shared(&self) -> &SharedChat {
        &self.shared
    }

    /// The shard managers, in the order in which they were added.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey) {
    /// println!("{} managers", handle.managers().len());
    /// # }
    /// ```
    #[must_use]
    pub fn managers(&self) -> &[ManagerKey] {
        &self.shared.managers
    }

    /// Queues a message. [`PoolEvent::Said`](headcount_core::twitch::PoolEvent::Said)
    /// with this id reports what became of it.
    ///
    /// # Errors
    /// Those of [`Pool::say`](headcount_core::twitch::Pool::say); nothing was queued.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # use headcount_driver::core::twitch::Room;
    /// use headcount_driver::core::twitch::Say;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey, room: Room) {
    /// match handle.say(manager, Say::new(room, "hello!")) {
    ///     Ok(id) => println!("queued as {id:?}"),
    ///     Err(e) => eprintln!("{e}"),
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn say(&self, manager: ManagerKey, say: Say) -> Result<SayId, SayError> {
        self.shared.change(|pool, now| pool.say(now, manager, say))
    }

    /// Assigns a room, which is then joined.
    ///
    /// # Errors
    /// [`Refusal::Full`] when all shards are full; the room can be assigned later.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # use headcount_driver::core::twitch::Room;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey, room: Room) {
    /// if let Err(refusal) = handle.assign(manager, room) {
    ///     eprintln!("{refusal}");
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn assign(&self, manager: ManagerKey, room: Room) -> Result<(), Refusal<Room>> {
        self.shared
            .change(|pool, now| pool.assign(now, manager, room))
    }

    /// Leaves a room for good.
    ///
    /// # Errors
    /// [`Refusal::NotAssigned`].
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # use headcount_driver::core::twitch::Room;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey, room: Room) {
    /// if let Err(refusal) = handle.unassign(manager, room) {
    ///     eprintln!("{refusal}");
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn unassign(&self, manager: ManagerKey, room: Room) -> Result<(), Refusal<Room>> {
        self.shared
            .change(|pool, now| pool.unassign(now, manager, room))
    }

    /// Adds a shard without rooms.
    ///
    /// # Errors
    /// What the manager refuses.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey) {
    /// if let Err(refusal) = handle.add_shard(manager) {
    ///     eprintln!("{refusal}");
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn add_shard(&self, manager: ManagerKey) -> Result<(), Refusal<Room>> {
        self.shared.change(|pool, now| pool.add_shard(now, manager))
    }

    /// Starts all shards of a manager, after a stop too.
    ///
    /// # Errors
    /// What the manager refuses.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey) {
    /// if let Err(refusal) = handle.start(manager) {
    ///     eprintln!("{refusal}");
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn start(&self, manager: ManagerKey) -> Result<(), Refusal<Room>> {
        self.shared.change(|pool, now| pool.start_all(now, manager))
    }

    /// Stops all shards of a manager; `PoolEvent::Ended` is emitted when the last socket is gone.
    ///
    /// # Errors
    /// What the manager refuses.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey) {
    /// if let Err(refusal) = handle.stop(manager) {
    ///     eprintln!("{refusal}");
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn stop(&self, manager: ManagerKey) -> Result<(), Refusal<Room>> {
        self.shared.change(|pool, now| pool.stop_all(now, manager))
    }

    /// Starts one shard.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`].
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # use headcount_driver::core::manager::ShardKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey, shard: ShardKey) {
    /// if let Err(refusal) = handle.start_shard(manager, shard) {
    ///     eprintln!("{refusal}");
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn start_shard(&self, manager: ManagerKey, shard: ShardKey) -> Result<(), Refusal<Room>> {
        self.shared
            .change(|pool, now| pool.start(now, manager, shard))
    }

    /// Stops one shard; its rooms are joined again at its next start.
    ///
    /// # Errors
    /// [`Refusal::NoSuchShard`].
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # use headcount_driver::core::manager::ShardKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey, shard: ShardKey) {
    /// if let Err(refusal) = handle.stop_shard(manager, shard) {
    ///     eprintln!("{refusal}");
    /// }
    /// # }
    /// ```
    #[track_caller]
    pub fn stop_shard(&self, manager: ManagerKey, shard: ShardKey) -> Result<(), Refusal<Room>> {
        self.shared
            .change(|pool, now| pool.stop(now, manager, shard))
    }

    /// Ends a shard as if it had died for good: its rooms go elsewhere if the manager's options
    /// say so.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # use headcount_driver::core::manager::ShardKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey, shard: ShardKey) {
    /// handle.kill_shard(manager, shard);
    /// # }
    /// ```
    #[track_caller]
    pub fn kill_shard(&self, manager: ManagerKey, shard: ShardKey) {
        self.shared
            .change(|pool, now| pool.kill(now, manager, shard));
    }

    /// Gives an account a token: the answer to
    /// [`ChatEvent::WantToken`](crate::ChatEvent::WantToken), or ahead of it.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # use headcount_driver::core::twitch::AccountKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey, account: AccountKey) {
    /// handle.set_token(account, "a fresh one");
    /// # }
    /// ```
    #[track_caller]
    pub fn set_token(&self, account: AccountKey, token: &str) {
        let token = Token::new(token);
        self.shared.change(|pool, _| pool.set_token(account, token));
    }

    /// Reads a manager's shards, their health and their load; `None` if there is no such manager.
    /// The closure runs under the pool's lock: take out what you need and leave.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey) {
    /// let shards = handle.roster(manager, |roster| roster.shards().count());
    /// println!("{shards:?} connections");
    /// # }
    /// ```
    #[track_caller]
    pub fn roster<T>(
        &self,
        manager: ManagerKey,
        look: impl FnOnce(&Roster<Room>) -> T,
    ) -> Option<T> {
        let pool = self.shared.pool();
        pool.manager(manager).map(|manager| look(manager.roster()))
    }

    /// Whether a room is joined at this moment.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # use headcount_driver::core::twitch::Room;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey, room: Room) {
    /// println!("{}", handle.is_joined(manager, room));
    /// # }
    /// ```
    #[must_use]
    #[track_caller]
    pub fn is_joined(&self, manager: ManagerKey, room: Room) -> bool {
        self.shared.pool().is_joined(manager, room)
    }

    /// Stops every manager and ends the chat; its stream ends after its last events.
    ///
    /// ```
    /// # use headcount_driver::ChatHandle;
    /// # use headcount_driver::core::twitch::ManagerKey;
    /// # fn ask(handle: &ChatHandle, manager: ManagerKey) {
    /// handle.shutdown();
    /// # }
    /// ```
    #[track_caller]
    pub fn shutdown(&self) {
        for manager in &self.shared.managers {
            if let Err(refusal) = self.stop(*manager) {
                tracing::warn!(%refusal, "a manager refuses to stop");
            }
        }
        self.shared.close();
    }
}

impl fmt::Debug for ChatHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChatHandle")
            .field("managers", &self.shared.managers.len())
            .finish_non_exhaustive()
    }
}
