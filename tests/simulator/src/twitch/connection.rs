//! One connection as the server sees it.
use std::collections::BTreeSet;

/// What a client asked to receive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Capabilities {
    pub(super) tags: bool,
    pub(super) commands: bool,
    pub(super) membership: bool,
}

/// Who is on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Identity {
    /// Nobody yet; the PASS, if one came.
    Unknown(Option<String>),
    /// `justinfan` and digits.
    Anonymous(String),
    /// An account, by its login.
    Account(String),
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) capabilities: Capabilities,
    pub(super) identity: Identity,
    pub(super) rooms: BTreeSet<String>,
    /// Rooms whose JOIN is being worked on.
    pub(super) coming: BTreeSet<String>,
    /// Half open: nothing gets through in either direction.
    pub(super) frozen: bool,
    /// Whether a PING waits for its PONG.
    pub(super) pinged: bool,
}

impl Connection {
    pub(super) fn new() -> Self {
        Self {
            capabilities: Capabilities::default(),
            identity: Identity::Unknown(None),
            rooms: BTreeSet::new(),
            coming: BTreeSet::new(),
            frozen: false,
            pinged: false,
        }
    }

    /// The login, once somebody is logged in.
    pub(super) fn login(&self) -> Option<&str> {
        match &self.identity {
            Identity::Unknown(_) => None,
            Identity::Anonymous(login) | Identity::Account(login) => Some(login),
        }
    }

    /// The account's login; anonymous connections have no account.
    pub(super) fn account(&self) -> Option<&str> {
        match &self.identity {
            Identity::Unknown(_) | Identity::Anonymous(_) => None,
            Identity::Account(login) => Some(login),
        }
    }
}
