//! One bot in several processes: the table of leases
//! ([`fleet::lease`](headcount_core::fleet::lease)) in Redis 7 or Valkey; [`rows`] there, for
//! caches that outlive a process and are read by others; and snapshots of shards, for caches in
//! memory that a takeover goes on from.
//!
//! ```no_run
//! use headcount_redis::Coordinator;
//! use headcount_tokio::{Bot, Intents};
//!
//! # async fn run(token: &str) -> Result<(), Box<dyn std::error::Error>> {
//! // Four of these share the shards of one bot; if one is killed, its shards resume in the others.
//! let coordinator = Coordinator::open("redis://127.0.0.1").await?;
//! let mut bot = Bot::builder(token, Intents::GUILDS).coordinate(coordinator).connect().await?;
//! while let Some(event) = bot.next().await {
//!     println!("{:?}: {:?}", event.shard, event.event);
//! }
//! # Ok(())
//! # }
//! ```
//!
//! A table that is new, or was empty, gives no shard to anybody for one lease, 10 s by default.
//! Each bot needs a [`prefix`](RedisOptions::prefix) of its own, or a Redis of its own: bots that
//! share a table take each other's shards. The feature `tokio`, on by default, or `smol` says on
//! which runtime connections run; `tokio-tls` and `smol-tls` add `rediss://` addresses, which trust
//! whom the system trusts unless [`RedisTls`] says otherwise.
//!
//! Without more, a takeover asks for members again, and has no channels or roles in its cache until
//! their guilds change or come anew. What keeps it warm:
//!
//! | with | the process after has | and it costs |
//! |---|---|---|
//! | `Builder::store` and a [`RowStore`] | what is kept there, there; of that nothing is in its memory | a round trip a change |
//! | `Builder::shard_snapshots` and a [`SnapshotStore`] | its cache in memory as of up to 30 s before the kill, and what changed since | bytes as many as the cache, every 30 s |
//!
//! Both go together: members in rows for other programs, say, and all other kinds in memory.
//!
//! A loop of your own hands a coordinator the swaps that
//! [`Leases::handle`](headcount_core::fleet::lease::Leases::handle) asks for.
//!
//! # What is in Redis
//!
//! One hash for each entry: `{prefix}:processes`, `{prefix}:identifies`, and
//! `{prefix}:shard:N/TOTAL` for each shard. The braces are a hash tag: in a cluster all of them lie
//! on one node, which has to be the one at the address, since no key is followed to another. None
//! expires, and none may be evicted (`maxmemory-policy noeviction`). The fields are `version` (1),
//! `number`, `holder` and `ticket` (the epoch), `until` (when the lease is over, by the server's
//! clock, in milliseconds since 1970), `lease` (in milliseconds) and `value`. An entry of another
//! version is left alone.
//! The value of a shard is JSON: a `version` (1), the `session` as of what is acknowledged, from
//! where on it is replayed if that is less, and when it began without one of late. A process that
//! does not know the version begins a new session. [`rows`] and [`SnapshotStore`] say what else
//! there is.
//!
//! A swap is one script and one round trip, a look one `HMGET`. The user needs the commands
//! `EVALSHA`, `SCRIPT LOAD`, `HMGET`, `HSET` and `TIME`, for keys that begin with `{prefix}:`, and
//! `SELECT` where the address names a database.
//!
//! # When Redis fails
//!
//! | Redis is | a swap ends in | and so |
//! |---|---|---|
//! | down, or cannot be reached | [`Unreachable`](CoordinatorError::Unreachable) | shards run on until their leases are over; the connection is made anew |
//! | not who it says, by its certificate | [`Tls`](CoordinatorError::Tls) | the same |
//! | slow | [`TimedOut`](CoordinatorError::TimedOut) after [`patience`](RedisOptions::patience) | the same |
//! | a replica, or still loading | [`Refused`](CoordinatorError::Refused) | the same, but that a replica is left for what is at its address by then |
//! | full | [`Refused`](CoordinatorError::Refused), and looks answer | shards run on until their leases are over |
//! | back, with its data | an answer | leases are renewed, and shards go on |
//! | empty | an answer | owners write their leases anew; nobody else starts a shard for one lease |
#![forbid(unsafe_code)]

mod connection;
mod coordinator;
mod entry;
mod error;
pub mod rows;
mod snapshots;
mod tls;

pub use connection::RedisOptions;
pub use coordinator::Coordinator;
pub use error::CoordinatorError;
pub use rows::{RowReader, RowStore, RowsError, StoredGuild};
pub use snapshots::SnapshotStore;
pub use tls::RedisTls;
