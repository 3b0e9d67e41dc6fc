//! How far setup is, as values to be asked for at any time.

pub use super::guild_registry::StageCounts;
use super::machine::Setup;
use super::presences::PresencesOutcome;
pub use super::ready_tally::OutcomeCounts;
use super::stage::{MemberCount, Stage};
use crate::Instant;
use crate::chunk::{OpenRequest, RequestId, RequestProgress};
use crate::id::GuildId;

/// How far a shard is. Made in constant time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Whether every guild of the last READY has its outcome, and `ShardFinishedChunking` came.
    pub finished: bool,
    /// Guilds of the last READY without an outcome: what holds up readiness.
    pub pending: usize,
    /// How the other guilds of the last READY ended.
    pub outcomes: OutcomeCounts,
    /// All guilds known now, by stage; guilds that joined later included.
    pub stages: StageCounts,
    /// How many of them are not whole: on their way, in an outage, missed, or set up with another
    /// outcome than complete.
    pub not_whole: usize,
    /// The members of all guilds that have come.
    pub members: MemberCount,
    /// Member requests that wait to be sent.
    pub requests_queued: usize,
    /// Member requests sent that lack a whole answer.
    pub requests_outstanding: usize,
    /// Guilds beyond the configured bound, of which nothing is known.
    pub untracked: u64,
}

/// Where one guild stands, and what it waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GuildReadiness {
    /// Its stage.
    pub stage: Stage,
    /// Whether the presences of its members are complete.
    pub presences: PresencesOutcome,
    /// When that stage began.
    pub since: Instant,
    /// What it waits for.
    pub waits_for: WaitsFor,
    /// Until when it waits at most before something else is tried, or it is settled as it is;
    /// `None` when it waits for nothing, or without a clock of its own.
    pub until: Option<Instant>,
}

/// What a guild waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    /// Nothing: it is settled.
    Nothing,
    /// The connection to be resumed.
    Connection,
    /// Its own data.
    Guild,
    /// Its sync (client accounts only).
    Sync,
    /// Room to send its member request, or the gate of such requests.
    Sending {
        /// The request.
        request: RequestId,
        /// Not sent before this.
        not_before: Instant,
    },
    /// Chunks of its members.
    Chunks {
        /// The request.
        request: RequestId,
        /// How often it was sent.
        attempts: u32,
        /// Chunks that have come.
        received: u32,
        /// Chunks that the answer has; `None` before the first has come.
        count: Option<u32>,
    },
    /// Its changes to be stored.
    Stores,
    /// The end of its outage.
    Outage,
}

impl Setup {
    /// How far the shard is. Constant time.
    pub(crate) fn readiness(&self) -> Readiness {
        Readiness {
            finished: self.tally.is_emitted(),
            pending: self.tally.pending(),
            outcomes: self.tally.counts(),
            stages: self.registry.counts(),
            not_whole: self.registry.not_whole_count(),
            members: self.registry.members(),
            requests_queued: self.requests.queued(),
            requests_outstanding: self.requests.outstanding(),
            untracked: self.untracked,
        }
    }

    /// Where a guild stands; `None` when it is not known.
    pub(crate) fn guild(&self, guild: GuildId) -> Option<GuildReadiness> {
        let standing = self.registry.get(guild)?;
        let (waits_for, until) = match &standing.stage {
            Stage::Ready { .. } => (WaitsFor::Nothing, None),
            Stage::Unavailable => (WaitsFor::Outage, None),
            Stage::Missed => (WaitsFor::Guild, None),
            Stage::Expected => (WaitsFor::Guild, self.expected_until()),
            Stage::Storing { .. } => (WaitsFor::Stores, self.storing.deadline_of(guild)),
            Stage::Syncing { .. } => (WaitsFor::Sync, self.syncs.deadline_of(guild)),
            Stage::Requested { request, .. } | Stage::Receiving { request, .. } => {
                self.waits_for_request(*request)
            }
        };
        let apart = matches!(
            waits_for,
            WaitsFor::Nothing | WaitsFor::Outage | WaitsFor::Stores
        );
        let (waits_for, until) = if apart || self.requests.is_up() {
            (waits_for, until)
        } else {
            // Its own time begins anew with the connection.
            (WaitsFor::Connection, self.requests.away_until())
        };
        Some(GuildReadiness {
            stage: standing.stage,
            presences: self.presences.outcome(guild),
            since: standing.since,
            waits_for,
            until,
        })
    }

    /// The guilds with an id above `after` that are not whole, ascending.
    pub(crate) fn not_whole(
        &self,
        after: Option<GuildId>,
    ) -> impl Iterator<Item = (GuildId, GuildReadiness)> + '_ {
        let guilds = self.registry.not_whole(after);
        guilds.filter_map(|guild| Some((guild, self.guild(guild)?)))
    }

    /// The guilds that hold up readiness, ascending.
    pub(crate) fn pending(&self) -> impl Iterator<Item = (GuildId, GuildReadiness)> + '_ {
        let guilds = self.tally.holding();
        guilds.filter_map(|guild| Some((guild, self.guild(guild)?)))
    }

    /// The requests that have not ended and were made after this one, in that order.
    pub(crate) fn open_requests(
        &self,
        after: Option<RequestId>,
    ) -> impl Iterator<Item = OpenRequest> + '_ {
        self.requests.open(after)
    }

    fn waits_for_request(&self, request: RequestId) -> (WaitsFor, Option<Instant>) {
        let (until, attempts, received, count) = match self.requests.progress(request) {
            None => return (WaitsFor::Nothing, None),
            Some(RequestProgress::AwaitingGuild) => return (WaitsFor::Guild, None),
            Some(RequestProgress::Queued { not_before, .. }) => {
                let waits_for = WaitsFor::Sending {
                    request,
                    not_before,
                };
                return (waits_for, None);
            }
            Some(RequestProgress::Sent { until, attempts }) => (until, attempts, 0, None),
            Some(RequestProgress::Receiving {
                until,
                attempts,
                chunks,
                chunk_count,
                ..
            }) => (until, attempts, chunks, Some(chunk_count)),
        };
        let waits_for = WaitsFor::Chunks {
            request,
            attempts,
            received,
            count,
        };
        (waits_for, Some(until))
    }

    /// Whether a guild is on its way to ready, so that its events may be held.
    pub(crate) fn in_setup(&self, guild: GuildId) -> bool {
        self.registry.in_setup(guild)
    }
}
