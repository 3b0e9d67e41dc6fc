//! What a chat bot tells its user.

use std::sync::Arc;

use headcount_core::twitch::{AccountKey, Event, Heard, ManagerKey, News};

use crate::Panicked;

/// News from a running chat bot.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ChatEvent {
    /// A message from the server.
    Heard(Heard),
    /// News of the pool; never an [`Event::Message`] or an [`Event::Mirrored`].
    Pool(Event<'static>),
    /// An account needs a token before it can connect: give it one by
    /// [`ChatHandle::set_token`](crate::ChatHandle::set_token). Asked again after a while.
    WantToken(AccountKey),
    /// So many messages were dropped here because nobody took them.
    Missed {
        /// How many.
        messages: u64,
    },
    /// A shard manager of yours panicked. Its connections end, and it can only be stopped; other
    /// managers go on. [`Event::Ended`] follows when the last socket is gone.
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
    /// Whether it may be dropped when nobody takes it: a server can send any number of these.
    pub(super) fn is_chatter(&self) -> bool {
        match self {
            Self::Heard(_) | Self::Pool(Event::Malformed { .. }) => true,
            Self::Pool(_)
            | Self::WantToken(_)
            | Self::Missed { .. }
            | Self::ManagerFailed { .. }
            | Self::Crashed(_) => false,
        }
    }
}

impl From<News> for ChatEvent {
    fn from(news: News) -> Self {
        match news {
            News::Heard(heard) => Self::Heard(heard),
            News::Event(event) => Self::Pool(event),
        }
    }
}
