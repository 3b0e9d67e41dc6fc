//! A simulated Twitch chat: the server's side as a pure model, and a real server over it.
//!
//! [`Twitch`] owns no socket and no clock. A host feeds it with connections, lines and the time,
//! and drains [`Output`](crate::Output)s. The same [`TwitchOptions`], seed and inputs give the same
//! outputs.
//!
//! | what | where |
//! |---|---|
//! | accounts, rooms, limits, how JOINs over the rate are met | [`TwitchOptions`] |
//! | what happens on the server's side | [`TwitchAct`] |
//! | which limits a client broke | [`Twitch::violations`] |
//! | what clients said | [`Twitch::said`] |
//! | sockets: WebSocket and plain IRC over TCP | [`TwitchServer`] |
//!
//! ```
//! use headcount_sim::Output;
//! use headcount_sim::twitch::{Twitch, TwitchOptions};
//!
//! let mut twitch = Twitch::new(TwitchOptions::default(), 7);
//! let id = twitch.open(0);
//! twitch.receive(1, id, b"PASS oauth:any\r\nNICK bot\r\nJOIN #ann\r\n");
//! twitch.advance(1000);
//! let mut heard = String::new();
//! while let Some((_, Output::Send(text))) = twitch.poll_output() {
//!     heard.push_str(&text);
//! }
//! assert!(heard.contains(":bot!bot@bot.tmi.twitch.tv JOIN #ann\r\n"));
//! assert!(twitch.violations().is_empty());
//! ```

mod account;
mod act;
mod connection;
mod joining;
mod line;
mod login;
mod model;
mod options;
pub mod recording;
mod rules;
mod server;
mod speaking;

pub use act::{TwitchAct, Who};
pub use model::{Said, Twitch};
pub use options::{AccountPlan, JoinEnforcement, RoomPlan, TwitchLimits, TwitchOptions};
pub use rules::{TwitchRule, TwitchViolation};
pub use server::{Transport, TwitchHappening, TwitchObserver, TwitchServer, TwitchServerConfig};
