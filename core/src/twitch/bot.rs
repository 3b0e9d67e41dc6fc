//! A whole Twitch bot as one state machine: accounts, shard managers and sockets.
//!
//! Each part owns its data and knows nothing of the parts above it. What a part cannot do by itself
//! it returns as an [`Effect`]; this file takes inputs and carries out effects, and nothing else:
//!
//! ```text
//!  requests --> managers --> decisions --+--> shards    which shard dials, and when
//!  inputs ----> sockets ---> steps ------+--> rooms     which room is joined where
//!  time ------> every part --------------+--> outbox    what is said, and what came of it
//!                     ^                  +--> relay     which message is passed on
//!                     `---- effects -----+--> actions
//! ```
//!
//! The accounts and their budgets are below all of these, and are passed to whichever part spends
//! from them.

mod account_state;
mod accounts;
mod action;
mod config;
mod counts;
mod decisions;
mod effect;
mod inbound;
mod joining;
mod managers;
mod mirrors;
mod outbox;
mod owned;
mod recheck;
mod relay;
mod requests;
mod room_socket;
mod room_state;
mod rooms;
mod say;
mod seen;
mod shard_ref;
mod shards;
mod snapshot;
mod sockets;
mod timers;
mod wait;

use alloc::vec::Vec;
use core::fmt;

pub use action::{
    AccountKey, JoinFailure, ManagerKey, PoolAction, PoolEvent, PoolInput, SayId, SayOutcome,
    SocketId,
};
pub use config::{MirrorPolicy, PoolConfig};
pub use counts::{PoolCounts, RoomCounts};
pub use owned::{Heard, OwnedPoolEvent};
pub use say::{LONGEST_TEXT, Priority, Say, SayError};
pub use wait::PoolWait;

use self::accounts::Accounts;
use self::effect::{Effect, Effects, Loss};
use self::managers::Managers;
use self::outbox::Outbox;
use self::recheck::Recheck;
use self::relay::{IncomingMessage, Relay};
use self::rooms::Rooms;
use self::shard_ref::ShardRef;
use self::shards::Shards;
use self::snapshot::Snapshot;
use self::sockets::Sockets;
use crate::Instant;
use crate::bounds::ConfigError;
use crate::manager::Health;
use crate::rng::Rng;
use crate::twitch::connection::{ConnectionInput, End, Step};
use crate::twitch::{IrcMessage, Login};

/// A Twitch bot as a state machine: accounts, each with its budgets, and shard managers on them.
///
/// The host opens sockets, carries lines and passes in the time; everything else is decided here:
/// which connection joins which room and when, what may be said and when, how a connection is
/// replaced. A request takes the time too, and is only queued: its actions come from the next
/// [`handle`](Self::handle), for which [`poll_timeout`](Self::poll_timeout) then asks at once.
///
/// Logins, joins and messages keep to the service's limits per account
/// (<https://dev.twitch.tv/docs/chat/#rate-limits>); see
/// [`AccountLimits`](crate::twitch::AccountLimits).
///
/// # Who sends
/// A Twitch connection does not receive what it sent itself; every other connection in that room
/// does, of the same account too. Which shard sends is the manager's choice, made in
/// [`Manager::sender`](crate::manager::Manager::sender): by default the shard that serves the room,
/// so a bot does not see its own messages and cannot answer itself. With another shard it does see
/// them.
pub struct Pool {
    now: Instant,
    rng: Rng,
    /// What is wrong with the configuration as it was given.
    checked: Result<(), ConfigError>,
    accounts: Accounts,
    managers: Managers,
    shards: Shards,
    sockets: Sockets,
    rooms: Rooms,
    outbox: Outbox,
    relay: Relay,
    recheck: Recheck,
    effects: Effects,
    /// The actions of requests since the last input.
    pending: Vec<PoolAction<'static>>,
    counts: PoolCounts,
}

/// Where actions are put.
type Out<'o, 'i> = &'o mut Vec<PoolAction<'i>>;

impl Pool {
    /// An empty pool; the same seed and the same inputs lead to the same actions.
    #[must_use]
    pub fn new(config: PoolConfig, seed: u64) -> Self {
        let checked = config.check();
        let config = config.sane();
        Self {
            now: Instant::ZERO,
            rng: Rng::new(seed),
            checked,
            accounts: Accounts::default(),
            managers: Managers::default(),
            shards: Shards::new(&config),
            sockets: Sockets::new(&config),
            rooms: Rooms::new(&config),
            outbox: Outbox::new(&config),
            relay: Relay::new(&config),
            recheck: Recheck::Never,
            effects: Effects::default(),
            pending: Vec::new(),
            counts: PoolCounts::default(),
        }
    }

    /// Takes in what happened at `now`, and returns what to do about it, in order.
    ///
    /// A `now` earlier than one before counts as unchanged; sockets that are not known are ignored.
    #[must_use]
    pub fn handle<'i>(&mut self, now: Instant, input: PoolInput<'i>) -> Vec<PoolAction<'i>> {
        self.now = self.now.max(now);
        let mut out: Vec<PoolAction<'i>> = core::mem::take(&mut self.pending);
        self.counts.came(&input);
        match input {
            PoolInput::Timeout => {}
            PoolInput::Opened(socket) => self.feed(socket, ConnectionInput::Opened, &mut out),
            PoolInput::Frame(socket, frame) => {
                self.feed(socket, ConnectionInput::Frame(frame), &mut out);
            }
            PoolInput::Closed(socket) => self.feed(socket, ConnectionInput::Closed, &mut out),
            PoolInput::DialFailed(socket, why) => {
                self.feed(socket, ConnectionInput::DialFailed(why), &mut out);
            }
        }
        self.run_clock(&mut out);
        self.carry_out_decisions(&mut out);
        self.dial(&mut out);
        if self.recheck.is_due(self.now) {
            self.spend_budgets(&mut out);
        }
        self.report_ended(&mut out);
        self.counts.note(&out);
        out
    }

    /// Returns when to hand in [`PoolInput::Timeout`], and what for; `None` when nothing waits.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, PoolWait)> {
        let busy = !self.pending.is_empty() || self.managers.has_decisions();
        let budget = match self.recheck {
            Recheck::Never => None,
            Recheck::At(at) => Some((at, PoolWait::Budget)),
            Recheck::Now => return Some((self.now, PoolWait::Request)),
        };
        if busy {
            return Some((self.now, PoolWait::Request));
        }
        let waits = [
            self.rooms.next_deadline(),
            self.sockets.next_timer(),
            self.relay.next_deadline(),
            budget,
            self.sockets.next_deadline(),
            self.outbox.next_deadline(),
            self.managers.next_deadline(),
            self.shards.next_deadline(self.now, &self.accounts),
        ];
        waits.into_iter().flatten().min_by_key(|(at, _)| *at)
    }

    /// Gives a socket an input and carries out what follows, one step after the other.
    fn feed<'i>(&mut self, socket: SocketId, input: ConnectionInput<'i>, out: Out<'_, 'i>) {
        let Some((at, steps)) = self.sockets.handle(self.now, socket, input) else {
            return;
        };
        for step in steps {
            match step {
                Step::Connect => {}
                Step::WantLogin => self.recheck = Recheck::Now,
                Step::Send(command) => out.push(PoolAction::Send { socket, command }),
                Step::Close => out.push(PoolAction::Close { socket }),
                Step::Ready(login) => self.on_ready(at, socket, login),
                Step::Message(message) => self.on_message(socket, message, out),
                Step::Malformed(error) => out.push(PoolAction::Emit(PoolEvent::Malformed {
                    manager: at.manager,
                    shard: at.shard,
                    error,
                })),
                Step::Reconnect => self.on_reconnect(at, socket),
                Step::Lost(end) => self.effects.push(Effect::Lost(socket, end)),
                Step::Ended => self.on_ended(at, socket),
            }
            self.run_effects(out);
        }
    }

    /// Carries out effects until none is left.
    fn run_effects(&mut self, out: Out<'_, '_>) {
        while let Some(effect) = self.effects.pop() {
            let (now, effects) = (self.now, &mut self.effects);
            match effect {
                Effect::Act(action) => out.push(action),
                Effect::Recheck => self.recheck = Recheck::Now,
                Effect::Join(socket, rooms) => self.sockets.join(now, socket, rooms, effects),
                Effect::Part(socket, room) => self.sockets.part(now, socket, room, effects),
                Effect::CloseEmpty(at) => self.sockets.close_empty(now, at, effects),
                Effect::Report(at, health) => self.managers.report(now, at, health),
                Effect::Lost(socket, end) => self.on_lost(socket, end),
                Effect::ShardLost(loss) => self.on_shard_lost(loss),
                Effect::EndShard(at) => self.end_shard(at),
                Effect::CheckStopped(at) => self.check_stopped(at),
            }
        }
    }

    fn on_ready(&mut self, at: ShardRef, socket: SocketId, login: Login) {
        let Some(account) = self.sockets.logged_in(self.now, socket) else {
            return;
        };
        self.accounts.set_failures(account, 0);
        self.shards.logged_in(at, socket);
        self.effects.emit(PoolEvent::ShardUp {
            manager: at.manager,
            shard: at.shard,
            login,
        });
        self.managers.report(self.now, at, Health::Up);
        self.rooms.queue_shard(at, &self.shards);
        self.effects.push(Effect::CloseEmpty(at));
        self.effects.push(Effect::Recheck);
    }

    /// Takes a message in, and passes it on where it is wanted.
    fn on_message<'i>(&mut self, id: SocketId, message: IrcMessage<'i>, out: Out<'_, 'i>) {
        if self.take_in(id, &message) {
            return;
        }
        self.run_effects(out);
        let Some(socket) = self.sockets.get(id) else {
            return;
        };
        let incoming = IncomingMessage {
            id,
            socket,
            message: &message,
        };
        let (rooms, accounts) = (&self.rooms, &mut self.accounts);
        if self.relay.passes(self.now, incoming, rooms, accounts) {
            out.push(PoolAction::Emit(PoolEvent::Message {
                manager: socket.at.manager,
                shard: socket.at.shard,
                socket: id,
                message,
            }));
        }
    }

    fn on_reconnect(&mut self, at: ShardRef, socket: SocketId) {
        let stable = self.sockets.is_stable(self.now, socket);
        let (now, rng) = (self.now, &mut self.rng);
        if self.shards.reconnect(now, at, socket, stable, rng) {
            self.sockets.hand_over(socket);
            self.effects.emit(PoolEvent::Reconnecting {
                manager: at.manager,
                shard: at.shard,
            });
        }
    }

    fn on_lost(&mut self, id: SocketId, end: End) {
        let (now, effects) = (self.now, &mut self.effects);
        let Some(socket) = self.sockets.get(id) else {
            return;
        };
        let ShardRef { manager, shard } = socket.at;
        self.outbox.lost(id, effects);
        self.rooms.lost(now, manager, id);
        self.accounts.lost(now, socket.account, end, effects);
        effects.emit(PoolEvent::LinkLost {
            manager,
            shard,
            end,
        });
        effects.push(Effect::Recheck);
        // While another socket is logged in the login is good, and this a failure like any other.
        if end == End::BadLogin && !self.sockets.is_logged_in(socket.account) {
            self.accounts.reject_login(socket.account);
            self.shards.report_rejected(socket.account, effects);
        }
        effects.push(Effect::ShardLost(Loss {
            at: socket.at,
            socket: id,
            stable: socket.is_stable(now),
            asked: end.asked_wait(),
        }));
    }

    fn on_shard_lost(&mut self, loss: Loss) {
        let has_other_socket = self.sockets.ready_of(loss.at).is_some();
        let (rng, effects) = (&mut self.rng, &mut self.effects);
        self.shards
            .lost(self.now, loss, has_other_socket, rng, effects);
    }

    fn on_ended(&mut self, at: ShardRef, socket: SocketId) {
        self.sockets.remove(socket);
        self.effects.push(Effect::Recheck);
        self.effects.push(Effect::CheckStopped(at));
    }

    fn end_shard(&mut self, at: ShardRef) {
        self.shards.remove(at, &mut self.accounts);
        self.sockets.close_all(self.now, at, &mut self.effects);
        self.effects.push(Effect::Report(at, Health::Dead));
        self.effects.push(Effect::Recheck);
    }

    fn check_stopped(&mut self, at: ShardRef) {
        if !self.shards.is_running(at) && !self.sockets.any(|socket| socket.at == at) {
            self.managers.report(self.now, at, Health::Stopped);
        }
    }

    /// Lets every part act on its deadlines.
    fn run_clock(&mut self, out: Out<'_, '_>) {
        let now = self.now;
        self.rooms.on_time(now, &self.shards, &mut self.effects);
        self.sockets.on_time(now, &mut self.effects);
        self.relay.on_time(now, &self.rooms, &mut self.effects);
        self.run_effects(out);
        for socket in self.sockets.due(now) {
            self.feed(socket, ConnectionInput::Timeout, out);
        }
        self.outbox.on_time(now, &mut self.effects);
        self.managers.on_time(now);
        let shards = &self.shards;
        let is_used = |account| shards.uses(account);
        self.accounts.on_time(now, is_used, &mut self.effects);
        self.run_effects(out);
    }

    fn carry_out_decisions(&mut self, out: Out<'_, '_>) {
        while let Some((manager, decision)) = self.managers.pop_decision() {
            self.recheck = Recheck::Now;
            self.carry_out(manager, decision);
            self.run_effects(out);
        }
    }

    /// Opens the sockets that are due.
    fn dial(&mut self, out: Out<'_, '_>) {
        let (accounts, sockets) = (&mut self.accounts, &mut self.sockets);
        self.shards
            .dial(self.now, accounts, sockets, &mut self.effects);
        self.run_effects(out);
    }

    /// Starts what the budgets allow: logins, then joins, then messages.
    fn spend_budgets(&mut self, out: Out<'_, '_>) {
        let now = self.now;
        self.recheck = Recheck::Never;
        let (accounts, rng) = (&mut self.accounts, &mut self.rng);
        let login = self
            .sockets
            .grant_logins(now, accounts, rng, &mut self.effects);
        self.run_effects(out);
        let accounts = &mut self.accounts;
        let snapshot = Snapshot::new(now, &self.shards, &self.sockets);
        let join = self.rooms.join_due(snapshot, accounts, &mut self.effects);
        self.run_effects(out);
        let accounts = &mut self.accounts;
        let snapshot = Snapshot::new(now, &self.shards, &self.sockets);
        let (outbox, managers) = (&mut self.outbox, &self.managers);
        let message = outbox.send_due(snapshot, managers, accounts, &mut self.effects);
        self.run_effects(out);
        for at in [login, join, message] {
            self.recheck.wait_for(at);
        }
    }

    fn report_ended(&mut self, out: Out<'_, '_>) {
        let sockets = &self.sockets;
        let has_socket = |manager| sockets.any(|socket| socket.at.manager == manager);
        for manager in self.managers.take_ended(has_socket) {
            self.relay.flush(manager, &self.rooms, &mut self.effects);
            self.effects.emit(PoolEvent::Ended { manager });
        }
        self.run_effects(out);
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("now", &self.now)
            .field("managers", &self.managers)
            .field("sockets", &self.sockets)
            .finish_non_exhaustive()
    }
}
