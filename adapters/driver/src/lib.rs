//! The runtime-agnostic driver of `headcount`: everything between the pure core and a socket.
//!
//! A [`Bot`] runs the shards of a gateway bot, a [`Chat`] the connections of a Twitch chat bot.
//! Both stand on the same [`Runtime`] and the same [`Socket`].
#![forbid(unsafe_code)]

mod address;
mod alarm;
mod bot;
mod builder;
mod by_hand;
mod cache;
mod chat;
mod clock;
mod deadline;
mod delivery;
mod drive;
mod error;
mod event;
mod fleet;
mod frame;
mod handle;
mod http_get;
mod inflate;
mod info;
mod lanes;
mod link;
mod old_values;
mod outlet;
mod quantum;
mod runtime;
mod seat;
mod shared;
mod socket;
mod start;
mod stores;
mod stream;
pub mod tls;
mod websocket;

pub use bot::Bot;
pub use builder::Builder;
pub use chat::{Chat, ChatBuilder, ChatEvent, ChatHandle, TWITCH_URL};
pub use clock::Clock;
pub use error::{Error, ErrorKind};
pub use event::BotEvent;
pub use handle::{Handle, ShardState};
pub use inflate::{Compression, Inflate, MAX_MESSAGE_BYTES};
pub use info::{Api, GatewayInfo, SessionStartLimit};
pub use runtime::Runtime;
pub use socket::{Ended, Socket, SocketOptions};
pub use stores::StoreFailure;

pub use headcount_core as core;
pub use rustls;
