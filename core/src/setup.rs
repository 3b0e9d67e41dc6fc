//! Guild streaming: takes each guild from unavailable to ready, and says when the shard is.
//!
//! A pure machine, fed with what the tracker read (guilds that come and go, chunks, the state of
//! the connection). It owns the member requests, since most of them are its own.
//!
//! Rules that are easy to get wrong, and hold here:
//! - Only guilds of the last READY hold up [`ShardReady`], each until its first outcome. A guild
//!   that returns from an outage, or joins, holds up nothing; the summary says each guild's
//!   state at that time.
//! - [`ShardFinishedChunking`], then [`ShardReady`], come once per READY, together: at once when
//!   no guild is listed. With chunking off a guild is ready when it comes.
//! - A READY that comes before the last one's guilds are settled takes its place: every guild
//!   starts anew, and the summary of the old one never comes. Guilds that it no longer lists are
//!   left.
//! - A guild of which a store has failed to keep something ends as such, or becomes so, until it
//!   is delivered anew. Where the host says what is stored, a guild is set up once all of it is.
//! - A session that another process began reports its guilds as a READY does, once it is resumed:
//!   those of which nothing has come here end as handed over, unless their members are asked for.
//! - A halted shard settles what is pending as missed or incomplete, with a summary but without
//!   [`ShardReady`].

mod arrival;
mod chunk_filter;
mod config;
mod connection;
mod event;
mod finish;
mod guild_lifecycle;
mod guild_registry;
mod handover;
mod held;
mod known;
mod machine;
#[cfg(test)]
mod outcomes;
mod presences;
mod quiet;
#[cfg(test)]
mod random;
mod readiness;
mod ready_tally;
#[cfg(test)]
mod scenarios;
#[cfg(test)]
mod sessions;
mod stage;
mod stage_log;
#[cfg(test)]
mod stores;
mod storing;
mod sync;
#[cfg(test)]
mod testing;

pub use chunk_filter::{ChunkCandidate, ChunkFilter};
pub use config::{AutoChunk, Chunking, SetupConfig, SyncConfig};
pub use event::{
    GuildLeave, GuildReady, GuildStale, GuildUnavailable, Restored, ShardFinishedChunking,
    ShardReady,
};
pub use held::HoldConfig;
pub use presences::{PresencesOutcome, PresencesSummary};
pub use readiness::{GuildReadiness, OutcomeCounts, Readiness, StageCounts, WaitsFor};
pub use stage::{MemberCount, Origin, Outcome, Stage};
pub use storing::Barrier;

pub(crate) use arrival::Arrival;
pub(crate) use event::SetupEvent;
pub(crate) use held::{HeldEvents, Holding};
pub(crate) use known::{KnownGuilds, KnownStage, StoredBefore};
pub(crate) use machine::{Outgoing, Setup};
pub(crate) use stage_log::StageLog;
