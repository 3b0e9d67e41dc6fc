//! Events that outlive the frame they came from.

use alloc::boxed::Box;
use core::fmt;

use super::action::{ManagerKey, PoolEvent, SocketId};
use crate::manager::ShardKey;
use crate::twitch::IrcMessage;

/// An event that borrows nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum OwnedPoolEvent {
    /// A message from the server: a [`PoolEvent::Message`] with a line of its own, or an
    /// [`PoolEvent::Mirrored`].
    Heard(Heard),
    /// Anything else; never one of those two.
    Event(PoolEvent<'static>),
}

/// A message with its line, kept in one allocation.
#[derive(Clone, PartialEq, Eq)]
pub struct Heard {
    manager: ManagerKey,
    shard: ShardKey,
    socket: SocketId,
    line: Box<str>,
}

impl Heard {
    pub(super) fn new(
        manager: ManagerKey,
        shard: ShardKey,
        socket: SocketId,
        message: &IrcMessage<'_>,
    ) -> Self {
        Self {
            manager,
            shard,
            socket,
            line: message.line().into(),
        }
    }

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
    pub const fn socket(&self) -> SocketId {
        self.socket
    }

    /// The line without its end, as it came.
    #[must_use]
    pub const fn line(&self) -> &str {
        &self.line
    }

    /// The message, read in place. It was read before, so it is always there.
    #[must_use]
    pub fn message(&self) -> Option<IrcMessage<'_>> {
        IrcMessage::parse(self.line.as_bytes()).ok()
    }
}

impl fmt::Debug for Heard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Heard").field(&self.line).finish()
    }
}

/// Takes an event that borrows nothing apart and puts it together again, with a free lifetime.
macro_rules! rebuilt {
    ($event:ident, $heard:expr, $($name:ident { $($field:ident),* })*) => {
        match $event {
            PoolEvent::Message { manager, shard, socket, message } => {
                $heard(manager, shard, socket, message)
            }
            PoolEvent::Mirrored(heard) => OwnedPoolEvent::Heard(heard),
            $(PoolEvent::$name { $($field),* } => {
                OwnedPoolEvent::Event(PoolEvent::$name { $($field),* })
            })*
        }
    };
}

impl PoolEvent<'_> {
    /// Copies what is borrowed: the line of a message, nothing else.
    #[must_use]
    pub fn into_owned(self) -> OwnedPoolEvent {
        let heard = |manager, shard, socket, message: IrcMessage<'_>| {
            OwnedPoolEvent::Heard(Heard::new(manager, shard, socket, &message))
        };
        rebuilt!(
            self,
            heard,
            Malformed { manager, shard, error }
            ShardUp { manager, shard, login }
            LinkLost { manager, shard, end }
            Reconnecting { manager, shard }
            Joined { manager, shard, room, took, again }
            HandedOver { manager, shard, room }
            JoinFailed { manager, shard, room, reason, retry_in }
            Parted { manager, room, by_server }
            Said { manager, id, outcome }
            UnknownAccount { manager, shard }
            LoginRejected { manager, shard }
            Ended { manager }
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::manager::{Options, Single};
    use crate::twitch::{Account, Pool, PoolConfig};

    #[test]
    fn a_message_takes_its_line_along_and_other_events_stay_as_they_are() {
        let mut pool = Pool::new(PoolConfig::default(), 1);
        let account = pool.add_account(Account::anonymous());
        let manager = pool.add_manager(account, Options::default(), [], |_| Single);
        let manager = manager.unwrap();
        let shard = pool.manager(manager).unwrap().roster().keys()[0];
        let heard = {
            let line = alloc::string::String::from("@id=1 :a!a@b PRIVMSG #a :hi\r\n");
            let message = IrcMessage::parse(line.as_bytes()).unwrap();
            let socket = SocketId(7);
            PoolEvent::Message {
                manager,
                shard,
                socket,
                message,
            }
            .into_owned()
        };
        let OwnedPoolEvent::Heard(heard) = heard else {
            panic!("{heard:?}")
        };
        assert_eq!(heard.line(), "@id=1 :a!a@b PRIVMSG #a :hi");
        assert_eq!(heard.message().unwrap().text(), Some("hi"));
        assert_eq!((heard.manager(), heard.shard()), (manager, shard));
        assert_eq!(heard.socket(), SocketId(7));
        let ended = PoolEvent::Ended { manager };
        assert_eq!(ended.clone().into_owned(), OwnedPoolEvent::Event(ended));
    }
}
