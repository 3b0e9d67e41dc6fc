//! A status page for bots of `headcount`: which shard and which guild is not whole, why, what it
//! waits for and until when.
//!
//! ```no_run
//! use headcount_board::Board;
//! use headcount_tokio::{Bot, Intents, Tokio};
//!
//! # async fn run(token: String) -> Result<(), Box<dyn std::error::Error>> {
//! let mut bot = Bot::connect(token, Intents::GUILDS).await?;
//! let board = Board::new(&bot.handle()).serve(Tokio)?;
//! println!("board {}", board.url());
//! while let Some(event) = bot.next().await { /* .. */ }
//! # Ok(())
//! # }
//! ```
//!
//! | path | what comes back |
//! |---|---|
//! | `/` | the page; it is kept up to date as long as it is open |
//! | `/healthz` | 200 as long as a shard runs, 503 once every one has ended for good |
//! | `/readyz` | 200 when events of every shard flow and each guild of its READY has an outcome; else 503, with the shards and guilds that are waited for as JSON. A shard that another living process runs is that one's to answer for |
//! | `/metrics` | [`Handle::metrics`](headcount_driver::Handle::metrics) in the text format of Prometheus |
//! | `/events` | what the page shows, as server-sent events |
//!
//! The server listens on loopback unless [`Board::listen_on`] says otherwise, takes GET and HEAD,
//! and answers only those who call it by an IP address, `localhost` or a name that
//! [`Board::host`] allows: a page of the web that has its own name point here gets nothing. It
//! asks for no password. It shows ids of guilds and numbers, and neither tokens nor names.
#![forbid(unsafe_code)]

mod answer;
mod board;
mod connection_stream;
mod events;
mod hosts;
mod page_state;
mod probes;
mod prometheus;
mod recent_lag;
mod routes;
mod server;
mod windows;
mod wording;

pub use board::Board;
pub use server::BoardServer;
