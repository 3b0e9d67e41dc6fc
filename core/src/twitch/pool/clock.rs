//! What the pool waits for.

use alloc::vec::Vec;

use super::action::{LinkId, ManagerKey};
use super::link::Presence;
use super::{Out, Pool};
use crate::Instant;
use crate::manager::ShardKey;
use crate::twitch::{Room, connection};

/// Something to look at when its time has come. What is out of date by then is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    Seat(ManagerKey, Room),
    Presence(LinkId, Room),
    Retired(LinkId),
    Mirrors(ManagerKey),
}

/// What the pool waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Wait {
    /// Nothing: there is something to do at once.
    Request,
    /// A connection's own wait.
    Connection(connection::Wait),
    /// The back-off of a shard that dials.
    BackOff,
    /// A fresh token; it is asked for again.
    Token,
    /// The answer to a JOIN or a PART, or the next attempt.
    Room,
    /// The rooms of a link that is being replaced.
    Handover,
    /// Budget to log in, to join or to say something, or a message's own end.
    Budget,
    /// The confirmation of a message.
    Confirmation,
    /// The original of a message that shared chat mirrors.
    Original,
    /// A manager's option: a shard that is down or empty for long.
    Manager,
}

impl Pool {
    /// When to call [`handle`](Pool::handle) with `Timeout`, and for what.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<(Instant, Wait)> {
        let busy = !self.pending.is_empty() || !self.decisions.is_empty() || self.stirred;
        if busy {
            return Some((self.now, Wait::Request));
        }
        let mut next: Option<(Instant, Wait)> = None;
        let mut wait = |at: Instant, what: Wait| {
            if next.is_none_or(|(before, _)| at < before) {
                next = Some((at, what));
            }
        };
        if let Some((at, timer)) = self.timers.first() {
            let what = match timer {
                Timer::Seat(..) | Timer::Presence(..) => Wait::Room,
                Timer::Retired(_) => Wait::Handover,
                Timer::Mirrors(_) => Wait::Original,
            };
            wait(*at, what);
        }
        if let Some(at) = self.budget_at {
            wait(at, Wait::Budget);
        }
        for link in self.links.values() {
            if let Some((at, what)) = link.connection.poll_timeout() {
                wait(at, Wait::Connection(what));
            }
            if let Some(sent) = link.sent.front() {
                wait(sent.until, Wait::Confirmation);
            }
        }
        for squad in &self.squads {
            if let Some(at) = squad.supervisor.poll_timeout() {
                wait(at, Wait::Manager);
            }
            for runner in squad.runners.values() {
                let ledger = self.accounts.get(runner.account);
                let ask_again = ledger.and_then(|ledger| ledger.ask_again);
                match ask_again {
                    Some(at) => wait(at, Wait::Token),
                    None if runner.link.is_none() && runner.dial_at > self.now => {
                        wait(runner.dial_at, Wait::BackOff);
                    }
                    None => {}
                }
            }
        }
        next
    }

    /// Looks at everything whose time has come.
    pub(super) fn run_clock(&mut self, out: Out<'_, '_>) {
        let now = self.now;
        while let Some((at, timer)) = self.timers.first().copied() {
            if at > now {
                break;
            }
            self.timers.pop_first();
            match timer {
                Timer::Seat(manager, room) => self.on_seat_timer(manager, room, out),
                Timer::Presence(link, room) => self.on_presence_timer(link, room, out),
                Timer::Retired(link) => self.close_link(link, out),
                Timer::Mirrors(manager) => self.tell_late_mirrors(manager, out),
            }
        }
        let due = |at: Option<(Instant, connection::Wait)>| at.is_some_and(|(at, _)| at <= now);
        let links = self.links.iter();
        let links = links.filter(|(_, link)| due(link.connection.poll_timeout()));
        let links: Vec<LinkId> = links.map(|(id, _)| *id).collect();
        for id in links {
            self.feed(id, connection::Input::Timeout, out);
        }
        self.expire_unconfirmed(out);
        self.tend_managers();
        let waits = self.accounts.iter().filter_map(|ledger| ledger.ask_again);
        if waits.min().is_some_and(|at| at <= now) {
            self.ask_tokens_again(out);
        }
    }

    /// A JOIN or a PART was never answered: the room does not count any more. When nothing at
    /// all was heard the link may be deaf, and the room is kept until that is known.
    fn on_presence_timer(&mut self, id: LinkId, room: Room, out: Out<'_, '_>) {
        let now = self.now;
        let Some(link) = self.links.get(&id) else {
            return;
        };
        let (manager, shard): (ManagerKey, ShardKey) = (link.manager, link.shard);
        let over = match link.rooms.get(&room) {
            Some(Presence::Asked { until } | Presence::Leaving { until }) => *until <= now,
            Some(Presence::Joined) | None => false,
        };
        let patience = self.config.join_patience;
        let heard = link.connection.heard();
        let hears = heard.is_some_and(|heard| now.since(heard) <= patience);
        if over && !hears {
            self.timers
                .insert((now.after(patience), Timer::Presence(id, room)));
        } else if over {
            self.set_presence(id, room, None);
            self.close_empty_retired(manager, shard, out);
        }
    }

    fn tend_managers(&mut self) {
        let now = self.now;
        for (number, squad) in self.squads.iter_mut().enumerate() {
            if squad.supervisor.poll_timeout().is_some_and(|at| at <= now) {
                let decisions = squad.supervisor.handle_timeout(now);
                let decisions = decisions
                    .into_iter()
                    .map(|decision| (ManagerKey(number), decision));
                self.decisions.extend(decisions);
            }
        }
    }
}
