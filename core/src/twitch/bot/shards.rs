//! The shards that shall have a socket, and when each dials.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::account_state::AccountState;
use super::accounts::Accounts;
use super::action::{AccountKey, PoolEvent, SocketId};
use super::config::PoolConfig;
use super::effect::{Effect, Effects, Loss};
use super::shard_ref::ShardRef;
use super::sockets::Sockets;
use super::wait::PoolWait;
use crate::Instant;
use crate::manager::Health;
use crate::rng::Rng;

/// Where a shard is with its socket. One that it replaces is not counted here: it hands its rooms
/// over by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dial {
    /// None is dialled before `until`, nor before the account allows it.
    Waiting { until: Instant },
    /// It is dialled, or logs in.
    Opening(SocketId),
    /// It is logged in: rooms are joined on it.
    Up(SocketId),
}

impl Dial {
    fn is(self, socket: SocketId) -> bool {
        match self {
            Self::Waiting { .. } => false,
            Self::Opening(current) | Self::Up(current) => current == socket,
        }
    }
}

#[derive(Debug)]
struct RunningShard {
    account: AccountKey,
    dial: Dial,
    /// Sockets lost in a row.
    failures: u32,
}

impl RunningShard {
    /// A socket that held for long ends a row of failures.
    fn forget_failures(&mut self, stable: bool) {
        if stable {
            self.failures = 0;
        }
    }

    /// Lets the next dial wait: not at all after no failure, longer with each, and as long as the
    /// server asks, all within `longest`.
    fn back_off(&mut self, now: Instant, longest: Duration, asked: Duration, rng: &mut Rng) {
        let seconds = match self.failures.checked_sub(1) {
            None => 0,
            Some(doublings) => 1_u64.checked_shl(doublings).unwrap_or(u64::MAX),
        };
        let wait = Duration::from_secs(seconds).min(longest);
        let quarter = wait.checked_div(4).unwrap_or_default();
        let extra = rng.between(Duration::ZERO, quarter);
        let wait = wait.saturating_add(extra).max(asked.min(longest));
        let until = now.after(wait);
        self.dial = Dial::Waiting { until };
        self.failures = self.failures.saturating_add(1);
    }
}

/// The shards that run, those that wait for a socket included.
#[derive(Debug)]
pub(super) struct Shards {
    running: BTreeMap<ShardRef, RunningShard>,
    longest_back_off: Duration,
    give_up_after: Option<u32>,
}

impl Shards {
    pub(super) const fn new(config: &PoolConfig) -> Self {
        Self {
            running: BTreeMap::new(),
            longest_back_off: config.longest_back_off,
            give_up_after: config.give_up_after,
        }
    }

    pub(super) fn is_running(&self, at: ShardRef) -> bool {
        self.running.contains_key(&at)
    }

    pub(super) fn account(&self, at: ShardRef) -> Option<AccountKey> {
        self.running.get(&at).map(|shard| shard.account)
    }

    /// Whether a shard runs on an account.
    pub(super) fn uses(&self, account: AccountKey) -> bool {
        self.running.values().any(|shard| shard.account == account)
    }

    /// The socket on which a shard joins, once it is logged in.
    pub(super) fn target(&self, at: ShardRef) -> Option<SocketId> {
        match self.running.get(&at)?.dial {
            Dial::Up(socket) => Some(socket),
            Dial::Waiting { .. } | Dial::Opening(_) => None,
        }
    }

    /// Starts a shard after so many failures of the one whose place it takes.
    pub(super) fn open(
        &mut self,
        now: Instant,
        at: ShardRef,
        account: AccountKey,
        failures: u32,
        rng: &mut Rng,
    ) {
        let mut shard = RunningShard {
            account,
            dial: Dial::Waiting { until: now },
            failures,
        };
        if failures > 0 {
            shard.back_off(now, self.longest_back_off, Duration::ZERO, rng);
        }
        self.running.insert(at, shard);
    }

    /// Takes out a shard that shall have no socket any more. Its account remembers its failures in
    /// a row, for the shard that takes its place.
    pub(super) fn remove(&mut self, at: ShardRef, accounts: &mut Accounts) {
        if let Some(shard) = self.running.remove(&at) {
            let failures = match shard.dial {
                Dial::Up(_) => 0,
                Dial::Waiting { .. } | Dial::Opening(_) => shard.failures,
            };
            accounts.set_failures(shard.account, failures);
        }
    }

    /// Opens the sockets that are due, as far as the accounts have tokens and logins to spend.
    pub(super) fn dial(
        &mut self,
        now: Instant,
        accounts: &mut Accounts,
        sockets: &mut Sockets,
        effects: &mut Effects,
    ) {
        for (at, shard) in &mut self.running {
            match shard.dial {
                Dial::Waiting { until } if until <= now => {}
                Dial::Waiting { .. } | Dial::Opening(_) | Dial::Up(_) => continue,
            }
            let Some(account) = accounts.get_mut(shard.account) else {
                continue;
            };
            if account.lacks_token() {
                account.want_token(now, effects);
            } else if sockets.logging_in(shard.account) < account.limits().logins.count {
                shard.dial = Dial::Opening(sockets.open(now, *at, shard.account, effects));
            }
        }
    }

    /// A socket has logged in.
    pub(super) fn logged_in(&mut self, at: ShardRef, socket: SocketId) {
        if let Some(shard) = self.running.get_mut(&at)
            && shard.dial.is(socket)
        {
            shard.dial = Dial::Up(socket);
        }
    }

    /// The server asks for another socket; returns whether this was the one to replace.
    pub(super) fn reconnect(
        &mut self,
        now: Instant,
        at: ShardRef,
        socket: SocketId,
        stable: bool,
        rng: &mut Rng,
    ) -> bool {
        match self.running.get_mut(&at) {
            Some(shard) if shard.dial.is(socket) => {
                shard.forget_failures(stable);
                shard.back_off(now, self.longest_back_off, Duration::ZERO, rng);
                true
            }
            Some(_) | None => false,
        }
    }

    /// A shard has lost a socket. It dials again if that was its current one, or gives up; it is
    /// down unless it is heard on another socket, one that hands over.
    pub(super) fn lost(
        &mut self,
        now: Instant,
        loss: Loss,
        has_other_socket: bool,
        rng: &mut Rng,
        effects: &mut Effects,
    ) {
        let Some(shard) = self.running.get_mut(&loss.at) else {
            return;
        };
        let gives_up = match shard.dial {
            Dial::Opening(current) | Dial::Up(current) if current == loss.socket => {
                shard.forget_failures(loss.stable);
                shard.back_off(now, self.longest_back_off, loss.asked, rng);
                self.give_up_after
                    .is_some_and(|most| shard.failures >= most)
            }
            Dial::Opening(_) | Dial::Up(_) => return,
            Dial::Waiting { .. } => false,
        };
        if gives_up {
            effects.push(Effect::EndShard(loss.at));
        } else if !has_other_socket {
            effects.push(Effect::Report(loss.at, Health::Down));
        }
    }

    /// The server does not take an account's login: its shards end.
    pub(super) fn report_rejected(&self, account: AccountKey, effects: &mut Effects) {
        for (at, shard) in &self.running {
            if shard.account == account {
                let (manager, shard) = (at.manager, at.shard);
                effects.emit(PoolEvent::LoginRejected { manager, shard });
                effects.push(Effect::EndShard(*at));
            }
        }
    }

    /// When the next shard dials, or its account is asked for a token again.
    pub(super) fn next_deadline(
        &self,
        now: Instant,
        accounts: &Accounts,
    ) -> Option<(Instant, PoolWait)> {
        let wait = |shard: &RunningShard| {
            let account = accounts.get(shard.account);
            match (account.and_then(AccountState::asks_again_at), shard.dial) {
                (Some(at), _) => Some((at, PoolWait::Token)),
                (None, Dial::Waiting { until }) if until > now => Some((until, PoolWait::BackOff)),
                (None, Dial::Waiting { .. } | Dial::Opening(_) | Dial::Up(_)) => None,
            }
        };
        let waits = self.running.values().filter_map(wait);
        waits.min_by_key(|(at, _)| *at)
    }
}
