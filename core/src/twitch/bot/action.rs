//! The inputs of the pool, its actions and its events.

use alloc::string::String;
use core::time::Duration;

use super::owned::Heard;
use crate::manager::ShardKey;
use crate::session::DialFailure;
use crate::twitch::connection::End;
use crate::twitch::{IrcCommand, IrcMessage, Login, ParseError, Room};

macro_rules! keys {
    ($($(#[$doc:meta])* $name:ident($number:ty))*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(in crate::twitch) $number);

        impl $name {
            /// The number: they count up from zero and none is used twice.
            #[must_use]
            pub const fn get(self) -> $number {
                self.0
            }
        }
    )*};
}

keys! {
    /// An account of the pool.
    AccountKey(usize)
    /// A shard manager of the pool.
    ManagerKey(usize)
    /// One socket. A shard has a new one after each loss, and two while one takes over.
    SocketId(u64)
    /// A message to be said.
    SayId(u64)
}

/// What happened outside.
#[derive(Clone, Copy, Debug)]
pub enum PoolInput<'i> {
    /// The time of [`Pool::poll_timeout`](crate::twitch::Pool::poll_timeout) has come.
    Timeout,
    /// A socket is open.
    Opened(SocketId),
    /// A frame, or some whole lines, arrived.
    Frame(SocketId, &'i [u8]),
    /// A socket has ended, or a dial was given up after [`PoolAction::Close`].
    Closed(SocketId),
    /// A socket could not be opened. A server that asks to wait is obeyed, within the longest
    /// back-off.
    DialFailed(SocketId, DialFailure),
}

impl PoolInput<'_> {
    /// The socket that this is about.
    #[must_use]
    pub const fn socket(&self) -> Option<SocketId> {
        match self {
            Self::Timeout => None,
            Self::Opened(socket)
            | Self::Frame(socket, _)
            | Self::Closed(socket)
            | Self::DialFailed(socket, _) => Some(*socket),
        }
    }
}

/// What the host must do now, in this order. Sockets that the host does not know any more can be
/// ignored.
#[derive(Clone, Debug, PartialEq)]
pub enum PoolAction<'i> {
    /// Open a socket; answer with `Opened` or `DialFailed`.
    Connect {
        /// Its number from now on.
        socket: SocketId,
        /// The account that will log in.
        account: AccountKey,
    },
    /// Write a line. A write that takes long is a dead socket: close it and say `Closed`.
    Send {
        /// The socket.
        socket: SocketId,
        /// What to write, by [`IrcCommand::encode`].
        command: IrcCommand,
    },
    /// Close a socket or give up its dial; answer with `Closed`.
    Close {
        /// The socket.
        socket: SocketId,
    },
    /// Get a fresh token and hand it to [`Pool::set_token`](crate::twitch::Pool::set_token). The
    /// account opens no connection before that. Asked again after a while.
    WantToken {
        /// The account.
        account: AccountKey,
    },
    /// An event for the user.
    Emit(PoolEvent<'i>),
}

/// What has happened in the pool.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum PoolEvent<'i> {
    /// A line from the server, each message once. Own JOIN and PART, PING and PONG are left out.
    Message {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
        /// The socket.
        socket: SocketId,
        /// The message.
        message: IrcMessage<'i>,
    },
    /// A message of shared chat from a room that mirrors it, late: where it was said is joined
    /// too, but nothing came from there in time. See
    /// [`MirrorPolicy::OfRoomsNotJoined`](crate::twitch::MirrorPolicy::OfRoomsNotJoined).
    Mirrored(Heard),
    /// A line that is no message; nothing else happened.
    Malformed {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
        /// What is wrong with it.
        error: ParseError,
    },
    /// A shard is connected and logged in.
    ShardUp {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
        /// The login as the server names it.
        login: Login,
    },
    /// A shard lost a socket. It gets another one unless it was stopped.
    LinkLost {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
        /// Why.
        end: End,
    },
    /// The server asked the shard to reconnect; a second socket will take over.
    Reconnecting {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
    },
    /// A room is joined.
    Joined {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
        /// The room.
        room: Room,
        /// Since it was assigned or lost.
        took: Duration,
        /// Whether it had been joined before and was lost.
        again: bool,
    },
    /// A room that was joined is joined on another socket or shard now, without a gap.
    HandedOver {
        /// The manager.
        manager: ManagerKey,
        /// The shard that has it now.
        shard: ShardKey,
        /// The room.
        room: Room,
    },
    /// A room could not be joined.
    JoinFailed {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
        /// The room.
        room: Room,
        /// Why.
        reason: JoinFailure,
        /// When it is tried again; `None` for not before it is assigned anew, or, at the account's
        /// own room limit, as soon as another room is left.
        retry_in: Option<Duration>,
    },
    /// A room was left because it was unassigned, or because the server removed us.
    Parted {
        /// The manager.
        manager: ManagerKey,
        /// The room.
        room: Room,
        /// Whether the server did it; then a join is tried again later.
        by_server: bool,
    },
    /// What came of a message. Comes once for each [`SayId`].
    Said {
        /// The manager.
        manager: ManagerKey,
        /// The message.
        id: SayId,
        /// What came of it.
        outcome: SayOutcome,
    },
    /// A manager opened a shard for an account that the pool does not have; the shard is dead.
    UnknownAccount {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
    },
    /// The server does not take the login of a shard's account, whatever the token. Such a shard is
    /// dead, or stopped if it was opened later: nothing is dialled for the account before
    /// [`Pool::set_token`](crate::twitch::Pool::set_token) or the next start by the caller.
    LoginRejected {
        /// The manager.
        manager: ManagerKey,
        /// The shard.
        shard: ShardKey,
    },
    /// Every connection of a stopped manager has ended.
    Ended {
        /// The manager.
        manager: ManagerKey,
    },
}

/// Why a room was not joined.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JoinFailure {
    /// No answer: the room does not exist, or the server dropped the attempt.
    Timeout,
    /// The account is banned there.
    Banned,
    /// The room is suspended.
    Suspended,
    /// The server knows no such room.
    NotFound,
    /// The account is in as many rooms as it may.
    RoomLimit,
    /// The server removed us from the room.
    PutOut,
}

impl JoinFailure {
    /// Its name in metrics.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Timeout => "timed_out",
            Self::Banned => "banned",
            Self::Suspended => "suspended",
            Self::NotFound => "not_found",
            Self::RoomLimit => "room_limit",
            Self::PutOut => "put_out",
        }
    }
}

/// What came of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SayOutcome {
    /// The server took it. (A spam filter may still hide it.)
    Accepted,
    /// The server refused it; the text is the notice's id, `msg_duplicate` for one.
    Refused(String),
    /// It was sent and nothing came back. It is not sent again.
    Unconfirmed,
    /// It could not be sent in time.
    Expired,
    /// The shard that sends to the room is anonymous.
    Anonymous,
    /// The manager was stopped before.
    Stopped,
}

impl SayOutcome {
    /// Its name in metrics.
    #[must_use]
    pub const fn label(&self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused(_) => "refused",
            Self::Unconfirmed => "unconfirmed",
            Self::Expired => "expired",
            Self::Anonymous => "anonymous",
            Self::Stopped => "stopped",
        }
    }
}
