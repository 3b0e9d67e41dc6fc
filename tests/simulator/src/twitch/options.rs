//! What the simulated Twitch is like.
use crate::edge::Millis;
use std::collections::{BTreeMap, BTreeSet};

/// Accounts, rooms, limits and manners. Every name is lower-case and without `#`.
#[derive(Clone, Debug)]
pub struct TwitchOptions {
    /// The accounts that are known.
    pub accounts: Vec<AccountPlan>,
    /// Whether a token that no account has logs in as its NICK. On by default.
    pub strangers: bool,
    /// Rooms that are not like the others; every other name is a plain room.
    pub rooms: BTreeMap<String, RoomPlan>,
    /// What is allowed.
    pub limits: TwitchLimits,
    /// What happens to a JOIN over the rate. Dropped by default.
    pub join_enforcement: JoinEnforcement,
    /// How long a JOIN takes, in milliseconds, from and to. 5 to 80 by default.
    pub join_delay: (Millis, Millis),
    /// How long a NAMES list comes after its JOIN, in milliseconds, at most. 200 by default.
    pub names_delay: Millis,
    /// How long the welcome takes, in milliseconds. 20 by default.
    pub welcome_delay: Millis,
    /// Milliseconds between two PINGs of the server. 300,000 by default.
    pub ping_every: Millis,
    /// How long a PONG may take, in milliseconds. 10,000 by default.
    pub pong_within: Millis,
    /// Milliseconds between two messages of a viewer in each room that somebody has joined.
    /// `None`, the default: nobody speaks.
    pub chatter: Option<Millis>,
}

impl Default for TwitchOptions {
    fn default() -> Self {
        Self {
            accounts: Vec::new(),
            strangers: true,
            rooms: BTreeMap::new(),
            limits: TwitchLimits::default(),
            join_enforcement: JoinEnforcement::Drop,
            join_delay: (5, 80),
            names_delay: 200,
            welcome_delay: 20,
            ping_every: 300_000,
            pong_within: 10_000,
            chatter: None,
        }
    }
}

/// The three ways in which Twitch has been seen to meet JOINs over the rate. Each is recorded as a
/// violation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JoinEnforcement {
    /// They work.
    Off,
    /// They are not answered.
    Drop,
    /// The connection is cut at once.
    Kill,
}

/// An account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccountPlan {
    /// Its login.
    pub login: String,
    /// Its token, without `oauth:`; `None` takes any.
    pub token: Option<String>,
    /// Whether it is a verified bot, with the higher limits.
    pub verified: bool,
    /// Rooms in which it is a moderator.
    pub moderates: BTreeSet<String>,
    /// Rooms in which it is banned.
    pub banned: BTreeSet<String>,
}

impl AccountPlan {
    /// An ordinary account that moderates nothing.
    #[must_use]
    pub fn new(login: &str, token: &str) -> Self {
        Self {
            login: login.to_owned(),
            token: Some(token.to_owned()),
            ..Self::default()
        }
    }
}

/// A room that is not like the others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoomPlan {
    /// It does not exist: a JOIN is never answered.
    pub missing: bool,
    /// It is suspended.
    pub suspended: bool,
    /// Seconds between two messages of one account; 0 for no slow mode.
    pub slow: u64,
}

/// What one account may do, over all its connections. Anonymous logins are not limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TwitchLimits {
    /// JOINs within [`join_span`](Self::join_span): 20, for verified bots 2000.
    pub joins: (usize, usize),
    /// 10,000 ms. It also holds for logins.
    pub join_span: Millis,
    /// Logins within the same span: 20, for verified bots 200.
    pub logins: (usize, usize),
    /// Messages within [`message_span`](Self::message_span) in rooms without a privilege: 20, for
    /// verified bots 7500.
    pub messages: (usize, usize),
    /// Messages in all rooms within the same span: 100, for verified bots 7500.
    pub all_messages: (usize, usize),
    /// 30,000 ms.
    pub message_span: Millis,
    /// How long an account is ignored after too many messages: 30 minutes.
    pub mute: Millis,
    /// Between two messages of one account in one room: 1000 ms, except for moderators and owners.
    pub room_gap: Millis,
    /// How long the same text is a duplicate: 30,000 ms.
    pub duplicate_span: Millis,
    /// Rooms joined at a time: 100, those that the account moderates not counted.
    pub rooms: usize,
    /// How long a room of a lost connection still counts, unless the account joins it again:
    /// 30,000 ms.
    pub release_after: Millis,
    /// The longest line, in bytes with its end: 4096; the rest is cut off.
    pub line_bytes: usize,
    /// The longest chat text, in characters: 500; the rest is cut off.
    pub text_chars: usize,
}

impl Default for TwitchLimits {
    fn default() -> Self {
        Self {
            joins: (20, 2000),
            join_span: 10_000,
            logins: (20, 200),
            messages: (20, 7500),
            all_messages: (100, 7500),
            message_span: 30_000,
            mute: 1_800_000,
            room_gap: 1000,
            duplicate_span: 30_000,
            rooms: 100,
            release_after: 30_000,
            line_bytes: 4096,
            text_chars: 500,
        }
    }
}
