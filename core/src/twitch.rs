//! Twitch chat.

mod name;

pub use name::{InvalidName, Login, Room};
