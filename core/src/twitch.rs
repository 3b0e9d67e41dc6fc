//! Twitch chat.

mod budget;
mod command;
pub mod connection;
mod encode;
mod message;
mod name;
mod scan;
mod tags;

pub use budget::Rate;
pub use command::Command;
pub use encode::{EncodeError, Limits, Line};
pub use message::{
    LONGEST_REST, LONGEST_TAGS, Message, ParamIter, Params, ParseError, Prefix, lines,
};
pub use name::{InvalidName, Login, Room};
pub use tags::{TagIter, TagValue, Tags};
