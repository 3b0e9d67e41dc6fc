//! Saying things within the account's budget.

use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::action::{Action, Event, LinkId, ManagerKey, SayId, SayOutcome};
use super::link::Sent;
use super::{Out, Pool};
use crate::Instant;
use crate::twitch::{Command, EncodeError, Message, Room};

/// Which message goes first when budget is short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Priority {
    /// Before all others.
    High,
    /// In between.
    #[default]
    Normal,
    /// After all others.
    Low,
}

/// Something to be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    /// Where.
    pub room: Room,
    /// What; Twitch cuts it at 500 characters.
    pub text: String,
    /// The `id` of the message that this replies to.
    pub reply_to: Option<String>,
    /// How much hurry it has.
    pub priority: Priority,
}

impl Say {
    /// A message of normal priority.
    #[must_use]
    pub fn new(room: Room, text: impl Into<String>) -> Self {
        Self {
            room,
            text: text.into(),
            reply_to: None,
            priority: Priority::Normal,
        }
    }

    /// Makes it a reply to the message with this `id`.
    #[must_use]
    pub fn reply_to(mut self, id: impl Into<String>) -> Self {
        self.reply_to = Some(id.into());
        self
    }

    /// Sets its priority.
    #[must_use]
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = priority;
        self
    }
}

/// Why something cannot be said. Nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SayError {
    /// The text is empty.
    Empty,
    /// The text or the reply's id cannot be sent.
    Encode(EncodeError),
    /// Too many messages wait already; see [`PoolConfig::say_queue`](super::PoolConfig).
    QueueFull,
    /// There is no such manager, or it does not run.
    NotRunning,
}

impl fmt::Display for SayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("there is nothing to say"),
            Self::Encode(error) => fmt::Display::fmt(error, f),
            Self::QueueFull => f.write_str("too many messages wait already"),
            Self::NotRunning => f.write_str("the manager does not run"),
        }
    }
}

impl core::error::Error for SayError {}

/// Messages that wait, in the order in which they go.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    waiting: BTreeMap<(Priority, SayId), (ManagerKey, Say, Instant)>,
    next: u64,
}

/// What to do with a message whose turn has come.
enum Verdict {
    Send(LinkId, usize),
    /// Look again then, or when something happens.
    Wait(Option<Instant>),
    Finish(SayOutcome),
}

impl Pool {
    /// Queues a message; [`Event::Said`] tells what came of it. It is sent at most once: what a
    /// lost connection leaves unconfirmed is not repeated. The order in a room is kept within a
    /// priority.
    ///
    /// # Errors
    /// [`SayError`].
    pub fn say(&mut self, now: Instant, manager: ManagerKey, say: Say) -> Result<SayId, SayError> {
        self.now = self.now.max(now);
        let squad = self.squads.get(manager.0);
        if !squad.is_some_and(|squad| squad.supervisor.roster().is_running()) {
            return Err(SayError::NotRunning);
        }
        if say.text.trim().is_empty() {
            return Err(SayError::Empty);
        }
        let id = SayId(self.outbox.next);
        let mut line = String::new();
        let encoded = command(&say, id).encode(&mut line);
        encoded.map_err(SayError::Encode)?;
        if self.outbox.waiting.len() >= self.config.say_queue {
            return Err(SayError::QueueFull);
        }
        self.outbox.next = self.outbox.next.saturating_add(1);
        let expires = self.now.after(self.config.say_expiry);
        let key = (say.priority, id);
        self.outbox.waiting.insert(key, (manager, say, expires));
        self.stirred = true;
        Ok(id)
    }

    /// Sends what the budgets allow.
    pub(super) fn speak(&mut self, out: Out<'_, '_>) {
        let keys: Vec<(Priority, SayId)> = self.outbox.waiting.keys().copied().collect();
        for key in keys {
            let Some((manager, say, expires)) = self.outbox.waiting.get(&key) else {
                continue;
            };
            let (manager, expires) = (*manager, *expires);
            match self.judge_speech(manager, say.room, expires) {
                Verdict::Wait(at) => {
                    self.look_again(at.map_or(expires, |at| at.min(expires)));
                }
                Verdict::Finish(outcome) => {
                    self.outbox.waiting.remove(&key);
                    let id = key.1;
                    out.push(Action::Emit(Event::Said {
                        manager,
                        id,
                        outcome,
                    }));
                }
                Verdict::Send(link, account) => {
                    if let Some((_, say, _)) = self.outbox.waiting.remove(&key) {
                        self.send_speech(link, account, key.1, &say, out);
                    }
                }
            }
        }
    }

    fn judge_speech(&self, manager: ManagerKey, room: Room, expires: Instant) -> Verdict {
        if expires <= self.now {
            return Verdict::Finish(SayOutcome::Expired);
        }
        let Some(squad) = self.squads.get(manager.0) else {
            return Verdict::Finish(SayOutcome::Stopped);
        };
        let sender = squad.supervisor.sender(&room);
        let Some(id) = sender.and_then(|shard| self.speaker(manager, shard)) else {
            return Verdict::Wait(None);
        };
        let account = self.links.get(&id).map_or(usize::MAX, |link| link.account);
        let Some(ledger) = self.accounts.get(account) else {
            return Verdict::Wait(None);
        };
        if ledger.is_anonymous() {
            return Verdict::Finish(SayOutcome::Anonymous);
        }
        match ledger.silent_until(room, self.now) {
            Some(at) => Verdict::Wait(Some(at)),
            None => Verdict::Send(id, account),
        }
    }

    fn send_speech(
        &mut self,
        link: LinkId,
        account: usize,
        id: SayId,
        say: &Say,
        out: Out<'_, '_>,
    ) {
        let now = self.now;
        if let Some(ledger) = self.accounts.get_mut(account) {
            ledger.spend_message(say.room, now);
        }
        let until = now.after(self.config.say_patience);
        if let Some(link) = self.links.get_mut(&link) {
            let room = say.room;
            link.sent.push_back(Sent { id, room, until });
        }
        let command = command(say, id);
        out.push(Action::Send { link, command });
    }

    /// USERSTATE after a message of ours: the server took it. The state that comes with a JOIN
    /// has neither a nonce nor an id.
    pub(super) fn confirm(
        &mut self,
        link: LinkId,
        room: Room,
        message: &Message<'_>,
        out: Out<'_, '_>,
    ) {
        let nonce = message.tag("client-nonce").map_or("", |nonce| nonce.raw());
        let named = nonce.parse().ok().map(SayId);
        if named.is_none() && message.tag("id").is_none_or(|id| id.raw().is_empty()) {
            return;
        }
        let is_it = |sent: &Sent| match named {
            Some(id) => sent.id == id,
            None => sent.room == room,
        };
        self.finish_sent(link, is_it, SayOutcome::Accepted, out);
    }

    /// A notice that is no answer to a JOIN refuses the oldest message in its room, if its id is
    /// one that refuses messages.
    pub(super) fn refuse(&mut self, link: LinkId, room: Room, notice: &str, out: Out<'_, '_>) {
        let refuses = notice.starts_with("msg_")
            || matches!(
                notice,
                "no_permission" | "invalid_user" | "unrecognized_cmd"
            );
        if refuses {
            let outcome = SayOutcome::Refused(notice.into());
            self.finish_sent(link, |sent| sent.room == room, outcome, out);
        }
    }

    fn finish_sent(
        &mut self,
        link: LinkId,
        is_it: impl Fn(&Sent) -> bool,
        outcome: SayOutcome,
        out: Out<'_, '_>,
    ) {
        let Some(link) = self.links.get_mut(&link) else {
            return;
        };
        let place = link.sent.iter().position(is_it);
        if let Some(sent) = place.and_then(|place| link.sent.remove(place)) {
            let (manager, id) = (link.manager, sent.id);
            out.push(Action::Emit(Event::Said {
                manager,
                id,
                outcome,
            }));
        }
    }

    pub(super) fn expire_unconfirmed(&mut self, out: Out<'_, '_>) {
        let now = self.now;
        for link in self.links.values_mut() {
            while link.sent.front().is_some_and(|sent| sent.until <= now) {
                let Some(sent) = link.sent.pop_front() else {
                    break;
                };
                out.push(Action::Emit(Event::Said {
                    manager: link.manager,
                    id: sent.id,
                    outcome: SayOutcome::Unconfirmed,
                }));
            }
        }
    }

    /// Gives up what a stopped manager has not sent.
    pub(super) fn drop_speech(&mut self, manager: ManagerKey) {
        let waiting = core::mem::take(&mut self.outbox.waiting);
        for (key, entry) in waiting {
            if entry.0 == manager {
                let (id, outcome) = (key.1, SayOutcome::Stopped);
                self.pending.push(Action::Emit(Event::Said {
                    manager,
                    id,
                    outcome,
                }));
            } else {
                self.outbox.waiting.insert(key, entry);
            }
        }
    }
}

fn command(say: &Say, id: SayId) -> Command {
    Command::Say {
        room: say.room,
        text: say.text.clone(),
        reply_to: say.reply_to.clone(),
        nonce: alloc::format!("{}", id.get()),
    }
}
