//! The events of a chat bot.

use std::sync::Arc;

use headcount_core::manager::ShardKey;
use headcount_core::session::Halt;
use headcount_core::twitch::{AccountKey, Heard, ManagerKey, OwnedPoolEvent, PoolEvent};

use crate::{Error, Panicked};

/// An event of a running chat bot.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChatEvent {
    /// A message from the server.
    Heard(Heard),
    /// An event of the pool; never a [`PoolEvent::Message`] or a [`PoolEvent::Mirrored`].
    Pool(PoolEvent<'static>),
    /// An account needs a token before it can connect: give it one by
    /// [`ChatHandle::set_token`](crate::ChatHandle::set_token). Asked again after a while.
    WantToken(AccountKey),
    /// So many messages were dropped here because nobody took them.
    Missed {
        /// How many.
        messages: u64,
    },
    /// A connection could not be opened, or broke: why, in the words of whoever noticed. The
    /// error's source is the whole chain of causes. [`PoolEvent::LinkLost`] follows; the shard
    /// dials again by itself.
    ConnectionFailed {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
        /// Whether it had been open.
        opened: bool,
        /// What happened.
        error: Arc<Error>,
    },
    /// A shard manager of yours panicked. Its connections end, and it can only be stopped; other
    /// managers go on. [`PoolEvent::Ended`] follows when the last socket is gone.
    ManagerFailed {
        /// The manager.
        manager: ManagerKey,
        /// What it said.
        error: Arc<Panicked>,
    },
    /// The chat's own code panicked: every connection ends, and this is the last event.
    Crashed(Arc<Panicked>),
}

impl ChatEvent {
    /// What to do about it, in one line, if there is something to do.
    #[must_use]
    pub fn remedy(&self) -> Option<&'static str> {
        match self {
            Self::WantToken(_) => Some(
                "get a token with the scopes chat:read and chat:edit, and give it to `set_token`",
            ),
            Self::Pool(PoolEvent::LoginRejected { .. }) => Some("check the account's login"),
            Self::ConnectionFailed { error, .. } => Some(error.kind().remedy()),
            Self::ManagerFailed { .. } | Self::Crashed(_) => Halt::Crashed.remedy(),
            Self::Pool(_) | Self::Heard(_) | Self::Missed { .. } => None,
        }
    }

    /// Whether it may be dropped when nobody takes it: a server can send any number of these.
    pub(super) fn is_chatter(&self) -> bool {
        match self {
            Self::Heard(_) | Self::Pool(PoolEvent::Malformed { .. }) => true,
            Self::Pool(_)
            | Self::WantToken(_)
            | Self::Missed { .. }
            | Self::ConnectionFailed { .. }
            | Self::ManagerFailed { .. }
            | Self::Crashed(_) => false,
        }
    }
}

impl From<OwnedPoolEvent> for ChatEvent {
    fn from(event: OwnedPoolEvent) -> Self {
        match event {
            OwnedPoolEvent::Heard(heard) => Self::Heard(heard),
            OwnedPoolEvent::Event(event) => Self::Pool(event),
        }
    }
}
