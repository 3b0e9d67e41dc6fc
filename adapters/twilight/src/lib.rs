//! `headcount` with the types of `twilight-model`.
//!
//! - [`Typed`]: `dispatch.typed()` reads a dispatch as twilight's event, with twilight's own
//!   deserialiser.
//! - [`ToTwilight`] and [`ToHeadcount`]: ids in both directions, permissions, and rows of the cache
//!   as twilight's `Member`, `User`, `Channel`, `Role` and `Guild`. [`whole_guild`] makes a guild
//!   with what lives in it.
//!
//! ```
//! use headcount_core::Dispatch;
//! use headcount_core::id::ChannelId;
//! use headcount_twilight::{ToHeadcount, Typed};
//! use twilight_model::gateway::event::DispatchEvent;
//!
//! let data = r#"{"channel_id":"2","user_id":"3","timestamp":1}"#;
//! let dispatch = Dispatch::new("TYPING_START", Some(7), data);
//! match dispatch.typed() {
//!     Ok(DispatchEvent::TypingStart(typing)) => {
//!         assert_eq!(Some(typing.channel_id.to_headcount()), ChannelId::new(2));
//!     }
//!     Ok(_) => {}
//!     Err(error) => println!("{error}: {}", dispatch.data()), // it is still there, raw
//! }
//! ```
//!
//! The crate is in step with twilight-model 0.18, which it hands on as [`twilight_model`]. It needs
//! nothing else of twilight, and no runtime.
//!
#![doc = include_str!("coming_from_twilight.md")]
#![forbid(unsafe_code)]

mod channel;
mod convert;
mod expression;
mod guild;
mod id;
mod member;
mod part;
mod role;
mod typed;
mod user;
mod voice;

pub use convert::{MissingPart, ToHeadcount, ToTwilight};
pub use guild::whole_guild;
pub use twilight_model;
pub use typed::{Typed, TypedError};

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
pub struct Readme;
