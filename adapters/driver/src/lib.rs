//! The runtime-agnostic driver of `headcount`: everything between the pure core and a socket.
//!
//! A [`Bot`] runs the shards of a gateway bot, a [`Chat`] the connections of a Twitch chat bot.
//! Both stand on the same [`Runtime`] and the same [`Socket`].
//!
//! # When your code panics
//! Code of yours runs inside the driver: stores, predicates, shard managers, a runtime. A panic in
//! it is caught where it is called, and is reported; it takes nothing else along:
//!
//! | what panics | what follows |
//! |---|---|
//! | a store, a predicate | [`Event::StoreFailed`] with a [`Panicked`], and the guild is stale |
//! | the predicate of a [`Filter`](core::interest::Filter) | [`ListenError::Panicked`], [`WaitError::Panicked`]: that listener ends |
//! | a shard manager | [`ChatEvent::ManagerFailed`]: its connections end, other managers go on |
//! | anything else in a shard, ours too | [`Event::Halted`] with [`Halt::Crashed`]: that shard ends |
//! | a closure given to a handle | goes on through the caller, and harms nobody else |
//!
//! [`Event::Halted`]: core::Event::Halted
//! [`Event::StoreFailed`]: core::Event::StoreFailed
//! [`Halt::Crashed`]: core::session::Halt::Crashed
//!
//! The session of a shard that ends so is kept, and the other shards go on.
//! A shard is not restarted by itself: what made it panic would do so again. This needs unwinding.
//! With `panic = "abort"` in the profile the first panic ends the process, whoever's it is.
#![forbid(unsafe_code)]

mod acknowledgements;
mod address;
mod alarm;
mod app_changes;
mod asleep;
mod bot;
mod builder;
mod cache;
#[cfg(feature = "chat")]
mod chat;
mod clock;
mod coordination;
mod deadline;
mod delivery;
mod drive;
mod error;
mod event;
mod event_sink;
mod fleet;
mod frame;
#[doc = include_str!("guide.md")]
pub mod guide {}
mod guild_queues;
mod handle;
mod http_get;
mod identify_gate;
mod inflate;
mod info;
mod inherited_rows;
mod keeper;
mod launch;
mod listener;
mod listeners;
pub mod metrics;
mod old_values;
mod on_resume;
mod panics;
mod pending_shards;
mod quantum;
mod read_ahead;
pub mod record;
mod recorded_shard;
mod reentry;
mod refresh;
mod runtime;
mod serve;
mod settings;
mod shard_cell;
mod shard_snapshots;
mod shard_tenure;
mod shared;
mod sleep;
mod snapshots;
mod socket;
mod stall;
mod start;
pub mod state;
mod stores;
mod stream;
mod tail;
mod timekeeper;
pub mod tls;
#[doc = include_str!("traces.md")]
pub mod traces {}
mod pacer;
mod transport;
mod unjudged;
mod waiting;
mod websocket;

pub use acknowledgements::{Acknowledgement, Mark};
pub use bot::Bot;
pub use builder::Builder;
#[cfg(feature = "chat")]
pub use chat::{Chat, ChatBuilder, ChatEvent, ChatHandle, TWITCH_URL};
pub use clock::Clock;
pub use error::{Error, ErrorKind};
pub use event::BotEvent;
pub use handle::{GuildStanding, Handle, ShardOwner, ShardState};
pub use identify_gate::IdentifyGate;
pub use inflate::{Compression, Inflate, MAX_MESSAGE_BYTES};
pub use info::{Api, GatewayInfo, SessionStartLimit};
pub use listener::{ListenError, Listener};
pub use on_resume::OnResume;

pub use panics::Panicked;
pub use runtime::{Runtime, unresolved};
pub use serve::Serve;
pub use snapshots::Snapshots;
pub use socket::{Ended, Socket, SocketOptions};
pub use waiting::WaitError;

pub use headcount_core as core;
pub use rustls;
