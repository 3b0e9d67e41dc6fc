//! What one account has spent and knows.

use alloc::collections::BTreeMap;
use core::time::Duration;

use super::action::{AccountKey, PoolAction};
use super::effect::Effects;
use super::seen::Seen;
use crate::rng::Rng;
use crate::twitch::budget::Window;
use crate::twitch::connection::Identity;
use crate::twitch::{Account, AccountLimits, IrcMessage, Login, Room};
use crate::{Instant, Token};

/// Rooms that an account remembers something about.
const MOST_ROOMS: usize = 20_000;

/// How long the host may take to bring a token before it is asked again.
const TOKEN_PATIENCE: Duration = Duration::from_secs(60);

/// Whispers that are remembered to drop what comes on several sockets.
const WHISPERS: usize = 256;

/// What the account is in a room.
#[derive(Clone, Copy, Debug, Default)]
struct RoomRights {
    moderator: bool,
    /// Moderator, VIP or owner.
    privileged: bool,
    slow: Duration,
    said: Option<Instant>,
}

/// Whether the account can log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Access {
    Open,
    /// The host was asked for a token.
    AwaitsToken {
        ask_again: Instant,
    },
    /// The server does not take the login, whatever the token.
    LoginRejected,
}

/// Whether a socket may log in now.
pub(super) enum Grant {
    Granted(Identity),
    /// Not before the budget has room again.
    Blocked(Instant),
    /// There is no token.
    NoToken,
}

#[derive(Debug)]
pub(super) struct AccountState {
    key: AccountKey,
    account: Account,
    access: Access,
    /// Sockets lost in a row on the shard that ended last: the shard that takes its place goes on
    /// from there.
    pub(super) failures: u32,
    joins: Window,
    logins: Window,
    messages: Window,
    all_messages: Window,
    rights: BTreeMap<Room, RoomRights>,
    whispers: Seen,
}

impl AccountState {
    pub(super) fn new(key: AccountKey, account: Account) -> Self {
        let limits = account.limits;
        let window = |rate| Window::new(rate, limits.margin);
        let mut new = Self {
            key,
            access: Access::Open,
            failures: 0,
            joins: window(limits.joins),
            logins: window(limits.logins),
            messages: window(limits.messages),
            all_messages: window(limits.all_messages),
            rights: BTreeMap::new(),
            whispers: Seen::new(WHISPERS),
            account,
        };
        for room in new.account.moderates.clone() {
            new.note_rights(room, true, true);
        }
        new
    }

    pub(super) const fn key(&self) -> AccountKey {
        self.key
    }

    pub(super) const fn limits(&self) -> AccountLimits {
        self.account.limits
    }

    pub(super) fn is_called(&self, name: &str) -> bool {
        match self.account.login {
            Some(login) => login.as_str() == name,
            None => name == "anonymous",
        }
    }

    pub(super) fn is_anonymous(&self) -> bool {
        self.account.login.is_none()
    }

    pub(super) fn is_login_rejected(&self) -> bool {
        self.access == Access::LoginRejected
    }

    pub(super) fn lacks_token(&self) -> bool {
        self.account.login.is_some() && self.account.token.is_none()
    }

    pub(super) fn set_token(&mut self, token: Token) {
        self.account.token = Some(token);
        self.access = Access::Open;
    }

    pub(super) fn forgive(&mut self) {
        self.failures = 0;
        match self.access {
            Access::LoginRejected => self.access = Access::Open,
            Access::Open | Access::AwaitsToken { .. } => {}
        }
    }

    /// The server does not take the login.
    pub(super) fn reject_login(&mut self) {
        self.access = Access::LoginRejected;
    }

    /// The server does not take the token: another one is needed.
    pub(super) fn drop_token(&mut self, now: Instant, effects: &mut Effects) {
        self.account.token = None;
        self.want_token(now, effects);
    }

    /// Asks for a token, unless that was done a short while ago.
    pub(super) fn want_token(&mut self, now: Instant, effects: &mut Effects) {
        match self.access {
            Access::AwaitsToken { ask_again } if ask_again > now => return,
            Access::LoginRejected => return,
            Access::Open | Access::AwaitsToken { .. } => {}
        }
        let ask_again = now.after(TOKEN_PATIENCE);
        self.access = Access::AwaitsToken { ask_again };
        effects.act(PoolAction::WantToken { account: self.key });
    }

    /// When the host is asked for a token again.
    pub(super) fn asks_again_at(&self) -> Option<Instant> {
        match self.access {
            Access::AwaitsToken { ask_again } => Some(ask_again),
            Access::Open | Access::LoginRejected => None,
        }
    }

    /// Nobody has brought the token in time.
    pub(super) fn ask_again(&mut self, now: Instant, is_used: bool, effects: &mut Effects) {
        if is_used {
            self.want_token(now, effects);
        } else {
            self.access = Access::Open;
        }
    }

    /// Spends a login if the budget allows one.
    pub(super) fn grant_login(&mut self, now: Instant, rng: &mut Rng) -> Grant {
        if let Some(at) = self.logins.blocked_until(now) {
            return Grant::Blocked(at);
        }
        match self.identity(rng) {
            Some(identity) => {
                self.logins.spend(now);
                Grant::Granted(identity)
            }
            None => Grant::NoToken,
        }
    }

    fn identity(&self, rng: &mut Rng) -> Option<Identity> {
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

    /// How many rooms may be joined now.
    pub(super) fn joins_available(&self, now: Instant) -> usize {
        self.joins.available(now)
    }

    /// When the next room may be joined; `None` for now.
    pub(super) fn joins_blocked_until(&self, now: Instant) -> Option<Instant> {
        self.joins.blocked_until(now)
    }

    pub(super) fn spend_join(&mut self, now: Instant) {
        self.joins.spend(now);
    }

    /// Whether a socket in this room takes a place of the room limit.
    pub(super) fn counts(&self, room: Room) -> bool {
        let rights = self.rights.get(&room);
        !rights.is_some_and(|rights| rights.moderator)
    }

    /// Whether a whisper has not come before.
    pub(super) fn is_new_whisper(&mut self, id: &str) -> bool {
        self.whispers.insert(id)
    }

    fn note_rights(&mut self, room: Room, moderator: bool, privileged: bool) {
        if self.rights.len() < MOST_ROOMS || self.rights.contains_key(&room) {
            let rights = self.rights.entry(room).or_default();
            rights.moderator = moderator;
            rights.privileged = privileged;
        }
    }

    /// Takes in what USERSTATE says about the account in a room.
    pub(super) fn note_user_state(&mut self, room: Room, message: &IrcMessage<'_>) {
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
        self.note_rights(
            room,
            moderator,
            moderator || badge("vip") || badge("broadcaster"),
        );
    }

    pub(super) fn note_slow(&mut self, room: Room, slow: Duration) {
        if self.rights.len() < MOST_ROOMS || self.rights.contains_key(&room) {
            self.rights.entry(room).or_default().slow = slow;
        }
    }

    /// When the account may next say something in a room; `None` for now.
    pub(super) fn silent_until(&self, room: Room, now: Instant) -> Option<Instant> {
        let rights = self.rights.get(&room).copied().unwrap_or_default();
        let all = self.all_messages.blocked_until(now);
        if rights.privileged {
            return all;
        }
        let gap = self.account.limits.message_gap.max(rights.slow);
        let gap = gap.saturating_add(self.account.limits.margin);
        let room = rights.said.map(|at| at.after(gap)).filter(|at| *at > now);
        all.max(self.messages.blocked_until(now)).max(room)
    }

    pub(super) fn spend_message(&mut self, room: Room, now: Instant) {
        self.all_messages.spend(now);
        let privileged = self
            .rights
            .get(&room)
            .is_some_and(|rights| rights.privileged);
        if !privileged {
            self.messages.spend(now);
        }
        if self.rights.len() < MOST_ROOMS || self.rights.contains_key(&room) {
            self.rights.entry(room).or_default().said = Some(now);
        }
    }
}
