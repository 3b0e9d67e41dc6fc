//! Twitch chat: messages, connections, and a whole bot as one pure machine.
//!
//! From the bottom up, each usable alone:
//!
//! - [`IrcMessage`] reads a line in place, [`IrcMessage::view`] says what is in it, and [`Line`]
//!   writes one; see also [`IrcCommand`].
//! - [`Connection`](connection::Connection) is one socket, from the dial to its end.
//! - [`Pool`] runs accounts with their budgets, [shard managers](crate::manager) and all their
//!   connections.
//!
//! A host opens sockets (`wss://irc-ws.chat.twitch.tv:443`), carries lines and hands in the time:
//!
//! ```
//! use headcount_core::manager::{Distributed, Options};
//! use headcount_core::twitch::{Account, PoolAction, PoolInput, Pool, PoolConfig, Room};
//! use headcount_core::Instant;
//!
//! let mut pool = Pool::new(PoolConfig::default(), 42);
//! let account = pool.add_account(Account::anonymous());
//! let rooms = ["#ann", "bob"].map(|name| Room::new(name).unwrap());
//! let make = |_: &Options| Distributed::default();
//! let manager = pool.add_manager(account, Options::default(), rooms, make)?;
//! pool.start_all(Instant::ZERO, manager)?;
//!
//! let mut scratch = String::new();
//! for action in pool.handle(Instant::ZERO, PoolInput::Timeout) {
//!     match action {
//!         PoolAction::Connect { socket, .. } => println!("open a socket for {socket:?}"),
//!         PoolAction::Send { command, .. } => command.encode(&mut scratch)?,
//!         PoolAction::Close { socket } => println!("close {socket:?}"),
//!         PoolAction::WantToken { account } => println!("refresh the token of {account:?}"),
//!         PoolAction::Emit(event) => println!("{event:?}"),
//!     }
//! }
//! // Then sleep until pool.poll_timeout(), or until a socket has something to say.
//! # Ok::<_, Box<dyn core::error::Error>>(())
//! ```

mod account;
mod bot;
mod budget;
mod command;
pub mod connection;
mod encode;
mod message;
mod name;
mod scan;
mod tags;
mod view;

pub use account::{Account, AccountLimits};
pub use bot::{
    AccountKey, Heard, JoinFailure, LONGEST_TEXT, ManagerKey, MirrorPolicy, OwnedPoolEvent, Pool,
    PoolAction, PoolConfig, PoolCounts, PoolEvent, PoolInput, PoolWait, Priority, RoomCounts, Say,
    SayError, SayId, SayOutcome, SocketId,
};
pub use budget::Rate;
pub use command::IrcCommand;
pub use encode::{EncodeError, Limits, Line};
pub use message::{
    IrcMessage, LONGEST_REST, LONGEST_TAGS, ParamIter, Params, ParseError, Prefix, lines,
};
pub use name::{InvalidName, Login, Room};
pub use tags::{TagIter, TagValue, Tags};
pub use view::{
    Badge, ChatLine, Chatter, ClearChat, Cleared, Emote, Followers, PrivMsg, RoomNotice,
    RoomSettings, UserNotice, UserState,
};
