//! One socket of the pool: its connection and the rooms it holds.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;
use core::time::Duration;

use super::action::{Action, Event, Input, LinkId, ManagerKey, SayId, SayOutcome};
use super::clock::Timer;
use super::ledger::Urgency;
use super::{Out, Pool};
use crate::Instant;
use crate::manager::{Health, ShardKey};
use crate::twitch::connection::{self, Connection, End, Step};
use crate::twitch::{Login, Room};

/// How a socket stands to a room. Each of these takes a place of the account's room limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    /// JOIN sent. It keeps its place for a while after the answer is overdue, since that may
    /// still come.
    Asked {
        until: Instant,
    },
    Joined,
    /// PART sent.
    Leaving {
        until: Instant,
    },
}

/// A message that was sent and not confirmed yet.
#[derive(Clone, Debug)]
pub(super) struct Sent {
    pub(super) id: SayId,
    pub(super) room: Room,
    pub(super) until: Instant,
}

#[derive(Debug)]
pub(super) struct Link {
    pub(super) connection: Connection,
    pub(super) account: usize,
    pub(super) manager: ManagerKey,
    pub(super) shard: ShardKey,
    pub(super) ready_since: Option<Instant>,
    /// Another link takes over; it goes when it holds no room.
    pub(super) retiring: bool,
    pub(super) rooms: BTreeMap<Room, Presence>,
    pub(super) sent: VecDeque<Sent>,
}

impl Link {
    pub(super) fn is_ready(&self) -> bool {
        self.connection.login().is_some()
    }
}

/// How long the server asks to wait before the next dial.
fn asked_wait(end: End) -> Duration {
    match end {
        End::DialFailed(why) => why.retry_after().unwrap_or_default(),
        End::DialTimeout
        | End::GrantTimeout
        | End::BadToken
        | End::BadLogin
        | End::LoginRefused
        | End::LoginTimeout
        | End::Deaf
        | End::Closed
        | End::Stopped => Duration::ZERO,
    }
}

impl Pool {
    /// Hands an input to a link's connection and carries its steps out.
    pub(super) fn feed<'i>(&mut self, id: LinkId, input: connection::Input<'i>, out: Out<'_, 'i>) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let steps = link.connection.handle(now, input);
        self.carry(id, steps, out);
    }

    /// Closes a link that is not wanted any more.
    pub(super) fn close_link(&mut self, id: LinkId, out: Out<'_, '_>) {
        let now = self.now;
        if let Some(link) = self.links.get_mut(&id) {
            let steps = link.connection.close(now);
            self.carry(id, steps, out);
        }
    }

    fn carry<'i>(&mut self, id: LinkId, steps: connection::Steps<'i>, out: Out<'_, 'i>) {
        let Some((manager, shard)) = self.links.get(&id).map(|link| (link.manager, link.shard))
        else {
            return;
        };
        for step in steps {
            match step {
                Step::Connect => {}
                Step::WantLogin => self.stirred = true,
                Step::Send(command) => out.push(Action::Send { link: id, command }),
                Step::Close => out.push(Action::Close { link: id }),
                Step::Ready(login) => self.on_ready(id, login, out),
                Step::Message(message) => self.on_message(id, message, out),
                Step::Malformed(error) => out.push(Action::Emit(Event::Malformed {
                    manager,
                    shard,
                    error,
                })),
                Step::Reconnect => self.on_reconnect(id, out),
                Step::Lost(end) => self.on_lost(id, end, out),
                Step::Ended => self.on_ended(id),
            }
        }
    }

    /// Opens the links that are due, as far as the account has a token and logins to spend.
    pub(super) fn dial(&mut self, out: Out<'_, '_>) {
        for (manager, shard, account) in self.due_dials() {
            let logging_in = |link: &&Link| link.account == account && !link.is_ready();
            let dialling = self.links.values().filter(logging_in).count();
            let Some(ledger) = self.accounts.get(account) else {
                continue;
            };
            if ledger.lacks_token() {
                self.want_token(account, out);
                continue;
            }
            if dialling >= ledger.account.limits.logins.count {
                continue;
            }
            let id = LinkId(self.next_link);
            self.next_link = self.next_link.saturating_add(1);
            let (connection, _) = Connection::open(self.now, self.config.patience);
            let link = Link {
                connection,
                account,
                manager,
                shard,
                ready_since: None,
                retiring: false,
                rooms: BTreeMap::new(),
                sent: VecDeque::new(),
            };
            self.links.insert(id, link);
            if let Some(runner) = self.runner_mut(manager, shard) {
                runner.link = Some(id);
            }
            let account = super::AccountKey(account);
            out.push(Action::Connect { link: id, account });
        }
    }

    fn due_dials(&self) -> Vec<(ManagerKey, ShardKey, usize)> {
        let mut due = Vec::new();
        for (number, squad) in self.squads.iter().enumerate() {
            for (shard, runner) in &squad.runners {
                if runner.link.is_none() && runner.dial_at <= self.now {
                    due.push((ManagerKey(number), *shard, runner.account));
                }
            }
        }
        due
    }

    fn want_token(&mut self, account: usize, out: Out<'_, '_>) {
        let now = self.now;
        let Some(ledger) = self.accounts.get_mut(account) else {
            return;
        };
        if ledger.ask_again.is_none_or(|at| at <= now) {
            ledger.ask_again = Some(now.after(Duration::from_secs(60)));
            let account = super::AccountKey(account);
            out.push(Action::WantToken { account });
        }
    }

    /// Lets links log in, oldest first, as the account's budget allows.
    pub(super) fn grant_logins(&mut self, out: Out<'_, '_>) {
        let waiting = self
            .links
            .iter()
            .filter(|(_, link)| link.connection.wants_login());
        let waiting: Vec<(LinkId, usize)> = waiting.map(|(id, link)| (*id, link.account)).collect();
        for (id, account) in waiting {
            let now = self.now;
            let Some(ledger) = self.accounts.get_mut(account) else {
                continue;
            };
            if let Some(at) = ledger.logins.blocked_until(now) {
                self.look_again(at);
                continue;
            }
            let Some(identity) = ledger.identity(&mut self.rng) else {
                continue;
            };
            ledger.logins.spend(now);
            let Some(link) = self.links.get_mut(&id) else {
                continue;
            };
            let granted = connection::Input::LoginGranted(&identity);
            for step in link.connection.handle(now, granted) {
                if let Step::Send(command) = step {
                    out.push(Action::Send { link: id, command });
                }
            }
        }
    }

    fn on_ready(&mut self, id: LinkId, login: Login, out: Out<'_, '_>) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        link.ready_since = Some(now);
        let (manager, shard, account) = (link.manager, link.shard, link.account);
        if let Some(ledger) = self.accounts.get_mut(account) {
            ledger.failures = 0;
        }
        out.push(Action::Emit(Event::ShardUp {
            manager,
            shard,
            login,
        }));
        self.report(manager, shard, Health::Up);
        self.queue_shard(manager, shard);
        self.close_empty_retired(manager, shard, out);
        self.stirred = true;
    }

    fn on_reconnect(&mut self, id: LinkId, out: Out<'_, '_>) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let (manager, shard) = (link.manager, link.shard);
        let stable = link.is_stable(now);
        let Some(runner) = self.runner_mut(manager, shard) else {
            return;
        };
        if runner.link != Some(id) {
            return;
        }
        runner.link = None;
        self.set_back_off(manager, shard, stable, Duration::ZERO);
        if let Some(link) = self.links.get_mut(&id) {
            link.retiring = true;
        }
        out.push(Action::Emit(Event::Reconnecting { manager, shard }));
    }

    fn on_lost(&mut self, id: LinkId, end: End, out: Out<'_, '_>) {
        let now = self.now;
        let Some(link) = self.links.get_mut(&id) else {
            return;
        };
        let (manager, shard, account) = (link.manager, link.shard, link.account);
        let stable = link.is_stable(now);
        for sent in core::mem::take(&mut link.sent) {
            out.push(Action::Emit(Event::Said {
                manager,
                id: sent.id,
                outcome: SayOutcome::Unconfirmed,
            }));
        }
        self.empty_seats(id, manager);
        if end == End::BadToken
            && let Some(ledger) = self.accounts.get_mut(account)
        {
            ledger.account.token = None;
            self.want_token(account, out);
        }
        out.push(Action::Emit(Event::LinkLost {
            manager,
            shard,
            end,
        }));
        self.stirred = true;
        if end == End::BadLogin {
            self.bar(account, out);
        }
        let current = self.runner(manager, shard).map(|runner| runner.link);
        if current == Some(Some(id)) {
            if let Some(runner) = self.runner_mut(manager, shard) {
                runner.link = None;
            }
            self.after_loss(manager, shard, stable, asked_wait(end));
        } else if current == Some(None) && self.speaker(manager, shard).is_none() {
            self.report(manager, shard, Health::Down);
        }
    }

    /// A shard that lost its current link dials again, or gives up.
    fn after_loss(&mut self, manager: ManagerKey, shard: ShardKey, stable: bool, asked: Duration) {
        self.set_back_off(manager, shard, stable, asked);
        let failures = self
            .runner(manager, shard)
            .map_or(0, |runner| runner.failures);
        if self
            .config
            .give_up_after
            .is_some_and(|most| failures >= most)
        {
            self.end_shard(manager, shard);
        } else if self.speaker(manager, shard).is_none() {
            self.report(manager, shard, Health::Down);
        }
    }

    /// Sets when a shard dials next: at once after a link that held, later and later otherwise, and
    /// not before the server wants, within the longest back-off.
    pub(super) fn set_back_off(
        &mut self,
        manager: ManagerKey,
        shard: ShardKey,
        stable: bool,
        asked: Duration,
    ) {
        let (now, longest) = (self.now, self.config.longest_back_off);
        let failures = match self.runner(manager, shard) {
            Some(_) if stable => 0,
            Some(runner) => runner.failures,
            None => return,
        };
        let seconds = match failures {
            0 => 0,
            _ => 1_u64
                .checked_shl(failures.saturating_sub(1))
                .unwrap_or(u64::MAX),
        };
        let wait = Duration::from_secs(seconds).min(longest);
        let extra = self
            .rng
            .between(Duration::ZERO, wait.checked_div(4).unwrap_or_default());
        let wait = wait.saturating_add(extra).max(asked.min(longest));
        if let Some(runner) = self.runner_mut(manager, shard) {
            runner.dial_at = now.after(wait);
            runner.failures = failures.saturating_add(1);
        }
    }

    fn on_ended(&mut self, id: LinkId) {
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let (manager, shard) = (link.manager, link.shard);
        let rooms: Vec<Room> = link.rooms.keys().copied().collect();
        for room in rooms {
            self.set_presence(id, room, None);
        }
        self.links.remove(&id);
        self.stirred = true;
        self.report_if_over(manager, shard);
    }

    /// Says that a shard has stopped once it is not wanted and has no socket.
    pub(super) fn report_if_over(&mut self, manager: ManagerKey, shard: ShardKey) {
        let of_shard = |link: &Link| link.manager == manager && link.shard == shard;
        if self.runner(manager, shard).is_none() && !self.links.values().any(of_shard) {
            self.report(manager, shard, Health::Stopped);
        }
    }

    /// Queues the rooms of a shard whose link has just become ready.
    fn queue_shard(&mut self, manager: ManagerKey, shard: ShardKey) {
        let Some(squad) = self.squads.get(manager.0) else {
            return;
        };
        let seats = squad.seats.iter().filter(|(_, seat)| seat.shard == shard);
        let rooms: Vec<(Room, Urgency)> = seats
            .filter(|(_, seat)| seat.wants_join())
            .map(|(room, seat)| (*room, seat.urgency()))
            .collect();
        for (room, urgency) in rooms {
            self.queue_join(manager, room, urgency);
        }
    }

    /// Closes links of a shard that are to be replaced and hold no room.
    pub(super) fn close_empty_retired(
        &mut self,
        manager: ManagerKey,
        shard: ShardKey,
        out: Out<'_, '_>,
    ) {
        let over = |link: &Link| {
            let mine = link.manager == manager && link.shard == shard;
            mine && link.retiring && link.rooms.is_empty()
        };
        let over = self.links.iter().filter(|(_, link)| over(link));
        let over: Vec<LinkId> = over.map(|(id, _)| *id).collect();
        for id in over {
            self.close_link(id, out);
        }
    }

    /// Asks again for the tokens that nobody brought, for shards that still back off too. Where no
    /// shard runs any more, none is needed.
    pub(super) fn ask_tokens_again(&mut self, out: Out<'_, '_>) {
        for account in 0..self.accounts.len() {
            let needed = !self.shards_on(account).is_empty();
            let Some(ledger) = self.accounts.get_mut(account) else {
                continue;
            };
            match ledger.ask_again {
                Some(at) if at > self.now => {}
                Some(_) if needed => self.want_token(account, out),
                Some(_) | None => ledger.ask_again = None,
            }
        }
    }

    /// Lets a link go once its rooms are elsewhere, after a minute at the latest.
    pub(super) fn retire(&mut self, id: LinkId) {
        if let Some(link) = self.links.get_mut(&id) {
            link.retiring = true;
            let until = self.now.after(Duration::from_secs(60));
            self.timers.insert((until, Timer::Retired(id)));
        }
    }
}

impl Link {
    /// Whether it was up for long enough that its loss is not a sign of trouble.
    fn is_stable(&self, now: Instant) -> bool {
        let long = Duration::from_secs(30);
        self.ready_since
            .is_some_and(|since| now.since(since) >= long)
    }
}

impl Input<'_> {
    /// The link that this is about.
    #[must_use]
    pub const fn link(&self) -> Option<LinkId> {
        match self {
            Self::Timeout => None,
            Self::Opened(link)
            | Self::Frame(link, _)
            | Self::Closed(link)
            | Self::DialFailed(link, _) => Some(*link),
        }
    }
}
