//! Events that outlive the frame they came from.

use alloc::boxed::Box;
use core::fmt;

use super::action::{Event, LinkId, ManagerKey};
use crate::manager::ShardKey;
use crate::twitch::Message;

/// An event that borrows nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// A message from the server; an [`Event::Message`] with a line of its own.
    Heard(Heard),
    /// Anything else; never an [`Event::Message`].
    Event(Event<'static>),
}

/// A message with its line, kept in one allocation.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    manager: ManagerKey,
    shard: ShardKey,
    link: LinkId,
    line: Box<str>,
}

impl Heard {
    /// The manager.
    #[must_use]
    pub const fn manager(&self) -> ManagerKey {
        self.manager
    }

    /// The shard.
    #[must_use]
    pub const fn shard(&self) -> ShardKey {
        self.shard
    }

    /// The socket.
    #[must_use]
    pub const fn link(&self) -> LinkId {
        self.link
    }

    /// The line without its end, as it came.
    #[must_use]
    pub const fn line(&self) -> &str {
        &self.line
    }

    /// The message, read in place. It was read before, so it is always there.
    #[must_use]
    pub fn message(&self) -> Option<Message<'_>> {
        Message::parse(self.line.as_bytes()).ok()
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Heard").field(&self.line).finish()
    }
}

impl Event<'_> {
    /// Copies what is borrowed: the line of a message, nothing else.
    #[must_use]
    pub fn into_owned(self) -> News {
        News::Event(match self {
            Event::Message {
                manager,
                shard,
                link,
                message,
            } => {
                let line = message.line().into();
                return News::Heard(Heard {
                    manager,
                    shard,
                    link,
                    line,
                });
            }
            Event::Malformed {
                manager,
                shard,
                error,
            } => Event::Malformed {
                manager,
                shard,
                error,
            },
            Event::ShardUp {
                manager,
                shard,
                login,
            } => Event::ShardUp {
                manager,
                shard,
                login,
            },
            Event::LinkLost {
                manager,
                shard,
                end,
            } => Event::LinkLost {
                manager,
                shard,
                end,
            },
            Event::Reconnecting { manager, shard } => Event::Reconnecting { manager, shard },
            Event::Joined {
                manager,
                shard,
                room,
                took,
                again,
            } => Event::Joined {
                manager,
                shard,
                room,
                took,
                again,
            },
            Event::HandedOver {
                manager,
                shard,
                room,
            } => Event::HandedOver {
                manager,
                shard,
                room,
            },
            Event::JoinFailed {
                manager,
                shard,
                room,
                reason,
                retry_in,
            } => Event::JoinFailed {
                manager,
                shard,
                room,
                reason,
                retry_in,
            },
            Event::Parted {
                manager,
                room,
                by_server,
            } => Event::Parted {
                manager,
                room,
                by_server,
            },
            Event::Said {
                manager,
                id,
                outcome,
            } => Event::Said {
                manager,
                id,
                outcome,
            },
            Event::UnknownAccount { manager, shard } => Event::UnknownAccount { manager, shard },
            Event::Ended { manager } => Event::Ended { manager },
        })
    }
}
