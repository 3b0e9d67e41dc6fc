//! An account and its limits at Twitch, over all its connections.

use alloc::collections::BTreeSet;
use core::time::Duration;

use crate::Token;
use crate::bounds::{ConfigError, pause, within};
use crate::twitch::{Login, Rate, Room};

/// The limits of one account at Twitch (<https://dev.twitch.tv/docs/chat/#rate-limits>). Every
/// window slides and is never exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccountLimits {
    /// Rooms joined, each room of a list counted.
    pub joins: Rate,
    /// Attempts to log in.
    pub logins: Rate,
    /// Messages in rooms where the account is neither moderator, VIP nor owner.
    pub messages: Rate,
    /// Messages in all rooms together.
    pub all_messages: Rate,
    /// Rooms joined at a time, those in which the account is moderator not counted; `None` for no
    /// limit.
    pub rooms: Option<usize>,
    /// Between two messages in one room, unless moderator, VIP or owner; a room's slow mode
    /// lengthens it.
    pub message_gap: Duration,
    /// Kept on top of every window, since lines sent apart may arrive closer together.
    pub margin: Duration,
}

impl AccountLimits {
    /// An ordinary account: 20 joins and 20 logins in 10 s, 20 and 100 messages in 30 s, 100
    /// rooms. The margin is 500 ms.
    pub const NORMAL: Self = Self {
        joins: Rate::new(20, 10),
        logins: Rate::new(20, 10),
        messages: Rate::new(20, 30),
        all_messages: Rate::new(100, 30),
        rooms: Some(100),
        message_gap: Duration::from_secs(1),
        margin: Duration::from_millis(500),
    };

    /// A verified bot: 2000 joins and 200 logins in 10 s, 7500 messages in 30 s, 100 rooms.
    pub const VERIFIED: Self = Self {
        joins: Rate::new(2000, 10),
        logins: Rate::new(200, 10),
        messages: Rate::new(7500, 30),
        all_messages: Rate::new(7500, 30),
        ..Self::NORMAL
    };

    /// Nobody: as [`NORMAL`](Self::NORMAL), without the limit of rooms.
    pub const ANONYMOUS: Self = Self {
        rooms: None,
        ..Self::NORMAL
    };

    pub(super) fn check(&self) -> Result<(), ConfigError> {
        let Self {
            joins,
            logins,
            messages,
            all_messages,
            rooms,
            message_gap,
            margin,
        } = self;
        joins.check().map_err(|error| error.of("joins"))?;
        logins.check().map_err(|error| error.of("logins"))?;
        messages.check().map_err(|error| error.of("messages"))?;
        all_messages
            .check()
            .map_err(|error| error.of("all_messages"))?;
        within("rooms", rooms.unwrap_or(1), &(1..=usize::MAX))?;
        pause("message_gap", *message_gap)?;
        pause("margin", *margin)
    }
}

/// An account to connect with.
#[derive(Clone, Debug)]
pub struct Account {
    pub(super) login: Option<Login>,
    pub(super) token: Option<Token>,
    pub(super) limits: AccountLimits,
    pub(super) moderates: BTreeSet<Room>,
}

impl Account {
    /// An ordinary account. Without a token, one is asked for before the first connection.
    #[must_use]
    pub fn new(login: Login, token: Option<Token>) -> Self {
        Self {
            login: Some(login),
            token,
            limits: AccountLimits::NORMAL,
            moderates: BTreeSet::new(),
        }
    }

    /// Nobody, as `justinfan` and digits: reads every room, says nothing.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            login: None,
            token: None,
            limits: AccountLimits::ANONYMOUS,
            moderates: BTreeSet::new(),
        }
    }

    /// Sets its limits.
    #[must_use]
    pub fn with_limits(mut self, limits: AccountLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the rooms in which it is moderator. More are learned when they are joined, but only
    /// those known before help to join more than the limit.
    #[must_use]
    pub fn moderating(mut self, rooms: impl IntoIterator<Item = Room>) -> Self {
        self.moderates.extend(rooms);
        self
    }
}
