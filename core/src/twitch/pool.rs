//! The whole of a Twitch bot: accounts, shard managers and connections as one pure machine.

mod action;
mod barred;
mod clock;
mod inbound;
mod joining;
mod ledger;
mod link;
mod mirrors;
mod occupancy;
mod owned;
mod seen;
mod shards;
mod speech;
mod squad;

use alloc::collections::{BTreeMap, BTreeSet, VecDeque};
use alloc::vec::Vec;
use core::fmt;
use core::time::Duration;

pub use action::{
    AccountKey, Action, Event, Input, JoinFailure, LinkId, ManagerKey, SayId, SayOutcome,
};
pub use clock::Wait;
pub use owned::{Heard, News};
pub use speech::{Priority, Say, SayError};

use self::clock::Timer;
use self::ledger::Ledger;
use self::link::Link;
use self::speech::Outbox;
use self::squad::Squad;
use crate::config::ConfigError;
use crate::config::bounds::{SHORTEST, wait, within};
use crate::manager::{Decision, Health, Manager, Options, Refusal, ShardKey, Supervisor};
use crate::rng::Rng;
use crate::twitch::connection::{self, Patience};
use crate::twitch::{Account, Room};
use crate::{Instant, Token};

/// How the pool behaves; every bound with its default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoolConfig {
    /// How long a connection waits for this and that.
    pub patience: Patience,
    /// For the answer to a JOIN: 10 s. Rooms that do not exist never answer.
    pub join_patience: Duration,
    /// For the confirmation of a message: 10 s.
    pub say_patience: Duration,
    /// How long a message may wait for budget or for a connection: 60 s.
    pub say_expiry: Duration,
    /// Messages waiting at most: 1000.
    pub say_queue: usize,
    /// The longest wait between two dials of a shard: 60 s. The first is immediate, then 1, 2, 4,
    /// 8 s and so on, as Twitch recommends, and a quarter more by chance.
    pub longest_back_off: Duration,
    /// The longest wait between two attempts to join a room: 600 s; the first is 15 s after a
    /// silent failure, 60 s after the server's room limit.
    pub longest_join_back_off: Duration,
    /// After how many failures in a row a shard is dead. `None`, the default: it goes on.
    pub give_up_after: Option<u32>,
    /// Whether each message of shared chat is told once, where it was said if that room is joined;
    /// off by default. What a partner room mirrors is dropped when its source was told, and waits
    /// when it comes first.
    pub drop_mirrors: bool,
    /// How long a mirrored message waits for its original before it is told instead: 2 s. No
    /// message waits when the room where it was said is known not to be joined.
    pub mirror_patience: Duration,
    /// What may wait so, in bytes for each manager: 1 MiB. Beyond it the oldest are told early.
    pub mirror_bytes: usize,
}

impl Default for PoolConfig {
    fn default() -> Self {
        Self {
            patience: Patience::default(),
            join_patience: Duration::from_secs(10),
            say_patience: Duration::from_secs(10),
            say_expiry: Duration::from_secs(60),
            say_queue: 1000,
            longest_back_off: Duration::from_secs(60),
            longest_join_back_off: Duration::from_secs(600),
            give_up_after: None,
            drop_mirrors: false,
            mirror_patience: Duration::from_secs(2),
            mirror_bytes: 1 << 20,
        }
    }
}

impl PoolConfig {
    /// Whether every setting makes sense. A host asks this before it starts anything.
    ///
    /// # Errors
    /// The first setting that makes none.
    pub fn check(&self) -> Result<(), ConfigError> {
        // Every field is named, so that a new one is not forgotten.
        let Self {
            patience,
            join_patience,
            say_patience,
            say_expiry,
            say_queue,
            longest_back_off,
            longest_join_back_off,
            give_up_after,
            drop_mirrors: _,
            mirror_patience,
            mirror_bytes,
        } = self;
        patience.check().map_err(|error| error.of("patience"))?;
        wait("join_patience", *join_patience)?;
        wait("say_patience", *say_patience)?;
        wait("say_expiry", *say_expiry)?;
        within("say_queue", *say_queue, &(1..=1_000_000))?;
        wait("longest_back_off", *longest_back_off)?;
        wait("longest_join_back_off", *longest_join_back_off)?;
        wait("mirror_patience", *mirror_patience)?;
        within("mirror_bytes", *mirror_bytes, &(0..=1 << 31))?;
        within("give_up_after", give_up_after.unwrap_or(1), &(1..=u32::MAX))
    }
}

/// Runs any number of accounts, each with its budgets, and of shard managers on them.
///
/// The host opens sockets, carries lines and tells the time; everything else is decided here:
/// which connection joins which room and when, what may be said and when, how a connection is
/// replaced. Requests tell the time too, and only queue; their actions
/// come from the next [`handle`](Self::handle), for
/// which [`poll_timeout`](Self::poll_timeout) then asks at once.
///
/// # Who sends
/// A Twitch connection does not receive what it sent itself; every other connection in that room
/// does, of the same account too. Which shard sends is the manager's choice, made in
/// [`Manager::sender`]: by default the shard that serves the room, so a bot does not see its own
/// messages and cannot answer itself. With another shard it does see them.
pub struct Pool {
    now: Instant,
    rng: Rng,
    config: PoolConfig,
    /// What is to be said of the configuration as it was given.
    checked: Result<(), ConfigError>,
    accounts: Vec<Ledger>,
    squads: Vec<Squad>,
    links: BTreeMap<LinkId, Link>,
    next_link: u64,
    next_turn: u64,
    outbox: Outbox,
    timers: BTreeSet<(Instant, Timer)>,
    decisions: VecDeque<(ManagerKey, Decision<Room>)>,
    pending: Vec<Action<'static>>,
    /// Whether something happened that may let a join, a login or a message go.
    stirred: bool,
    /// When a budget that somebody waits for has room again.
    budget_at: Option<Instant>,
}

/// Where actions are put.
type Out<'o, 'i> = &'o mut Vec<Action<'i>>;

impl Pool {
    /// An empty pool; the same seed and the same inputs lead to the same actions.
    #[must_use]
    pub fn new(mut config: PoolConfig, seed: u64) -> Self {
        let checked = config.check();
        // Timers that come again at once would keep the clock at one instant for ever.
        for wait in [
            &mut config.join_patience,
            &mut config.longest_join_back_off,
            &mut config.mirror_patience,
        ] {
            *wait = (*wait).max(SHORTEST);
        }
        Self {
            now: Instant::ZERO,
            rng: Rng::new(seed),
            config,
            checked,
            accounts: Vec::new(),
            squads: Vec::new(),
            links: BTreeMap::new(),
            next_link: 0,
            next_turn: 0,
            outbox: Outbox::default(),
            timers: BTreeSet::new(),
            decisions: VecDeque::new(),
            pending: Vec::new(),
            stirred: false,
            budget_at: None,
        }
    }

    /// Whether its settings and those of its accounts make sense.
    ///
    /// # Errors
    /// The first setting that makes none.
    pub fn check(&self) -> Result<(), ConfigError> {
        self.checked.clone()?;
        let mut limits = self.accounts.iter().map(|ledger| ledger.account.limits);
        limits.try_for_each(|limits| limits.check().map_err(|error| error.of("account")))
    }

    /// Adds an account.
    pub fn add_account(&mut self, account: Account) -> AccountKey {
        let key = AccountKey(self.accounts.len());
        self.accounts.push(Ledger::new(account));
        key
    }

    /// Gives an account a token: the answer to [`Action::WantToken`], or ahead of it.
    pub fn set_token(&mut self, account: AccountKey, token: Token) {
        if let Some(ledger) = self.accounts.get_mut(account.0) {
            ledger.set_token(token);
            self.stirred = true;
        }
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
        let key = ManagerKey(self.squads.len());
        self.squads.push(Squad::new(supervisor, account));
        Ok(key)
    }

    /// A manager's shards, their health and their load.
    #[must_use]
    pub fn manager(&self, manager: ManagerKey) -> Option<&Supervisor<Room>> {
        self.squads.get(manager.0).map(|squad| &squad.supervisor)
    }

    /// Whether a manager's room is joined at this moment.
    #[must_use]
    pub fn is_joined(&self, manager: ManagerKey, room: Room) -> bool {
        let squad = self.squads.get(manager.0);
        let seat = squad.and_then(|squad| squad.seats.get(&room));
        seat.is_some_and(|seat| seat.serving.is_some())
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
        self.ask(now, manager, |squad, now| squad.start(now, shard))
    }

    /// Stops all shards of a manager, those without a connection too. [`Event::Ended`] tells when
    /// the last socket is gone. Messages that wait are given up.
    ///
    /// # Errors
    /// What the manager refuses.
    pub fn stop_all(&mut self, now: Instant, manager: ManagerKey) -> Result<(), Refusal<Room>> {
        self.ask(now, manager, Supervisor::stop_all)?;
        if let Some(squad) = self.squads.get_mut(manager.0) {
            squad.ending = true;
        }
        let now = self.now;
        self.drop_speech(manager);
        let retiring = self
            .links
            .iter()
            .filter(|(_, link)| link.manager == manager && link.retiring);
        let retiring: Vec<LinkId> = retiring.map(|(id, _)| *id).collect();
        for id in retiring {
            self.timers.insert((now, Timer::Retired(id)));
        }
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
        self.ask(now, manager, |squad, now| squad.stop(now, shard))
    }

    /// Adds a shard without rooms.
    ///
    /// # Errors
    /// What the manager refuses.
    pub fn add_shard(&mut self, now: Instant, manager: ManagerKey) -> Result<(), Refusal<Room>> {
        self.ask(now, manager, Supervisor::add_shard)
    }

    /// Assigns a room; [`Event::Joined`] or [`Event::JoinFailed`] follows when the manager runs.
    ///
    /// # Errors
    /// [`Refusal::Full`] when all shards are full; the room can be assigned later.
    pub fn assign(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        room: Room,
    ) -> Result<(), Refusal<Room>> {
        self.ask(now, manager, |squad, now| squad.assign(now, &room))
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
            .and_then(|squad| squad.roster().shard_of(&room));
        self.ask(now, manager, |squad, now| squad.unassign(now, &room))?;
        // A stopped shard decides nothing, and its seat must go all the same.
        if let Some(shard) = shard {
            let channel = room;
            self.decisions
                .push_back((manager, Decision::Part { shard, channel }));
        }
        Ok(())
    }

    /// Ends a shard as if it had died for good: its rooms go elsewhere if the manager's options
    /// say so.
    pub fn kill(&mut self, now: Instant, manager: ManagerKey, shard: ShardKey) {
        self.now = self.now.max(now);
        self.end_shard(manager, shard);
    }

    /// Whose socket it is; `None` once it has ended.
    #[must_use]
    pub fn owner(&self, link: LinkId) -> Option<(ManagerKey, ShardKey)> {
        let link = self.links.get(&link)?;
        Some((link.manager, link.shard))
    }

    /// Whether every socket of a manager has ended.
    #[must_use]
    pub fn has_ended(&self, manager: ManagerKey) -> bool {
        let squad = self.squads.get(manager.0);
        let quiet = self.links.values().all(|link| link.manager != manager);
        quiet && squad.is_none_or(|squad| squad.supervisor.has_ended())
    }

    /// Takes in what happened and returns what to do, in order. Time going back counts as
    /// standing still; links that are not known are ignored.
    #[must_use]
    pub fn handle<'i>(&mut self, now: Instant, input: Input<'i>) -> Vec<Action<'i>> {
        self.now = self.now.max(now);
        let mut out: Vec<Action<'i>> = Vec::new();
        match input {
            Input::Timeout => {}
            Input::Opened(link) => self.feed(link, connection::Input::Opened, &mut out),
            Input::Frame(link, frame) => {
                self.feed(link, connection::Input::Frame(frame), &mut out);
            }
            Input::Closed(link) => self.feed(link, connection::Input::Closed, &mut out),
            Input::DialFailed(link, why) => {
                self.feed(link, connection::Input::DialFailed(why), &mut out);
            }
        }
        self.run_clock(&mut out);
        self.carry_out_decisions(&mut out);
        self.dial(&mut out);
        if self.stirred || self.budget_at.is_some_and(|at| at <= self.now) {
            self.spend_budgets(&mut out);
        }
        self.tell_ended(&mut out);
        let mut first: Vec<Action<'i>> = core::mem::take(&mut self.pending);
        first.append(&mut out);
        first
    }

    pub(super) fn end_shard(&mut self, manager: ManagerKey, shard: ShardKey) {
        self.bury(manager, shard);
        self.report(manager, shard, Health::Dead);
    }

    /// Asks a manager and queues what it decides.
    fn ask(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        call: impl FnOnce(
            &mut Supervisor<Room>,
            Instant,
        ) -> Result<Vec<Decision<Room>>, Refusal<Room>>,
    ) -> Result<(), Refusal<Room>> {
        self.now = self.now.max(now);
        let now = self.now;
        let Some(squad) = self.squads.get_mut(manager.0) else {
            return Err(Refusal::Other("there is no such manager".into()));
        };
        let decisions = call(&mut squad.supervisor, now)?;
        let decisions = decisions.into_iter().map(|decision| (manager, decision));
        self.decisions.extend(decisions);
        Ok(())
    }

    fn report(&mut self, manager: ManagerKey, shard: ShardKey, health: Health) {
        let now = self.now;
        if let Some(squad) = self.squads.get_mut(manager.0) {
            let decisions = squad.supervisor.report(now, shard, health);
            let decisions = decisions.into_iter().map(|decision| (manager, decision));
            self.decisions.extend(decisions);
        }
    }

    /// Lets go what the budgets allow: logins, then joins, then messages.
    fn spend_budgets(&mut self, out: Out<'_, '_>) {
        self.stirred = false;
        self.budget_at = None;
        self.grant_logins(out);
        self.join_rooms(out);
        self.speak(out);
    }

    /// Notes when to look at the budgets again.
    fn look_again(&mut self, at: Instant) {
        self.budget_at = Some(self.budget_at.map_or(at, |before| before.min(at)));
    }

    fn tell_ended(&mut self, out: Out<'_, '_>) {
        for number in 0..self.squads.len() {
            let manager = ManagerKey(number);
            let ending = self.squads.get(number).is_some_and(|squad| squad.ending);
            if ending && self.decisions.is_empty() && self.has_ended(manager) {
                self.tell_last_mirrors(manager, out);
                out.push(Action::Emit(Event::Ended { manager }));
                if let Some(squad) = self.squads.get_mut(number) {
                    squad.ending = false;
                }
            }
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("now", &self.now)
            .field("managers", &self.squads)
            .field("links", &self.links)
            .finish_non_exhaustive()
    }
}
