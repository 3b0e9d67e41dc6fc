//! What setup emits.

use alloc::vec::Vec;
use core::num::NonZeroUsize;

use super::presences::{PresencesOutcome, PresencesSummary};
use super::ready_tally::Summary;
use super::stage::{MemberCount, Origin, Outcome};
use super::storing::Barrier;
use crate::ShardId;
use crate::cache::Lack;
use crate::chunk::{ChunkRequestFinished, RequestId};
use crate::id::GuildId;

/// A guild is set up. Its origin says which event this is: ready, joined or restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuildReady {
    /// The shard that serves it.
    pub shard: ShardId,
    /// The guild.
    pub guild: GuildId,
    /// How it came into setup.
    pub origin: Origin,
    /// Whether all its members have come; otherwise why not.
    pub outcome: Outcome,
    /// Whether their presences have come too.
    pub presences: PresencesOutcome,
    /// Its members as counted and as listed.
    pub members: MemberCount,
    /// The member request behind it; `None` when none was made.
    pub request: Option<RequestId>,
}

/// A guild went into an outage: its data is stale until it is restored. Not repeated when the
/// server repeats itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuildUnavailable {
    /// The shard that serves it.
    pub shard: ShardId,
    /// The guild.
    pub guild: GuildId,
}

/// A store failed to keep a change of a guild that is set up: its rows may be missing or wrong
/// until it is delivered anew. Once until then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuildStale {
    /// The shard that serves it.
    pub shard: ShardId,
    /// The guild.
    pub guild: GuildId,
    /// Whether the last [`ShardFinishedChunking`] had counted it as complete.
    pub was_complete: bool,
    /// The same of its presences.
    pub presences_were_complete: bool,
}

/// The bot is no longer in a guild.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuildLeave {
    /// The shard that served it.
    pub shard: ShardId,
    /// The guild.
    pub guild: GuildId,
    /// Whether it was in an outage.
    pub was_unavailable: bool,
    /// No message said so: it was left while disconnected, and a new READY does not list it.
    pub while_disconnected: bool,
}

/// Every guild of READY has an outcome. Once per READY, and once for a session that an earlier
/// process handed over; before [`ShardReady`]; lists ascend.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShardFinishedChunking {
    /// The shard.
    pub shard: ShardId,
    /// How many guilds are complete: all their members have come.
    pub complete: usize,
    /// Guilds that lack chunks, with the indexes of these.
    pub incomplete: Vec<(GuildId, Vec<u32>)>,
    /// Guilds of which some members could not be read, and how many.
    pub unread: Vec<(GuildId, u64)>,
    /// Guilds that list fewer members than they have, and were not asked for the others.
    pub not_asked: Vec<GuildId>,
    /// Guilds whose members nobody may ask for without the members intent.
    pub no_intent: Vec<GuildId>,
    /// Guilds that an earlier process handed over with its session, and of which nothing was asked
    /// here: what it knew of them is not known.
    pub handed_over: Vec<GuildId>,
    /// Guilds of which a store failed to keep something.
    pub store_failed: Vec<GuildId>,
    /// Guilds of which nothing came: the guild itself did not, or not a single chunk did.
    pub missed: Vec<GuildId>,
    /// Guilds in an outage.
    pub unavailable: Vec<GuildId>,
    /// Guilds left or deleted meanwhile.
    pub removed: Vec<GuildId>,
    /// Guilds whose members the server refused to list.
    pub refused: Vec<GuildId>,
    /// Whether the presences are complete too; `None` where presences are not cached.
    pub presences: Option<PresencesSummary>,
    /// Guilds beyond the configured bound, of which nothing is known.
    pub untracked: u64,
    /// Which of them are counted by rows of an earlier process; `None` if none is.
    pub restored: Option<Restored>,
}

/// Guilds that are counted by what an earlier process received, or this one before the shard began
/// again, since their session was resumed with their rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Restored {
    /// How many guilds.
    pub guilds: NonZeroUsize,
    /// When their rows were written down, in milliseconds since 1970. What has happened since was
    /// replayed.
    pub taken: u64,
}

impl Restored {
    /// Both together, as of the earlier time.
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            guilds: self.guilds.saturating_add(other.guilds.get()),
            taken: self.taken.min(other.taken),
        }
    }
}

/// No guild of READY is pending any more. Once per READY, and once for a session that an earlier
/// process handed over; after [`ShardFinishedChunking`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ShardReady {
    /// The shard.
    pub shard: ShardId,
    /// Guilds that are set up.
    pub available: usize,
    /// Guilds that are in an outage, or never came.
    pub unavailable: usize,
    /// As in [`ShardFinishedChunking::restored`].
    pub restored: Option<Restored>,
}

/// What setup emits, in this order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum SetupEvent {
    RequestFinished(ChunkRequestFinished),
    /// Why a guild lacks presences from here on; `None` if it does not.
    Presences(GuildId, Option<Lack>),
    /// The members of a guild are asked for.
    Asked(GuildId),
    /// The host is to say when the guild's changes are stored.
    Confirm(Barrier),
    /// A change of a guild was not stored; emitted once until the guild comes anew.
    StoreFailed(GuildId),
    GuildStale(GuildStale),
    /// Ready, joined or restored, by its origin.
    GuildReady(GuildReady),
    GuildUnavailable(GuildUnavailable),
    GuildLeave(GuildLeave),
    ShardFinishedChunking(ShardFinishedChunking),
    ShardReady(ShardReady),
}

impl ShardFinishedChunking {
    /// How many guilds ended in any other way than complete.
    #[must_use]
    pub fn others(&self) -> usize {
        let named = self.incomplete.len().saturating_add(self.unread.len());
        self.lists()
            .into_iter()
            .fold(named, |sum, guilds| sum.saturating_add(guilds.len()))
    }

    /// The guilds that ended in any other way than complete, each once.
    pub fn other_guilds(&self) -> impl Iterator<Item = GuildId> {
        let incomplete = self.incomplete.iter().map(|(guild, _)| *guild);
        let unread = self.unread.iter().map(|(guild, _)| *guild);
        let lists = self.lists().into_iter().flatten().copied();
        incomplete.chain(unread).chain(lists)
    }

    /// The lists that name guilds alone.
    const fn lists(&self) -> [&Vec<GuildId>; 8] {
        [
            &self.not_asked,
            &self.no_intent,
            &self.handed_over,
            &self.store_failed,
            &self.missed,
            &self.unavailable,
            &self.removed,
            &self.refused,
        ]
    }

    pub(crate) fn new(
        shard: ShardId,
        summary: Summary,
        presences: Option<PresencesSummary>,
        untracked: u64,
    ) -> Self {
        Self {
            shard,
            complete: summary.complete,
            incomplete: summary.incomplete,
            unread: summary.unread,
            not_asked: summary.not_asked,
            no_intent: summary.no_intent,
            handed_over: summary.handed_over,
            store_failed: summary.store_failed,
            missed: summary.missed,
            unavailable: summary.unavailable,
            removed: summary.removed,
            refused: summary.refused,
            presences,
            untracked,
            restored: None,
        }
    }
}
