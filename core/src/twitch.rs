//! Twitch chat.

mod account;
mod budget;
mod command;
pub mod connection;
mod encode;
mod message;
mod name;
mod pool;
mod scan;
mod tags;

pub use account::{Account, AccountLimits};
pub use budget::Rate;
pub use command::Command;
pub use encode::{EncodeError, Limits, Line};
pub use message::{
    LONGEST_REST, LONGEST_TAGS, Message, ParamIter, Params, ParseError, Prefix, lines,
};
pub use name::{InvalidName, Login, Room};
pub use pool::{
    AccountKey, Action, Event, Input, JoinFailure, LinkId, ManagerKey, Pool, PoolConfig, Priority,
    Say, SayError, SayId, SayOutcome, Wait,
};
pub use tags::{TagIter, TagValue, Tags};
