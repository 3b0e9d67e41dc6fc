//! What an account has spent and holds.

use alloc::collections::{BTreeMap, BTreeSet};
use core::time::Duration;

use super::action::ManagerKey;
use super::seen::Seen;
use crate::rng::Rng;
use crate::twitch::budget::Window;
use crate::twitch::connection::Identity;
use crate::twitch::{Account, Login, Message, Room};
use crate::{Instant, Token};

/// Rooms that an account remembers something about.
const MOST_ROOMS: usize = 20_000;

/// Which join goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// It was joined: its messages are being missed, or soon will be.
    Rejoin,
    /// It was assigned.
    First,
    /// It failed before.
    Retry,
}

/// A place in the queue of joins.
pub(super) type Turn = (Urgency, u64, ManagerKey, Room);

/// What the account is in a room.
#[derive(Clone, Copy, Debug, Default)]
struct Standing {
    moderator: bool,
    /// Moderator, VIP or owner.
    privileged: bool,
    slow: Duration,
    said: Option<Instant>,
}

#[derive(Debug)]
pub(super) struct Ledger {
    pub(super) account: Account,
    /// The server does not take its login.
    pub(super) barred: bool,
    /// Links lost in a row on the shard that ended last, where the shard that takes its place goes
    /// on.
    pub(super) failures: u32,
    /// When to ask for a token again, while asked.
    pub(super) ask_again: Option<Instant>,
    pub(super) joins: Window,
    pub(super) logins: Window,
    messages: Window,
    all_messages: Window,
    standings: BTreeMap<Room, Standing>,
    /// How many sockets hold each room.
    held: BTreeMap<Room, usize>,
    pub(super) queue: BTreeSet<Turn>,
    pub(super) whispers: Seen,
}

impl Ledger {
    pub(super) fn new(account: Account) -> Self {
        let limits = account.limits;
        let window = |rate| Window::new(rate, limits.margin);
        let mut new = Self {
            barred: false,
            failures: 0,
            ask_again: None,
            joins: window(limits.joins),
            logins: window(limits.logins),
            messages: window(limits.messages),
            all_messages: window(limits.all_messages),
            standings: BTreeMap::new(),
            held: BTreeMap::new(),
            queue: BTreeSet::new(),
            whispers: Seen::new(256),
            account,
        };
        for room in new.account.moderates.clone() {
            new.note_standing(room, true, true);
        }
        new
    }

    pub(super) fn is_anonymous(&self) -> bool {
        self.account.login.is_none()
    }

    pub(super) fn lacks_token(&self) -> bool {
        self.account.login.is_some() && self.account.token.is_none()
    }

    pub(super) fn set_token(&mut self, token: Token) {
        self.account.token = Some(token);
        self.ask_again = None;
        self.barred = false;
    }

    pub(super) fn identity(&self, rng: &mut Rng) -> Option<Identity> {
        match (self.account.login, &self.account.token) {
            (Some(login), Some(token)) => Some(Identity::Account {
                login,
                token: token.clone(),
            }),
            (Some(_), None) => None,
            (None, _) => {
                let digits = rng.next_u64().checked_rem(100_000).unwrap_or(0);
                let login = Login::new(&alloc::format!("justinfan{digits}")).ok()?;
                Some(Identity::Anonymous(login))
            }
        }
    }

    pub(super) fn hold(&mut self, room: Room) {
        let count = self.held.entry(room).or_default();
        *count = count.saturating_add(1);
    }

    pub(super) fn release(&mut self, room: Room) {
        if let Some(count) = self.held.get_mut(&room) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.held.remove(&room);
            }
        }
    }

    fn moderates(&self, room: Room) -> bool {
        let standing = self.standings.get(&room);
        standing.is_some_and(|standing| standing.moderator)
    }

    /// Whether one more socket in this room would be over the limit.
    pub(super) fn is_full_for(&self, room: Room) -> bool {
        let Some(limit) = self.account.limits.rooms else {
            return false;
        };
        let counts = self.held.iter().filter(|(room, _)| !self.moderates(**room));
        let held = counts.fold(0_usize, |sum, (_, count)| sum.saturating_add(*count));
        !self.moderates(room) && held >= limit
    }

    pub(super) fn note_standing(&mut self, room: Room, moderator: bool, privileged: bool) {
        if self.standings.len() < MOST_ROOMS || self.standings.contains_key(&room) {
            let standing = self.standings.entry(room).or_default();
            standing.moderator = moderator;
            standing.privileged = privileged;
        }
    }

    /// Takes in what USERSTATE tells about us in a room.
    pub(super) fn note_user_state(&mut self, room: Room, message: &Message<'_>) {
        let Some(moderator) = message.tag("mod") else {
            return;
        };
        let moderator = moderator.raw() == "1";
        let badges = message.tag("badges").map_or("", |value| value.raw());
        let badge = |name: &str| {
            let mut names = badges.split(',').map(|badge| badge.split('/').next());
            names.any(|badge| badge == Some(name))
        };
        let moderator = moderator || badge("moderator");
        self.note_standing(
            room,
            moderator,
            moderator || badge("vip") || badge("broadcaster"),
        );
    }

    pub(super) fn note_slow(&mut self, room: Room, slow: Duration) {
        if self.standings.len() < MOST_ROOMS || self.standings.contains_key(&room) {
            self.standings.entry(room).or_default().slow = slow;
        }
    }

    /// When the account may next say something in a room; `None` for now.
    pub(super) fn silent_until(&self, room: Room, now: Instant) -> Option<Instant> {
        let standing = self.standings.get(&room).copied().unwrap_or_default();
        let all = self.all_messages.blocked_until(now);
        if standing.privileged {
            return all;
        }
        let gap = self.account.limits.message_gap.max(standing.slow);
        let gap = gap.saturating_add(self.account.limits.margin);
        let room = standing.said.map(|at| at.after(gap)).filter(|at| *at > now);
        all.max(self.messages.blocked_until(now)).max(room)
    }

    pub(super) fn spend_message(&mut self, room: Room, now: Instant) {
        self.all_messages.spend(now);
        let privileged = self
            .standings
            .get(&room)
            .is_some_and(|standing| standing.privileged);
        if !privileged {
            self.messages.spend(now);
        }
        if self.standings.len() < MOST_ROOMS || self.standings.contains_key(&room) {
            self.standings.entry(room).or_default().said = Some(now);
        }
    }
}
