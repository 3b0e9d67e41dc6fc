//! Messages to be said: those that wait for budget, and those that wait for their confirmation.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::account_state::AccountState;
use super::accounts::Accounts;
use super::action::{AccountKey, ManagerKey, PoolAction, PoolEvent, SayId, SayOutcome, SocketId};
use super::config::PoolConfig;
use super::effect::Effects;
use super::managers::Managers;
use super::say::{LONGEST_TEXT, Priority, Say, SayError};
use super::shard_ref::ShardRef;
use super::snapshot::Snapshot;
use super::wait::PoolWait;
use crate::Instant;
use crate::twitch::{IrcMessage, Room};

/// A message that waits for budget or for a socket.
#[derive(Debug)]
struct WaitingMessage {
    manager: ManagerKey,
    say: Say,
    expires: Instant,
}

/// A message that was sent and not confirmed yet.
#[derive(Debug)]
struct SentMessage {
    socket: SocketId,
    manager: ManagerKey,
    id: SayId,
    room: Room,
    until: Instant,
}

/// What to do with a message whose turn has come.
enum SayDecision {
    Send(SocketId, AccountKey),
    /// Look again then, or when something happens.
    Wait(Option<Instant>),
    Finish(SayOutcome),
}

#[derive(Debug)]
pub(super) struct Outbox {
    /// In the order in which they go.
    waiting: BTreeMap<(Priority, SayId), WaitingMessage>,
    next: u64,
    /// In the order in which they were sent.
    sent: VecDeque<SentMessage>,
    most: usize,
    expiry: Duration,
    patience: Duration,
}

impl Outbox {
    pub(super) const fn new(config: &PoolConfig) -> Self {
        Self {
            waiting: BTreeMap::new(),
            next: 0,
            sent: VecDeque::new(),
            most: config.say_queue,
            expiry: config.say_expiry,
            patience: config.say_patience,
        }
    }

    /// Queues a message.
    pub(super) fn push(
        &mut self,
        now: Instant,
        manager: ManagerKey,
        say: Say,
    ) -> Result<SayId, SayError> {
        if say.text.trim().is_empty() {
            return Err(SayError::Empty);
        }
        let characters = say.text.chars().count();
        if characters > LONGEST_TEXT {
            return Err(SayError::TooLong(characters));
        }
        let id = SayId(self.next);
        let encoded = say.command(id).encode(&mut String::new());
        encoded.map_err(SayError::Encode)?;
        if self.waiting.len() >= self.most {
            return Err(SayError::QueueFull);
        }
        self.next = self.next.saturating_add(1);
        let waiting = WaitingMessage {
            manager,
            expires: now.after(self.expiry),
            say,
        };
        self.waiting.insert((waiting.say.priority, id), waiting);
        Ok(id)
    }

    /// Sends what the budgets allow. Returns when a message that waits can go, or expires.
    pub(super) fn send_due(
        &mut self,
        snapshot: Snapshot<'_>,
        managers: &Managers,
        accounts: &mut Accounts,
        effects: &mut Effects,
    ) -> Option<Instant> {
        let mut opens: Option<Instant> = None;
        let keys: Vec<(Priority, SayId)> = self.waiting.keys().copied().collect();
        for key in keys {
            let Some(waiting) = self.waiting.get(&key) else {
                continue;
            };
            match judge(snapshot, managers, accounts, waiting) {
                SayDecision::Wait(at) => {
                    let next = at.into_iter().chain(opens).min();
                    opens = Some(next.map_or(waiting.expires, |at| at.min(waiting.expires)));
                }
                SayDecision::Finish(outcome) => {
                    let manager = waiting.manager;
                    self.waiting.remove(&key);
                    said(manager, key.1, outcome, effects);
                }
                SayDecision::Send(socket, account) => {
                    if let Some(waiting) = self.waiting.remove(&key)
                        && let Some(account) = accounts.get_mut(account)
                    {
                        self.send(snapshot.now, socket, key.1, &waiting, account, effects);
                    }
                }
            }
        }
        opens
    }

    fn send(
        &mut self,
        now: Instant,
        socket: SocketId,
        id: SayId,
        waiting: &WaitingMessage,
        account: &mut AccountState,
        effects: &mut Effects,
    ) {
        let room = waiting.say.room;
        account.spend_message(room, now);
        self.sent.push_back(SentMessage {
            socket,
            manager: waiting.manager,
            id,
            room,
            until: now.after(self.patience),
        });
        let command = waiting.say.command(id);
        effects.act(PoolAction::Send { socket, command });
    }

    /// USERSTATE after a message of ours: the server took it. The state that comes with a JOIN
    /// has neither a nonce nor an id.
    pub(super) fn confirm(
        &mut self,
        socket: SocketId,
        room: Room,
        message: &IrcMessage<'_>,
        effects: &mut Effects,
    ) {
        let nonce = message.tag("client-nonce").map_or("", |nonce| nonce.raw());
        let named = nonce.parse().ok().map(SayId);
        if named.is_none() && message.tag("id").is_none_or(|id| id.raw().is_empty()) {
            return;
        }
        let is_it = |sent: &SentMessage| match named {
            Some(id) => sent.id == id,
            None => sent.room == room,
        };
        self.finish(socket, is_it, SayOutcome::Accepted, effects);
    }

    /// A notice that is no answer to a JOIN refuses the oldest message in its room, if its id is
    /// one that refuses messages.
    pub(super) fn refuse(
        &mut self,
        socket: SocketId,
        room: Room,
        notice: &str,
        effects: &mut Effects,
    ) {
        let refuses = notice.starts_with("msg_")
            || matches!(
                notice,
                "no_permission" | "invalid_user" | "unrecognized_cmd"
            );
        if refuses {
            let outcome = SayOutcome::Refused(notice.into());
            self.finish(socket, |sent| sent.room == room, outcome, effects);
        }
    }

    /// The oldest message that was sent on a socket and fits has come to its end.
    fn finish(
        &mut self,
        socket: SocketId,
        is_it: impl Fn(&SentMessage) -> bool,
        outcome: SayOutcome,
        effects: &mut Effects,
    ) {
        let mut sent = self.sent.iter();
        let place = sent.position(|sent| sent.socket == socket && is_it(sent));
        if let Some(sent) = place.and_then(|place| self.sent.remove(place)) {
            said(sent.manager, sent.id, outcome, effects);
        }
    }

    /// A socket is lost: what it sent is not confirmed any more.
    pub(super) fn lost(&mut self, socket: SocketId, effects: &mut Effects) {
        self.sent.retain(|sent| {
            let stays = sent.socket != socket;
            if !stays {
                said(sent.manager, sent.id, SayOutcome::Unconfirmed, effects);
            }
            stays
        });
    }

    /// Gives up the confirmations that are overdue.
    pub(super) fn on_time(&mut self, now: Instant, effects: &mut Effects) {
        while let Some(sent) = self.sent.front().filter(|sent| sent.until <= now) {
            said(sent.manager, sent.id, SayOutcome::Unconfirmed, effects);
            self.sent.pop_front();
        }
    }

    /// Gives up what a stopped manager has not sent.
    pub(super) fn drop_waiting(&mut self, manager: ManagerKey, effects: &mut Effects) {
        self.waiting.retain(|(_, id), waiting| {
            let stays = waiting.manager != manager;
            if !stays {
                said(manager, *id, SayOutcome::Stopped, effects);
            }
            stays
        });
    }

    pub(super) fn next_deadline(&self) -> Option<(Instant, PoolWait)> {
        let sent = self.sent.front();
        sent.map(|sent| (sent.until, PoolWait::Confirmation))
    }
}

fn judge(
    snapshot: Snapshot<'_>,
    managers: &Managers,
    accounts: &Accounts,
    waiting: &WaitingMessage,
) -> SayDecision {
    if waiting.expires <= snapshot.now {
        return SayDecision::Finish(SayOutcome::Expired);
    }
    let (manager, room) = (waiting.manager, waiting.say.room);
    let Some(supervisor) = managers.get(manager) else {
        return SayDecision::Finish(SayOutcome::Stopped);
    };
    let sender = supervisor.sender(&room);
    let Some(socket) = sender.and_then(|shard| snapshot.speaker(ShardRef::new(manager, shard)))
    else {
        return SayDecision::Wait(None);
    };
    let key = snapshot.sockets.get(socket).map(|socket| socket.account);
    let Some(account) = key.and_then(|key| accounts.get(key)) else {
        return SayDecision::Wait(None);
    };
    if account.is_anonymous() {
        return SayDecision::Finish(SayOutcome::Anonymous);
    }
    match account.silent_until(room, snapshot.now) {
        Some(at) => SayDecision::Wait(Some(at)),
        None => SayDecision::Send(socket, account.key()),
    }
}

fn said(manager: ManagerKey, id: SayId, outcome: SayOutcome, effects: &mut Effects) {
    effects.emit(PoolEvent::Said {
        manager,
        id,
        outcome,
    });
}
